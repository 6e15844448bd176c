import { expect, type Page } from '@playwright/test';

const access = (t: number, gfn: number, kind: string, rip: string) =>
	`{"t":${t},"c":0,"k":"${kind}","a":"0x${(gfn * 4096 + 8).toString(16)}","n":8,"ip":"${rip}"}`;

/** Kernel and user addresses that the accesses come from, in turn. */
export const RIPS = ['0xffffffff81000140', '0xffffffff81000250', '0x401000'] as const;

/**
 * A session of a test's own: 4,096 pages of one memslot from gfn 0x100 on, 300 accesses 1 ms apart; access `i` (from 0)
 * is at `(i + 1)` ms, on gfn 0x100 + 13 i, a write if `i` is even, else a preread.
 */
export async function ownSession(page: Page, name: string): Promise<string> {
	const made = await page.request.post(`/api/v1/sessions?live=1&name=${name}-${Date.now()}`);
	const { session } = (await made.json()) as { session: { id: string } };
	const lines = Array.from({ length: 300 }, (_, i) =>
		access((i + 1) * 1e6, 0x100 + 13 * i, i % 2 ? 'preread' : 'write', RIPS[i % 3] ?? '')
	);
	const answer = await page.request.post(`/api/v1/sessions/${session.id}/events?expected=0`, {
		headers: { 'content-type': 'application/x-ndjson' },
		data: [
			'{"t":0,"k":"session","version":1,"source":"by hand","vcpus":1}',
			'{"t":0,"k":"create_slot","id":0,"a":"0x100000","npages":4096,"flags":0,"name":"ram"}',
			...lines,
			'{"t":301000000,"k":"end"}',
			''
		].join('\n')
	});
	expect(answer.ok()).toBe(true);
	return session.id;
}
