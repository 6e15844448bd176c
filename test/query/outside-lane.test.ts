import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Thumbnail } from '#lib/api/types.ts';
import { batchOf } from '#lib/domain/batch-events.ts';
import type { TraceEvent } from '#lib/domain/events.ts';
import { filterOf } from '#lib/domain/filter-text.ts';
import { ACCESS_KINDS, kindMask } from '#lib/domain/kinds.ts';
import { OUTSIDE_LANE } from '#lib/domain/session-info.ts';
import { mayMatch } from '#lib/server/query/filter.ts';
import { heatMap } from '#lib/server/query/heat-map.ts';
import { outsideLane } from '#lib/server/query/outside-lane.ts';
import { thumbnail } from '#lib/server/query/thumbnail.ts';
import { usedGfns } from '#lib/server/query/used-gfns.ts';
import { openSqliteStore } from '#lib/server/store/sqlite/sqlite-store.ts';
import { anySession } from '../arbitrary.ts';
import { loadSession, onSessions, witnesses } from './random-store.ts';

const VALUES = ['sum', 'pages', 'max', 'first', 'age'] as const;
type Touch = { tsNs: number; gfn: number };

/** One cell, by looking at every access; `touches` in order of time. */
function look(
	value: (typeof VALUES)[number],
	touches: readonly Touch[],
	box: { from: number; to: number; low: number; high: number }
): number {
	const here = touches.filter(({ gfn }) => gfn >= box.low && gfn < box.high);
	const inside = here.filter(({ tsNs }) => tsNs >= box.from && tsNs < box.to);
	const times = new Map<number, number>();
	for (const { gfn } of inside) times.set(gfn, (times.get(gfn) ?? 0) + 1);
	const before = here.filter(({ tsNs }) => tsNs < box.to).at(-1);
	switch (value) {
		case 'sum':
			return inside.length;
		case 'pages':
			return times.size;
		case 'max':
			return Math.max(0, ...times.values());
		case 'first':
			return [...times.keys()].filter(
				(gfn) => (touches.find((each) => each.gfn === gfn)?.tsNs ?? -1) >= box.from
			).length;
		case 'age':
			return before ? box.to - before.tsNs : -1;
	}
}

const isMemslot = ({ kind }: TraceEvent) => kind.startsWith('memslot') || /_slot$/.test(kind);

test.each([
	['without memslots', (event: TraceEvent) => !isMemslot(event)],
	['beside memslots', () => true]
])('%s every value equals looking at each access outside, with a filter too', async (_, kept) => {
	await fc.assert(
		fc.asyncProperty(anySession(100), async (all) => {
			const events = all.filter(kept);
			const store = await openSqliteStore(':memory:');
			const session = await loadSession(store, events);
			const outside = await outsideLane(store, session);
			const seen = witnesses(events).filter(({ mode, lane }) => mode >= 0 && lane === null);
			const gfns = seen.flatMap(({ pages }) => pages);
			expect(outside?.lane.accesses ?? 0).toBe(gfns.length);
			if (!outside) return store.close();
			const low = Math.min(...gfns);
			const high = Math.max(...gfns) + 1;
			expect(outside.lane).toMatchObject({ lane: OUTSIDE_LANE, baseGfn: low, npages: high - low });
			const windows = [
				{ time: { from: 0, to: session.endNs + 1 }, gfn: { from: low, to: high } },
				{
					time: { from: Math.floor(session.endNs / 3), to: Math.floor(session.endNs / 2) + 9 },
					gfn: { from: Math.max(0, low - 3), to: low + Math.ceil((high - low) / 2) }
				}
			];
			for (const [kinds, q] of [
				[ACCESS_KINDS, null],
				[kindMask(['write', 'preread']), 'vcpu:1']
			] as const)
				for (const window of windows)
					for (const value of VALUES) {
						const touches = seen
							.filter(({ mode, event }) => (kinds >> (10 + mode)) & 1 && (q === null || event.vcpuId === 1))
							.flatMap(({ event, pages }) => pages.map((gfn) => ({ tsNs: event.tsNs, gfn })));
						const filter = q === null ? {} : { where: filterOf(q) };
						const query = { lane: OUTSIDE_LANE, kinds, ...window, columns: 5, rows: 4, value, filter };
						const grid = await heatMap(store, session, query);
						const wanted = Array.from({ length: grid.rows * grid.columns }, (_, i) => {
							const from = grid.startNs + (i % grid.columns) * grid.columnNs;
							const row = grid.startGfn + Math.floor(i / grid.columns) * grid.rowPages;
							return look(value, touches, {
								...{ from, to: Math.min(from + grid.columnNs, window.time.to) },
								...{ low: row, high: Math.min(row + grid.rowPages, window.gfn.to) }
							});
						});
						expect([...grid.cells], value).toEqual(wanted);
					}
			const used = (await usedGfns(store, session)).lanes.find(({ lane }) => lane === OUTSIDE_LANE);
			for (const gfn of gfns)
				expect(used?.ranges.some((each) => gfn >= each.gfn && gfn < each.gfn + each.npages)).toBe(true);
			const small = (await thumbnail(store, session, { columns: 8, rows: 6 })) as Thumbnail;
			const most = Math.max(...session.lanes.map((lane) => lane.accesses), 0);
			expect(small.total).toBe(most || gfns.length);
			await store.close();
		}),
		{ numRuns: 25 }
	);
});

