import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { zstdDecompressSync } from 'node:zlib';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { AppendReceipt, LivePosition, Problem, SessionDetail } from '#lib/api/types.ts';
import { LineAppender } from '#ingest/append-lines.ts';
import { serve, type TestServer } from './serve.ts';

let folder = '';
let server: TestServer;
const small = zstdDecompressSync(readFileSync('samples/small-kernel-image-1vcpu.ndjson.zst'));
beforeAll(async () => {
	folder = mkdtempSync(path.join(tmpdir(), 'pagetrail-test-'));
	server = await serve(path.join(folder, 'append.db'));
});
afterAll(async () => {
	await server.close();
	rmSync(folder, { recursive: true, force: true });
});

const get = async <T>(at: string) => (await fetch(server.url + at)).json() as Promise<T>;
const post = (id: string, expected: number, body: string | Uint8Array, type = 'application/x-ndjson') =>
	fetch(`${server.url}/sessions/${id}/events?expected=${expected}`, {
		method: 'POST',
		body: body as BodyInit,
		headers: { 'content-type': type }
	});
const receipt = async (response: Response) => (await response.json()) as AppendReceipt;
async function live(name: string): Promise<string> {
	const response = await fetch(`${server.url}/sessions?live=1&name=${name}`, { method: 'POST' });
	expect(response.status).toBe(201);
	const { session } = (await response.json()) as { session: SessionDetail };
	expect(session).toMatchObject({ name, events: 0, ended: false });
	return session.id;
}
const exported = async (id: string) => (await fetch(`${server.url}/sessions/${id}/events.ndjson`)).text();
const epoch = (n: number) => `{"t":${n},"k":"epoch","e":${n}}\n`;

/** An open POST whose lines are written one by one. */
function openPost(id: string, expected: number) {
	const out = request(`${server.url}/sessions/${id}/events?expected=${expected}`, {
		method: 'POST',
		headers: { 'content-type': 'application/x-ndjson' }
	});
	out.on('error', () => {});
	return out;
}
async function reached(id: string, events: number): Promise<number> {
	const began = performance.now();
	while ((await get<LivePosition>(`/sessions/${id}/position`)).next < events) {
		if (performance.now() - began > 10_000) throw new Error(`${id} did not reach ${events}`);
		await sleep(5);
	}
	return performance.now() - began;
}

test('a real capture posted in pieces comes back byte for byte, with a receipt for each', async () => {
	const id = await live('pieces');
	const cut = small.indexOf('\n', small.length / 3) + 1;
	const first = await receipt(await post(id, 0, small.subarray(0, cut)));
	expect(first).toMatchObject({ session: id, added: first.next, rejected: 0, bytes: cut, ended: false });
	const second = await receipt(await post(id, first.next, small.subarray(cut)));
	expect(second).toMatchObject({ next: 52_439, added: 52_439 - first.next, lines: 52_439, ended: true });
	expect(await exported(id)).toBe(small.toString());
	expect((await server.store.rebuild(id)).checked.filter((each) => !each.equal)).toEqual([]);
	const late = await post(id, 52_439, epoch(1));
	expect([late.status, ((await late.json()) as Problem).detail]).toEqual([
		409,
		`session ${id} takes no events: it has ended`
	]);
});

test('lines written one by one are committed while the request is still open', async () => {
	const id = await live('slowly');
	const out = openPost(id, 0);
	const took: number[] = [];
	for (let n = 1; n <= 6; n++) {
		out.write(epoch(n));
		took.push(await reached(id, n));
	}
	out.end();
	const [response] = (await once(out, 'response')) as [NodeJS.ReadableStream & { statusCode: number }];
	expect(response.statusCode).toBe(200);
	response.resume();
	const [, ...later] = took; // the first one starts the worker
	console.log(
		`line posted to commit: at most ${Math.max(...later).toFixed(0)} ms, first ${took[0]?.toFixed(0)} ms`
	);
	expect(later.sort((a, b) => a - b)[2]).toBeLessThan(1000); // the median: a busy machine may hold one up
});

test('a wrong seq is a conflict that tells the right one, and changes nothing', async () => {
	const id = await live('conflict');
	await post(id, 0, epoch(1) + epoch(2));
	const response = await post(id, 0, epoch(3));
	expect([response.status, response.headers.get('content-type')]).toEqual([409, 'application/problem+json']);
	expect(await response.json()).toMatchObject({ expected: 0, current: 2 });
	expect(await exported(id)).toBe(epoch(1) + epoch(2));
});

test('two writers at the same seq: one gets through, the other is told', async () => {
	const id = await live('race');
	const out = [openPost(id, 0), openPost(id, 0)];
	const statuses = out.map(async (each) => {
		const [response] = (await once(each, 'response')) as [NodeJS.ReadableStream & { statusCode: number }];
		response.resume();
		return response.statusCode;
	});
	for (const [i, each] of out.entries()) {
		each.write(epoch(i + 1));
		await sleep(300);
		each.end(epoch(i + 5));
	}
	expect((await Promise.all(statuses)).sort()).toEqual([200, 409]);
	expect(await exported(id)).toBe(epoch(1) + epoch(5));
});

