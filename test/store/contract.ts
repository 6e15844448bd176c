import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { batchOf } from '#lib/domain/batch-events.ts';
import type { TraceEvent } from '#lib/domain/events.ts';
import { evolve } from '#lib/domain/evolve.ts';
import { ACCESS_KINDS, kindMask, KINDS, MODES } from '#lib/domain/kinds.ts';
import { findMemslot, formatState, initialState } from '#lib/domain/state.ts';
import { eventPages, queryEvents, seqAtTime } from '#lib/server/query/events.ts';
import { heatMap, type HeatMapQuery } from '#lib/server/query/heat-map.ts';
import { timeline } from '#lib/server/query/timeline.ts';
import { NoSuchSessionError, SeqConflictError, type TraceStore } from '#lib/server/store/store.ts';
import { anySession } from '../arbitrary.ts';

/** Makes a fresh place for a store; `open` may be called again after closing. */
export type StoreFactory = () => { open: () => Promise<TraceStore> };

/** Appends events cut into batches of the given sizes (repeated). */
async function load(
	store: TraceStore,
	events: readonly TraceEvent[],
	sizes: readonly number[]
): Promise<string> {
	const { id } = await store.createSession({ name: 'a session', createdMs: 1 });
	for (let at = 0, i = 0; at < events.length; i++) {
		const size = sizes[i % sizes.length] ?? 1;
		await store.append(id, at, batchOf(events.slice(at, at + size)));
		at = Math.min(events.length, at + size);
	}
	return id;
}

/** Pages of lane counted one by one: what every heat map must equal. */
function accesses(events: readonly TraceEvent[]) {
	const state = initialState();
	const out: { tsNs: number; mode: number; gfn: number; lane: number }[] = [];
	for (const event of events) {
		const mode = MODES.indexOf(event.kind as (typeof MODES)[number]);
		if (mode >= 0 && 'gfn' in event && event.gfn !== undefined) {
			const slot = findMemslot(state, event.asId ?? 0, event.gfn);
			for (let page = 0; slot && page < (event.npages ?? 1); page++)
				if (event.gfn + page < slot.baseGfn + slot.npages)
					out.push({ tsNs: event.tsNs, mode, gfn: event.gfn + page, lane: slot.lane });
		}
		evolve(state, event);
	}
	return out;
}

function bruteHeat(
	list: ReturnType<typeof accesses>,
	query: HeatMapQuery,
	grid: Awaited<ReturnType<typeof heatMap>>
) {
	const cells = new Array<number>(grid.columns * grid.rows).fill(0);
	const seen = new Set<string>();
	const { time, gfn } = query.align
		? {
				time: { from: grid.startNs, to: grid.startNs + grid.columns * grid.columnNs },
				gfn: { from: grid.startGfn, to: grid.startGfn + grid.rows * grid.rowPages }
			}
		: query;
	for (const each of list) {
		if (each.lane !== query.lane || !(query.kinds & kindMask([MODES[each.mode] ?? 'write']))) continue;
		if (each.tsNs < time.from || each.tsNs >= time.to || each.gfn < gfn.from || each.gfn >= gfn.to) continue;
		const column = Math.floor((each.tsNs - grid.startNs) / grid.columnNs);
		const at = Math.floor((each.gfn - grid.startGfn) / grid.rowPages) * grid.columns + column;
		const page = `${column} ${each.gfn}`;
		if (query.value === 'pages' && seen.has(page)) continue;
		seen.add(page);
		cells[at] = (cells[at] ?? 0) + 1;
	}
	return cells;
}

const sizes = fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1, maxLength: 4 });