test('a segment is read for accesses outside every memslot only if it has some', () =>
	onSessions({ numRuns: 20 }, async (store, session, events) => {
		const seen = witnesses(events);
		for (const segment of await store.segments(session.id)) {
			const here = seen.slice(segment.firstSeq, segment.firstSeq + segment.count);
			const stray = here.some(({ mode, lane }) => mode >= 0 && lane === null);
			expect(mayMatch(segment, { lane: OUTSIDE_LANE })).toBe(stray);
		}
	}));

test('pages that memslots hold and track are unused in the lane outside them', async () => {
	const store = await openSqliteStore(':memory:');
	const session = await loadSession(store, [
		{ kind: 'session', tsNs: 0, attributes: { version: 1 } },
		{ kind: 'memslot_create', tsNs: 1, slotId: 0, baseGfn: 0x1000, npages: 0x1000 },
		{ kind: 'track_add', tsNs: 2, gfn: 0x1800, npages: 16, mode: 'write', slotId: 0 },
		{ kind: 'write', tsNs: 3, gfn: 0x1800, vcpuId: 0 },
		{ kind: 'write', tsNs: 4, gfn: 0xa0, vcpuId: 0 },
		{ kind: 'write', tsNs: 5, gfn: 0xfee00, vcpuId: 0 }
	]);
	const { lanes, outside } = await usedGfns(store, session);
	expect(outside).toMatchObject({ baseGfn: 0xa0, npages: 0xfee01 - 0xa0, accesses: 2 });
	expect(lanes.at(-1)).toEqual({
		lane: OUTSIDE_LANE,
		ranges: [
			{ gfn: 0xa0, npages: 1 },
			{ gfn: 0xfee00, npages: 1 }
		]
	});
	await store.close();
});

test('ages follow a lane that grows downwards', async () => {
	const store = await openSqliteStore(':memory:');
	const access = (tsNs: number, gfn: number): TraceEvent => ({ kind: 'write', tsNs, vcpuId: 0, gfn });
	const start: TraceEvent = { kind: 'session', tsNs: 0, attributes: { version: 1 } };
	const session = await loadSession(store, [start, access(1, 0x50)]);
	const ages = async () => {
		const now = await store.getSession(session.id);
		const query = { time: { from: 0, to: 10 }, gfn: { from: 0x40, to: 0x60 }, columns: 1, rows: 2 };
		const wanted = { lane: OUTSIDE_LANE, kinds: ACCESS_KINDS, ...query, value: 'age' as const };
		return [...(await heatMap(store, now, wanted)).cells];
	};
	expect(await ages()).toEqual([-1, 9]);
	await store.append(session.id, 2, batchOf([access(4, 0x41)]));
	expect(await ages()).toEqual([6, 9]);
	await store.close();
});
