import { appendFileSync, mkdtempSync, renameSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { formatLine } from '#lib/domain/native.ts';
import { eventPages } from '#lib/server/query/events.ts';
import { openSqliteStore } from '#lib/server/store/sqlite/sqlite-store.ts';
import type { TraceStore } from '#lib/server/store/store.ts';
import { ingest } from '#ingest/ingest.ts';

let folder = '';
let store: TraceStore;
beforeAll(async () => {
	folder = mkdtempSync(path.join(tmpdir(), 'pagetrail-test-'));
	store = await openSqliteStore(path.join(folder, 'follow.db'));
});
afterAll(async () => {
	await store.close();
	rmSync(folder, { recursive: true, force: true });
});
const epoch = (n: number) => `{"t":${n},"k":"epoch","e":${n}}\n`;
const end = (n: number) => `{"t":${n},"k":"end"}\n`;
const file = (name: string, content: string | Uint8Array) => {
	const at = path.join(folder, name);
	writeFileSync(at, content);
	return at;
};
async function exported(id: string): Promise<string> {
	let text = '';
	for await (const page of eventPages(store, id)) for (const event of page) text += formatLine(event) + '\n';
	return text;
}
async function reached(id: string, events: number): Promise<void> {
	for (let waited = 0; waited < 10_000; waited += 10) {
		const found = (await store.listSessions()).find((session) => session.id === id);
		if (found && found.events >= events) return;
		await sleep(10);
	}
	throw new Error(`${id} did not reach ${events} events`);
}
const follow = (at: string, signal?: AbortSignal) =>
	ingest(store, { path: at }, { follow: true, ...(signal && { signal }) });

test('an empty file is waited for; lines cut anywhere are read whole; the end event ends it', async () => {
	const at = file('grows.ndjson', '');
	const run = follow(at);
	const text = Array.from({ length: 30 }, (_, n) => epoch(n + 1)).join('') + end(99);
	for (let from = 0; from < text.length; from += 97) {
		appendFileSync(at, text.slice(from, from + 97));
		await sleep(15);
	}
	expect(await run).toMatchObject({ added: 31, lines: 31, interrupted: false, diagnostics: [] });
	expect(await exported('grows')).toBe(text);
	expect(await follow(at)).toMatchObject({ added: 0, duplicate: true });
});

test('stopped in the middle of a line it leaves that for the next run', async () => {
	const at = file('stopped.ndjson', epoch(1) + epoch(2).slice(0, 9));
	const stop = new AbortController();
	const run = follow(at, stop.signal);
	await reached('stopped', 1);
	stop.abort();
	expect(await run).toMatchObject({ added: 1, lines: 1, interrupted: true });
	appendFileSync(at, epoch(2).slice(9) + end(3));
	expect(await follow(at)).toMatchObject({ added: 2, diagnostics: [], session: { id: 'stopped' } });
	expect(await exported('stopped')).toBe(epoch(1) + epoch(2) + end(3));
});

test('a file that is cut ends the run with a note; what was read stays', async () => {
	const at = file('cut.ndjson', epoch(1) + epoch(2));
	const run = follow(at);
	await reached('cut', 2);
	truncateSync(at, 10);
	const { session, diagnostics } = await run;
	expect(session.events).toBe(2);
	expect(diagnostics.map(({ reason, first }) => [reason, first[0]?.line, first[0]?.message])).toEqual([
		[
			'source-truncated',
			3,
			'the file was cut from 52 to 10 bytes: following ends here, what was read is kept'
		]
	]);
});

test('a file whose name another one took is read to its end first', async () => {
	const at = file('turns.ndjson', epoch(1));
	const run = follow(at);
	await reached('turns', 1);
	renameSync(at, at + '.1');
	appendFileSync(at + '.1', epoch(2));
	writeFileSync(at, epoch(7));
	const { session, diagnostics } = await run;
	expect([session.events, diagnostics.map(({ reason }) => reason)]).toEqual([2, ['source-replaced']]);
});

test('a compressed file cannot be followed, and says so', async () => {
	await expect(follow(file('packed.gz', gzipSync(epoch(1).repeat(10))))).rejects.toThrow(
		'is compressed: only plain text can be followed'
	);
});

test('a source faster than the store is slowed down to it', async () => {
	let appended = 0;
	const slow = new Proxy(store, {
		get(target, key) {
			const value = Reflect.get(target, key) as unknown;
			if (typeof value !== 'function') return value;
			return async (...args: unknown[]) => {
				if (key === 'append') await sleep(60);
				const got: unknown = await (value as (...args: unknown[]) => unknown).apply(target, args);
				if (key === 'append') appended = got as number;
				return got;
			};
		}
	});
	let made = 0;
	let lead = 0;
	const chunks = (async function* () {
		while (made < 400_000) {
			let text = '';
			for (let i = 0; i < 2000; i++) text += epoch(made++);
			lead = Math.max(lead, made - appended);
			yield await Promise.resolve(new TextEncoder().encode(text));
		}
	})();
	const { session } = await ingest(slow, { chunks, name: '-' }, { name: 'fast' });
	expect(session.events).toBe(400_000);
	console.log(`the source was at most ${lead.toLocaleString('en')} events ahead of the store`);
	// three batches on the way, one being filled, and what the last chunk brought
	expect(lead).toBeLessThan(5 * 32_768);
});
