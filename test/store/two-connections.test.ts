import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { batchOf } from '#lib/domain/batch-events.ts';
import { COLUMNS } from '#lib/domain/batch.ts';
import type { TraceEvent } from '#lib/domain/events.ts';
import { ACCESS_KINDS, MODES } from '#lib/domain/kinds.ts';
import { formatState } from '#lib/domain/state.ts';
import { eventPages } from '#lib/server/query/events.ts';
import { heatMap } from '#lib/server/query/heat-map.ts';
import { NoSuchSessionError, type TraceStore } from '#lib/server/store/store.ts';
import { openSqliteStore } from '#lib/server/store/sqlite/sqlite-store.ts';
import { anySession } from '../arbitrary.ts';

let folder = '';
let files = 0;
beforeAll(() => void (folder = mkdtempSync(path.join(tmpdir(), 'pagetrail-test-'))));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const newFile = () => path.join(folder, `${files++}.db`);

const numbered = (events: readonly TraceEvent[]) => events.map((event, seq) => ({ ...event, seq }));
async function all(store: TraceStore, id: string): Promise<TraceEvent[]> {
	const got: TraceEvent[] = [];
	for await (const page of eventPages(store, id, {}, { pageSize: 50 })) got.push(...page);
	return got;
}

/** One step of a live session's life: who appends how many events, and who is closed and opened again before. */
const step = fc.record({
	writer: fc.integer({ min: 0, max: 1 }),
	size: fc.oneof({ weight: 5, arbitrary: fc.integer({ min: 1, max: 5 }) }, fc.integer({ min: 6, max: 60 })),
	reopen: fc.option(fc.integer({ min: 0, max: 1 }), { freq: 5 })
});

test('two writers in turn, closed and opened at any time, leave what one run leaves; a third reads along', () =>
	fc.assert(
		fc.asyncProperty(
			anySession(160),
			fc.array(step, { minLength: 1, maxLength: 60 }),
			async (events, steps) => {
				const file = newFile();
				const writers = [await openSqliteStore(file), await openSqliteStore(file)];
				const reader = await openSqliteStore(file);
				const { id } = await reader.createSession({ name: 'live', createdMs: 1 });
				// what the reader once listed: by and by these segments are joined into others
				const listed = new Map<number, Awaited<ReturnType<TraceStore['segments']>>[number]>();
				for (let at = 0, i = 0; at < events.length; i++) {
					const { writer, size, reopen } = steps[i % steps.length] ?? { writer: 0, size: 1, reopen: null };
					if (reopen !== null) {
						await writers[reopen]?.close();
						writers[reopen] = await openSqliteStore(file);
					}
					at = (await writers[writer]?.append(id, at, batchOf(events.slice(at, at + size)))) ?? 0;
					expect((await reader.progress(id)).next).toBe(at);
					for (const segment of await reader.segments(id)) listed.set(segment.id, segment);
				}
				const fresh = await openSqliteStore(file);
				for (const segment of listed.values()) {
					const { payload, ...columns } = await fresh.readColumns(id, segment, [...COLUMNS, 'payload']);
					const own = batchOf(events.slice(segment.firstSeq, segment.firstSeq + segment.count));
					for (const name of COLUMNS) expect([...columns[name]]).toEqual([...own[name]]);
					expect(payload).toEqual(own.payload);
				}
				expect(await all(reader, id)).toEqual(numbered(events));
				const once = await fresh.createSession({ name: 'once', createdMs: 1 });
				await fresh.append(once.id, 0, batchOf(events));
				for (const seq of [0, Math.floor(events.length / 2), events.length])
					expect(formatState(await reader.stateBefore(id, seq))).toBe(
						formatState(await fresh.stateBefore(once.id, seq))
					);
				expect((await fresh.rebuild(id)).checked.filter((each) => !each.equal)).toEqual([]);
				for (const store of [...writers, reader, fresh]) await store.close();
			}
		),
		{ numRuns: 8 }
	));

