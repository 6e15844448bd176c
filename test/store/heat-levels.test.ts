import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { batchOf } from '#lib/domain/batch-events.ts';
import type { TraceEvent } from '#lib/domain/events.ts';
import { MODES } from '#lib/domain/kinds.ts';
import { openSqliteStore } from '#lib/server/store/sqlite/sqlite-store.ts';
import type { TraceStore } from '#lib/server/store/store.ts';

let folder = '';
let files = 0;
beforeAll(() => void (folder = mkdtempSync(path.join(tmpdir(), 'pagetrail-test-'))));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const PAGES = 8;
/** The pyramid's time shifts (docs/storage.md). */
const SHIFTS = [16, 19, 22, 25, 28, 31, 34, 37, 40, 43, 46, 49, 52];
const slot: TraceEvent = { kind: 'memslot_create', tsNs: 0, slotId: 0, baseGfn: 0, npages: PAGES };

/** A time step: some are as long as a bucket of some level, less or more one. */
const stepNs = fc.oneof(
	fc.integer({ min: 0, max: 100_000 }),
	fc
		.record({ shift: fc.constantFrom(...SHIFTS.slice(0, -1)), by: fc.integer({ min: -1, max: 1 }) })
		.map(({ shift, by }) => 2 ** shift + by)
);
const part = fc.record({
	accesses: fc.array(fc.record({ stepNs, gfn: fc.integer({ min: 0, max: PAGES - 1 }) }), {
		minLength: 1,
		maxLength: 6
	}),
	reopen: fc.boolean()
});

/** `bucket mode row` → accesses of a level, counted one by one. */
function counted(events: readonly TraceEvent[], shift: number): Map<string, number> {
	const cells = new Map<string, number>();
	for (const event of events) {
		const mode = MODES.findIndex((each) => each === event.kind);
		if (mode < 0 || !('gfn' in event)) continue;
		const key = `${Math.floor(event.tsNs / 2 ** shift)} ${mode} ${event.gfn}`;
		cells.set(key, (cells.get(key) ?? 0) + 1);
	}
	return cells;
}

/** The same as the store has it. */
async function stored(store: TraceStore, id: string, shift: number): Promise<Map<string, number>> {
	const cells = new Map<string, number>();
	const level = { timeShift: shift, gfnShift: 0 };
	for (const tile of await store.heatCells(id, 0, level, { from: 0, to: Number.MAX_SAFE_INTEGER }))
		for (let i = 0; i < tile.length; i++) {
			const index = tile.index[i] ?? 0;
			const bucket = tile.firstBucket + (tile.time[i] ?? 0);
			cells.set(`${bucket} ${Math.floor(index / tile.rows)} ${index % tile.rows}`, tile.count[i] ?? 0);
		}
	return cells;
}

test('every level of the pyramid counts each access once while a session grows past its buckets', () =>
	fc.assert(
		fc.asyncProperty(fc.array(part, { minLength: 1, maxLength: 12 }), async (parts) => {
			const file = path.join(folder, `${files++}.db`);
			let store = await openSqliteStore(file);
			const { id } = await store.createSession({ name: 'heat', createdMs: 1 });
			const events: TraceEvent[] = [slot];
			let tsNs = 0;
			let at = await store.append(id, 0, batchOf(events));
			for (const { accesses, reopen } of parts) {
				if (reopen) {
					await store.close();
					store = await openSqliteStore(file);
				}
				for (const access of accesses) {
					tsNs += access.stepNs;
					events.push({ kind: MODES[events.length % 4] ?? 'write', tsNs, gfn: access.gfn, offset: 0 });
				}
				at = await store.append(id, at, batchOf(events.slice(at)));
				const shifts = (await store.heatLevels(id, 0)).map((level) => level.timeShift);
				expect(shifts).toEqual(SHIFTS.slice(SHIFTS.length - shifts.length));
				for (const shift of shifts) expect(await stored(store, id, shift)).toEqual(counted(events, shift));
			}
			expect((await store.rebuild(id)).checked.filter((each) => !each.equal)).toEqual([]);
			await store.close();
		}),
		{ numRuns: 20 }
	));