test('rejected lines are counted by line of the session, kept as diagnostics, and lose no other', async () => {
	const id = await live('rejects');
	await post(id, 0, epoch(1) + 'junk\n' + epoch(2));
	const second = await receipt(await post(id, 2, `{"t":1,"k":"sneeze"}\n${epoch(3)}{"t":4,"k":"end"}`));
	expect(second).toMatchObject({ next: 4, added: 2, rejected: 1, lines: 6, ended: true });
	const session = await get<SessionDetail>(`/sessions/${id}`);
	expect(session.rejectedLines).toBe(2);
	expect(session.diagnostics.map(({ reason, count, first }) => [reason, count, first[0]?.line])).toEqual([
		['not-json', 1, 2],
		['unknown-kind', 1, 4]
	]);
});

test('a writer that dies in a line leaves the whole lines, and goes on from the position', async () => {
	const id = await live('dies');
	const lines = Array.from({ length: 40 }, (_, n) => epoch(n));
	const text = lines.join('');
	const out = openPost(id, 0);
	out.write(text.slice(0, 300));
	const whole = text.slice(0, 300).split('\n').length - 1;
	await reached(id, whole);
	out.destroy();
	const { next, bytes } = await get<LivePosition>(`/sessions/${id}/position`);
	expect([next, bytes]).toEqual([whole, lines.slice(0, whole).join('').length]);
	const rest = await receipt(await post(id, next, text.slice(bytes)));
	expect(rest).toMatchObject({ next: 40, rejected: 0 });
	expect(await exported(id)).toBe(text);
});

test.each([
	['nowhere', 0, 'application/x-ndjson', 404, 'there is no session nowhere'],
	['file', 1, 'application/x-ndjson', 409, 'it was loaded from a.ndjson'],
	['file', 1, 'application/x-www-form-urlencoded', 415, 'the body must be native lines']
])('%s at %i as %s answers %i', async (id, expected, type, status, detail) => {
	if (!(await server.store.listSessions()).some((session) => session.id === 'file')) {
		const source = { head: new Uint8Array(1), name: 'a.ndjson', format: 'native' };
		await server.store.createSession({ name: 'file', createdMs: 1, source });
	}
	const response = await post(id, expected, epoch(1), type);
	expect([response.status, ((await response.json()) as Problem).detail]).toEqual([
		status,
		expect.stringContaining(detail)
	]);
});

test('the server goes on answering while lines pour in', async () => {
	const id = await live('pours');
	let seq = 0;
	const pouring = (async () => {
		for (let n = 0; n < 3; n++) {
			const text = small.toString().replaceAll('"k":"end"', '"k":"epoch","e":1');
			seq = (
				await receipt(await post(id, seq, n === 0 ? text : text.replaceAll(/"t":\d+/g, '"t":9999999999')))
			).next;
		}
	})();
	const waits: number[] = [];
	let done = false;
	void pouring.finally(() => (done = true));
	while (!done) {
		const began = performance.now();
		await (await fetch(`${server.url}/health`)).text();
		waits.push(performance.now() - began);
		await sleep(5);
	}
	await pouring;
	waits.sort((a, b) => a - b);
	const at = (part: number) => waits[Math.floor((waits.length - 1) * part)] ?? 0;
	console.log(
		`health while ${seq} events were posted: p50 ${at(0.5).toFixed(1)} ms, max ${at(1).toFixed(1)} ms`
	);
	expect(seq).toBe(3 * 52_439);
	expect(at(0.5)).toBeLessThan(100);
});

test('a body is read no faster than the store takes it', async () => {
	let appended = 0;
	const slow = new Proxy(server.store, {
		get(target, key) {
			const value = Reflect.get(target, key) as unknown;
			if (typeof value !== 'function') return value;
			return async (...args: unknown[]) => {
				if (key === 'append') await sleep(80);
				const got: unknown = await (value as (...args: unknown[]) => unknown).apply(target, args);
				if (key === 'append') appended = got as number;
				return got;
			};
		}
	});
	const appender = await LineAppender.open(slow, await live('paced'), 0);
	let lead = 0;
	for (let made = 0; made < 200_000;) {
		let text = '';
		for (let i = 0; i < 2000; i++) text += epoch(made++);
		lead = Math.max(lead, made - appended);
		await appender.push(new TextEncoder().encode(text));
	}
	expect(await appender.finish()).toMatchObject({ added: 200_000 });
	// one batch, and the chunk that filled it
	expect(lead).toBeLessThanOrEqual(32_768 + 2000);
});
