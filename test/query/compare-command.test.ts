import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { createCompareCommand } from '#ingest/cli/compare-command.ts';
import { ingest } from '#ingest/ingest.ts';
import { openSqliteStore } from '#lib/server/store/sqlite/sqlite-store.ts';
import type { Comparison } from '#lib/api/compare-types.ts';

let folder = '';
let db = '';
const access = (t: number, gfn: number, kind: string) =>
	`{"t":${t},"c":0,"k":"${kind}","a":"0x${(gfn * 4096).toString(16)}"}`;

/** Page 0x100: 1 access, then 3; page 0x101: 2 preread, then none; page 0x102: none, then 1 write; page 0x103: 1 each. */
const LINES = [
	'{"t":0,"k":"session","version":1,"vcpus":1}',
	'{"t":0,"k":"create_slot","id":0,"a":"0x100000","npages":16,"flags":0}',
	...[access(10, 0x100, 'write'), access(11, 0x101, 'preread'), access(12, 0x101, 'preread')],
	...[access(13, 0x103, 'write')],
	// tracked at both ends, in A alone, in B alone
	'{"t":20,"k":"track_add","mode":"write","g":"0x101","npages":2}',
	'{"t":20,"k":"track_add","mode":"preexec","g":"0x104"}',
	...[access(100, 0x100, 'write'), access(101, 0x100, 'write')],
	...[access(102, 0x100, 'write'), access(103, 0x102, 'write'), access(104, 0x103, 'write')],
	'{"t":105,"k":"track_remove","mode":"write","g":"0x101"}',
	'{"t":105,"k":"track_add","mode":"write","g":"0x106","npages":3}',
	'{"t":199,"k":"end"}'
];

beforeAll(async () => {
	folder = mkdtempSync(path.join(tmpdir(), 'pagetrail-test-'));
	db = path.join(folder, 'p.db');
	writeFileSync(path.join(folder, 'one.ndjson'), LINES.join('\n') + '\n');
	const store = await openSqliteStore(db);
	await ingest(store, { path: path.join(folder, 'one.ndjson') });
	await store.close();
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** What the command prints for the two halves of the session. */
async function run(...more: string[]): Promise<string> {
	let printed = '';
	const write = vi.spyOn(process.stdout, 'write').mockImplementation((text) => {
		printed += String(text);
		return true;
	});
	try {
		const args = ['one', 'one', '--db', db, '--a-to', '100ns', '--b-from', '100ns', ...more];
		await createCompareCommand()
			.exitOverride()
			.configureOutput({ writeErr: () => {} })
			.parseAsync(args, { from: 'user' });
	} finally {
		write.mockRestore();
	}
	return printed;
}

test('`pagetrail compare` lists the pages that differ most, and how many do', async () => {
	const text = await run();
	expect(text).toContain('4 accesses on 3 pages');
	expect(text).toContain('5 accesses on 3 pages');
	expect(text).toContain('touched in both 2, in B alone 1, in A alone 1');
	expect(text).toMatch(/\n *write +1 +3 +1\n *preexec +1 +0 +0\n/);
	expect(text).toContain('accesses differ: 3\n');
	// by the amount of change, equal ones by gfn; 0x103 does not differ
	const rows = text.trimEnd().split('\n').slice(-3);
	expect(rows.map((row) => row.trim().split(/\s+/))).toEqual([
		['0x100', '1', '3', '+2', '1.00'],
		['0x101', '2', '0', '-2', '-1.58'],
		['0x102', '0', '1', '+1', '1.00']
	]);
	expect(await run('--limit', '1')).toContain('accesses differ: 3, the first 1\n');
});

test('`pagetrail compare --json` answers as the API does, for some modes and in another order', async () => {
	const found = JSON.parse(await run('--json', '--modes', 'write', '--order', 'gfn')) as Comparison;
	expect([found.a.accesses, found.b.accesses, found.moved]).toEqual([2, 5, 2]);
	expect(found.movers).toEqual([
		{ gfn: 0x100, a: 1, b: 3, change: 2, logRatio: 1 },
		{ gfn: 0x102, a: 0, b: 1, change: 1, logRatio: 1 }
	]);
});

test('an unknown order, mode or session and an empty window are refused', async () => {
	await expect(run('--order', 'size')).rejects.toThrow('must be one of change, ratio, a, b, gfn');
	await expect(run('--modes', 'read')).rejects.toThrow('must be of preread');
	await expect(run('--a-from', '100ns')).rejects.toThrow('window of session one is empty');
	await expect(run('--b-to', '5x')).rejects.toThrow('must be a time');
});