const access = (n: number): TraceEvent => ({
	kind: MODES[n % 4] ?? 'write',
	tsNs: n * 1000,
	gfn: n % 64,
	offset: 0
});
const slot: TraceEvent = { kind: 'memslot_create', tsNs: 0, slotId: 0, baseGfn: 0, npages: 64 };

test('a heat map that the writer overtakes counts what its window holds', async () => {
	const file = newFile();
	const writer = await openSqliteStore(file);
	const reader = await openSqliteStore(file);
	const { id } = await writer.createSession({ name: 'heat', createdMs: 1 });
	await writer.append(id, 0, batchOf([slot, ...Array.from({ length: 200 }, (_, n) => access(n + 1))]));
	const session = await reader.getSession(id);
	let seq = 201;
	// between listing the levels and reading one, the session gets events in the same bucket, and then far later ones,
	// so that its finest level is dropped
	for (const next of [access(201), { ...access(0), tsNs: 2 ** 50 }]) {
		let waiting = true;
		const overtaken = new Proxy(reader, {
			get(target, key) {
				const value = Reflect.get(target, key) as unknown;
				if (typeof value !== 'function') return value;
				return async (...args: unknown[]) => {
					const got: unknown = await (value as (...args: unknown[]) => unknown).apply(target, args);
					if (key !== 'heatLevels' || !waiting) return got;
					waiting = false;
					seq = await writer.append(id, seq, batchOf([next]));
					return got;
				};
			}
		});
		const grid = await heatMap(overtaken, session, {
			lane: 0,
			kinds: ACCESS_KINDS,
			time: { from: 0, to: session.endNs + 1 },
			gfn: { from: 0, to: 64 },
			columns: 4,
			rows: 64,
			value: 'sum',
			align: true
		});
		// the window ends where its last cell does: at 4 x 65,536 ns, after the event that came first
		expect([grid.columnNs, grid.total, grid.from]).toEqual([
			65_536,
			201,
			next.tsNs < 2 ** 40 ? 'pyramid' : 'events'
		]);
	}
	await writer.close();
	await reader.close();
});

test('a reader of a session that another connection deleted hears that it is gone', async () => {
	const file = newFile();
	const writer = await openSqliteStore(file);
	const reader = await openSqliteStore(file);
	const { id } = await writer.createSession({ name: 'gone', createdMs: 1 });
	await writer.append(id, 0, batchOf([slot, access(1)]));
	const [segment] = await reader.segments(id);
	await writer.deleteSession(id);
	if (!segment) throw new Error('no segment');
	await expect(reader.readColumns(id, segment, ['gfn'])).rejects.toThrow(NoSuchSessionError);
	await expect(reader.append(id, 2, batchOf([access(2)]))).rejects.toThrow(NoSuchSessionError);
	// another one of the same name begins at 0, whatever the writer kept of the former
	await writer.createSession({ name: 'gone', createdMs: 1 });
	expect(await writer.append(id, 0, batchOf([slot]))).toBe(1);
	await writer.close();
	await reader.close();
});

test('commits are told, own ones at once, another connection’s soon; nobody is told after leaving', async () => {
	const file = newFile();
	const writer = await openSqliteStore(file);
	const reader = await openSqliteStore(file);
	const { id } = await writer.createSession({ name: 'told', createdMs: 1 });
	let told = 0;
	let wake = () => {};
	const leave = reader.onCommit(() => {
		told++;
		wake();
	});
	await reader.append(id, 0, batchOf([access(1)]));
	expect(told).toBe(1);
	const heard = new Promise<void>((resolve) => (wake = resolve));
	await writer.append(id, 1, batchOf([access(2)]));
	await heard;
	leave();
	const before = told;
	await reader.append(id, 2, batchOf([access(3)]));
	expect(told).toBe(before);
	await writer.close();
	await reader.close();
});

test('a commit of one connection changes the revision that another one gives', async () => {
	const file = newFile();
	const [writer, reader] = [await openSqliteStore(file), await openSqliteStore(file)];
	const before = await reader.revision();
	expect(await reader.revision()).toBe(before);
	await writer.createSession({ name: 'news', createdMs: 1 });
	expect(await reader.revision()).not.toBe(before);
	await Promise.all([writer.close(), reader.close()]);
});