/** What every TraceStore must do; `make` gives a fresh place for each test. */
export function storeContract(name: string, make: StoreFactory): void {
	const property = (
		maxLength: number,
		numRuns: number,
		check: (store: TraceStore, id: string, events: TraceEvent[]) => Promise<void>
	) =>
		fc.assert(
			fc.asyncProperty(anySession(maxLength), sizes, async (events, cuts) => {
				const place = make();
				const store = await place.open();
				try {
					await check(store, await load(store, events, cuts), events);
				} finally {
					await store.close();
				}
			}),
			{ numRuns }
		);

	describe(name, () => {
		test('gives back every event as it was, in order', () =>
			property(200, 12, async (store, id, events) => {
				const got: TraceEvent[] = [];
				for await (const page of eventPages(store, id, {}, { pageSize: 17 })) got.push(...page);
				expect(got).toEqual(events.map((event, seq) => ({ ...event, seq })));
			}));

		test('the state at any position equals a full replay', () =>
			property(150, 10, async (store, id, events) => {
				const state = initialState();
				for (let seq = 0; seq <= events.length; seq++) {
					if (seq % 7 === 0 || seq === events.length) {
						const got = await store.stateBefore(id, seq);
						expect(formatState({ ...got, tsNs: 0 })).toBe(formatState({ ...state, tsNs: 0, seq }));
					}
					const event = events[seq];
					if (event) evolve(state, event);
				}
			}));

		test('a heat map equals counting one by one, aligned or not, sum or pages', () =>
			property(250, 20, async (store, id, events) => {
				const session = await store.getSession(id);
				const list = accesses(events);
				for (const lane of session.lanes) {
					for (const align of [false, true])
						for (const value of ['sum', 'pages'] as const) {
							const query: HeatMapQuery = {
								lane: lane.lane,
								kinds: value === 'sum' ? ACCESS_KINDS : kindMask(['write', 'preread']),
								time: { from: align ? 0 : 3, to: session.endNs + (align ? 1 : 10) },
								gfn: { from: lane.baseGfn, to: lane.baseGfn + lane.npages },
								columns: 7,
								rows: 5,
								value,
								align
							};
							const grid = await heatMap(store, session, query);
							expect([...grid.cells]).toEqual(bruteHeat(list, query, grid));
						}
				}
			}));

		test('a timeline counts every event once', () =>
			property(120, 10, async (store, id, events) => {
				const session = await store.getSession(id);
				const time = { from: 0, to: session.endNs + 1 };
				for (const by of ['kind', 'vcpu'] as const) {
					const got = await timeline(store, session, { time, columns: 9, by });
					const total = got.series.flatMap((series) => series.counts).reduce((a, b) => a + b, 0);
					expect(total).toBe(events.length);
				}
			}));

		test('filters give what testing each event gives, in both directions', () =>
			property(150, 12, async (store, id, events) => {
				const kinds = kindMask(['write', 'preread', 'track_add']);
				const wanted = events
					.map((event, seq) => ({ event, seq }))
					.filter(({ event }) => ['write', 'preread', 'track_add'].includes(event.kind) && event.vcpuId === 1)
					.map(({ seq }) => seq);
				const filter = { kinds, vcpus: [1] };
				const up = await queryEvents(store, id, { filter, from: 0, limit: 1000 });
				expect(up.events.map((event) => event.seq)).toEqual(wanted);
				const down = await queryEvents(store, id, {
					filter,
					from: events.length,
					limit: 1000,
					order: 'desc'
				});
				expect(down.events.map((event) => event.seq)).toEqual([...wanted].reverse());
			}));

		test('rebuilt projections equal those made while appending', () =>
			property(200, 10, async (store, id) => {
				const { checked } = await store.rebuild(id);
				expect(checked.filter((each) => !each.equal)).toEqual([]);
			}));

		test('going on after a restart gives the same projections as one go', async () => {
			const events = Array.from({ length: 300 }, (_, i): TraceEvent =>
				i === 0
					? { kind: 'memslot_create', tsNs: 0, slotId: 0, baseGfn: 0, npages: 600 }
					: { kind: MODES[i % 4] ?? 'write', tsNs: i * 70_000, gfn: (i * 37) % 600, offset: 0 }
			);
			const place = make();
			let store = await place.open();
			const id = await load(store, events.slice(0, 100), [33]);
			await store.close();
			store = await place.open();
			await store.append(id, 100, batchOf(events.slice(100)));
			expect((await store.rebuild(id)).checked.filter((each) => !each.equal)).toEqual([]);
			expect((await store.getSession(id)).lanes[0]?.accesses).toBe(299);
			await store.close();
		});

		test('a batch for the wrong seq changes nothing', async () => {
			const store = await make().open();
			const id = await load(store, [{ kind: 'end', tsNs: 1 }], [1]);
			await expect(store.append(id, 0, batchOf([{ kind: 'end', tsNs: 2 }]))).rejects.toThrow(
				SeqConflictError
			);
			expect((await store.getSession(id)).events).toBe(1);
			expect(await store.append(id, 1, batchOf([{ kind: 'end', tsNs: 2 }]))).toBe(2);
			await store.close();
		});

		test('small segments of a live session are joined', async () => {
			const store = await make().open();
			const events = Array.from({ length: 256 }, (_, i): TraceEvent => ({ kind: 'tlb_flush', tsNs: i }));
			const id = await load(store, events, [1]);
			expect((await store.segments(id)).length).toBeLessThan(10);
			await store.close();
		});

		test('the seq at a time is that of the first event not before it', async () => {
			const store = await make().open();
			const times = [0, 5, 5, 9];
			const id = await load(
				store,
				times.map((tsNs) => ({ kind: 'tlb_flush', tsNs })),
				[1]
			);
			expect(await Promise.all([0, 1, 5, 6, 9, 10].map((t) => seqAtTime(store, id, t)))).toEqual([
				0, 1, 1, 3, 3, 4
			]);
			await store.close();
		});

		test('a deleted session is gone, the others stay', async () => {
			const store = await make().open();
			const first = await load(store, [{ kind: 'end', tsNs: 1 }], [1]);
			const second = await load(store, [{ kind: 'end', tsNs: 1 }], [1]);
			expect([first, second]).toEqual(['a-session', 'a-session-2']);
			await store.deleteSession(first);
			await expect(store.getSession(first)).rejects.toThrow(NoSuchSessionError);
			expect((await store.listSessions()).map((session) => session.id)).toEqual([second]);
			await store.close();
		});

		test('the revision stays while nothing is written and differs after each change', async () => {
			const store = await make().open();
			const seen = [await store.revision()];
			const changed = async () => {
				const now = await store.revision();
				expect(seen).not.toContain(now);
				expect(await store.revision()).toBe(now);
				seen.push(now);
			};
			const id = await load(store, [{ kind: 'tlb_flush', tsNs: 1 }], [1]);
			await changed();
			await store.append(id, 1, batchOf([{ kind: 'end', tsNs: 2 }]));
			await changed();
			await store.renameSession(id, 'other');
			await changed();
			await store.setTags(id, ['tag']);
			await changed();
			await store.hideSession(id, 1);
			await changed();
			await store.showSession(id);
			await changed();
			await store.getSession(id);
			expect(await store.revision()).toBe(seen.at(-1));
			await store.deleteSession(id);
			await changed();
			await store.close();
		});

		test('totals by kind are those of the events', () =>
			property(100, 8, async (store, id, events) => {
				const { kinds } = await store.getSession(id);
				for (const kind of KINDS)
					expect(kinds[kind] ?? 0).toBe(events.filter((event) => event.kind === kind).length);
			}));
	});
}
