import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
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
	store = await openSqliteStore(path.join(folder, 'live.db'));
});
afterAll(async () => {
	await store.close();
	rmSync(folder, { recursive: true, force: true });
});
const epoch = (n: number) => `{"t":${n},"k":"epoch","e":${n}}\n`;
const bytes = (text: string) => new TextEncoder().encode(text);
const exported = async (id: string) => {
	let text = '';
	for await (const page of eventPages(store, id)) for (const event of page) text += formatLine(event) + '\n';
	return text;
};

/** Waits until a session has at least `events` events; gives the time that took. */
async function committed(id: string, events: number): Promise<number> {
	const began = performance.now();
	for (;;) {
		const found = (await store.listSessions()).find((session) => session.id === id);
		if (found && found.events >= events) return performance.now() - began;
		if (performance.now() - began > 10_000) throw new Error(`${id} did not reach ${events} events`);
		await sleep(5);
	}
}

test('each line of a slow pipe is committed within a fraction of a second, from the first one on', async () => {
	const took: number[] = [];
	const chunks = (async function* () {
		for (let n = 1; n <= 8; n++) {
			yield bytes(epoch(n));
			took.push(await committed('slow', n));
		}
	})();
	const summary = await ingest(store, { chunks, name: '-' }, { name: 'slow' });
	expect(summary).toMatchObject({ added: 8, lines: 8, interrupted: false });
	console.log(`line read to commit: at most ${Math.max(...took).toFixed(0)} ms`);
	expect(took.sort((a, b) => a - b)[4]).toBeLessThan(1000); // the median: a busy machine may hold one up
	expect((await store.rebuild('slow')).checked.filter((each) => !each.equal)).toEqual([]);
});

test('a bad line of a slow pipe shows without waiting for a good one', async () => {
	const chunks = (async function* () {
		yield bytes(epoch(50));
		await committed('bad', 1);
		yield bytes('junk\n');
		for (let waited = 0; (await store.getSession('bad')).rejectedLines === 0; waited += 10) {
			if (waited > 5000) throw new Error('the bad line is not counted');
			await sleep(10);
		}
	})();
	expect(await ingest(store, { chunks, name: '-' }, { name: 'bad' })).toMatchObject({ added: 1, lines: 2 });
});

test('a stream that begins like a longer one loaded before does not wait for it', async () => {
	const header = (n: number) => `{"t":0,"k":"session","version":1,"source":"twins"}\n${epoch(n)}`;
	const long = header(1) + Array.from({ length: 400 }, (_, n) => epoch(n + 1)).join('');
	const chunks = (text: string, name: string) =>
		(async function* () {
			yield bytes(text.slice(0, 40));
			yield bytes(text.slice(40, 60)); // the first line only
			await committed(name, 1);
			yield bytes(text.slice(60));
		})();
	await ingest(store, { chunks: chunks(long, 'twin'), name: '-' }, { name: 'twin' });
	const second = { chunks: chunks(header(2), 'twin-2'), name: '-' };
	expect(await ingest(store, second, { name: 'twin' })).toMatchObject({
		session: { id: 'twin-2', events: 2 }
	});
	// the first one is still found by what it became
	expect(await ingest(store, { path: file('twin.ndjson', long) })).toMatchObject({
		duplicate: true,
		session: { id: 'twin' }
	});
});

test('stopped, it keeps the whole lines read, and the same source goes on after them', async () => {
	const stop = new AbortController();
	const lines = Array.from({ length: 60 }, (_, n) => epoch(n + 100)).join('');
	const chunks = (async function* () {
		yield bytes(lines.slice(0, 500));
		await committed('stopped', 5);
		stop.abort();
		await sleep(60_000, undefined, { ref: false });
	})();
	const first = await ingest(store, { chunks, name: '-' }, { name: 'stopped', signal: stop.signal });
	expect(first.interrupted).toBe(true);
	expect(lines.startsWith(await exported('stopped'))).toBe(true);
	const again = await ingest(store, { path: file('again.ndjson', lines) });
	expect(again).toMatchObject({ interrupted: false, session: { id: 'stopped', events: 60 } });
	expect(await exported('stopped')).toBe(lines);
});

const file = (name: string, text: string) => {
	const at = path.join(folder, name);
	writeFileSync(at, text);
	return at;
};

test('after a failed append nothing more is stored, and a second run brings all events', async () => {
	const lines = Array.from({ length: 200_000 }, (_, n) => epoch(n + 1_000_000)).join('');
	const at = file('fails.ndjson', lines);
	let appends = 0;
	const failing = new Proxy(store, {
		get(target, key) {
			const value = Reflect.get(target, key) as unknown;
			if (typeof value !== 'function') return value;
			return (...args: unknown[]) => {
				if (key === 'append' && ++appends === 2) return Promise.reject(new Error('disk full'));
				return (value as (...args: unknown[]) => unknown).apply(target, args);
			};
		}
	});
	await expect(ingest(failing, { path: at })).rejects.toThrow('disk full');
	expect(appends).toBe(2);
	expect(await ingest(store, { path: at })).toMatchObject({ session: { id: 'fails', events: 200_000 } });
	expect(await exported('fails')).toBe(lines);
});
