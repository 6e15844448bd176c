import { expect, test } from 'vitest';
import { ACCESS_KINDS, kindMask, MODES, type Mode } from '#lib/domain/kinds.ts';
import { evolve } from '#lib/domain/evolve.ts';
import { filterOf } from '#lib/domain/filter-text.ts';
import { counterAt, initialState } from '#lib/domain/state.ts';
import { heatMap, type HeatGrid } from '#lib/server/query/heat-map.ts';
import { trackedGrid } from '#lib/server/query/tracked-grid.ts';
import { onSessions, witnesses } from './random-store.ts';

type Touch = { tsNs: number; gfn: number };

/** One cell, by looking at every access of the lane. */
function cell(
	value: HeatGrid['value'],
	touches: readonly Touch[],
	box: { from: number; to: number; low: number; high: number }
) {
	const here = touches.filter(({ gfn }) => gfn >= box.low && gfn < box.high);
	const inside = here.filter(({ tsNs }) => tsNs >= box.from && tsNs < box.to);
	const gfns = [...new Set(inside.map(({ gfn }) => gfn))];
	switch (value) {
		case 'sum':
			return inside.length;
		case 'pages':
			return gfns.length;
		case 'max':
			return gfns.reduce((most, gfn) => Math.max(most, inside.filter((each) => each.gfn === gfn).length), 0);
		case 'first':
			return gfns.filter((gfn) => touches.find((each) => each.gfn === gfn)!.tsNs >= box.from).length; // found above
		case 'age': {
			const before = here.filter(({ tsNs }) => tsNs < box.to);
			return before.length ? box.to - before.at(-1)!.tsNs : -1; // not empty
		}
	}
}

test('every value equals looking at each access, for a window, a vCPU and a filter', () =>
	onSessions({ numRuns: 25, maxLength: 120 }, async (store, session, events) => {
		const seen = witnesses(events);
		for (const lane of session.lanes.slice(0, 3))
			for (const [kinds, vcpus] of [
				[ACCESS_KINDS, undefined],
				[kindMask(['write', 'preread']), [1]]
			] as const) {
				const touches = seen
					.filter((witness) => witness.lane === lane.lane && (kinds >> (10 + witness.mode)) & 1)
					.filter(({ event }) => !vcpus || event.vcpuId === 1)
					.flatMap(({ event, pages }) => pages.map((gfn) => ({ tsNs: event.tsNs, gfn })));
				const windows = [
					{
						time: { from: 0, to: session.endNs + 1 },
						gfn: { from: lane.baseGfn, to: lane.baseGfn + lane.npages }
					},
					{
						time: { from: Math.floor(session.endNs / 3), to: Math.floor(session.endNs / 2) + 9 },
						gfn: { from: Math.max(0, lane.baseGfn - 3), to: lane.baseGfn + Math.ceil(lane.npages / 2) }
					}
				];
				for (const window of windows)
					for (const value of ['sum', 'pages', 'max', 'first', 'age'] as const) {
						const filter = vcpus ? { where: filterOf('vcpu:1') } : {};
						const query = { lane: lane.lane, kinds, ...window, columns: 6, rows: 5, value, filter };
						const grid = await heatMap(store, session, query);
						const wanted: number[] = [];
						for (let row = 0; row < grid.rows; row++)
							for (let column = 0; column < grid.columns; column++) {
								const from = grid.startNs + column * grid.columnNs;
								const low = grid.startGfn + row * grid.rowPages;
								wanted.push(
									cell(value, touches, {
										from,
										to: Math.min(from + grid.columnNs, window.time.to),
										low,
										high: Math.min(low + grid.rowPages, window.gfn.to)
									})
								);
							}
						expect([...grid.cells], value).toEqual(wanted);
						expect(grid.max).toBe(Math.max(0, ...wanted));
					}
			}
	}));

test('the tracked grid counts pages with a counter above zero at each column’s end', () =>
	onSessions({ numRuns: 25, maxLength: 120 }, async (store, session, events) => {
		for (const lane of session.lanes.slice(0, 3))
			for (const modes of [['write'], [...MODES]] as Mode[][]) {
				const time = { from: Math.floor(session.endNs / 5), to: session.endNs + 3 };
				const gfn = { from: lane.baseGfn, to: lane.baseGfn + lane.npages };
				const grid = await trackedGrid(store, session, {
					lane: lane.lane,
					modes,
					time,
					gfn,
					columns: 5,
					rows: 4
				});
				const wanted = Array.from({ length: grid.columns * grid.rows }, () => 0);
				for (let column = 0; column < grid.columns; column++) {
					const end = Math.min(time.to, grid.startNs + (column + 1) * grid.columnNs);
					const state = initialState();
					for (const event of events) if (event.tsNs < end) evolve(state, event);
					for (let page = gfn.from; page < gfn.to; page++) {
						const tracked = [...state.memslots.values()].some(
							(slot) =>
								slot.lane === lane.lane &&
								modes.some((mode) => counterAt(slot, page, MODES.indexOf(mode)) > 0)
						);
						const at = Math.floor((page - gfn.from) / grid.rowPages) * grid.columns + column;
						if (tracked) wanted[at] = (wanted[at] ?? 0) + 1;
					}
				}
				expect([...grid.cells]).toEqual(wanted);
			}
	}));
