import type { UsedGfns } from '#lib/api/tracking-types.ts';
import { FLAG } from '#lib/domain/batch.ts';
import type { GfnRange } from '#lib/domain/gfn-folds.ts';
import { kindMask } from '#lib/domain/kinds.ts';
import type { LaneInfo, SessionDetail } from '#lib/domain/session-info.ts';
import type { TraceStore } from '../store/store.ts';
import { selectEvents } from './filter-select.ts';
import { mayMatch } from './filter.ts';
import { outsideLane } from './outside-lane.ts';
import { merged } from './page-sets.ts';
import { pauses } from './pause.ts';
import { remembered } from './result-cache.ts';

/** A gap of fewer pages than this share of its lane is never told: nobody would see it. */
const LEAST_SHARE = 1 / 1024;

const TRACKED = { kinds: kindMask(['track_add']) };

/**
 * For each lane the gfns that something happened to in the whole session, as ranges: accesses in any mode, and pages
 * that some event asked to track. What lies between two ranges was never accessed and never tracked. A range may hold
 * gaps below 1/1024 of its lane, or below a bucket of the lane's heat pyramid. Where a memslot moved, its counters went
 * along to other gfns: then all of each lane counts as used if anything is tracked. Where there are memslots, what is
 * tracked is theirs: the lane outside them has accesses alone.
 */
export const usedGfns = (store: TraceStore, session: SessionDetail): Promise<UsedGfns> =>
	remembered(store, session, ['used gfns'], async () => {
		const tracked = await trackedPages(store, session);
		const lanes = await Promise.all(
			session.lanes.map(async (lane) => {
				const whole = { from: lane.baseGfn, to: lane.baseGfn + lane.npages };
				const own = tracked === null ? [whole] : tracked.filter((each) => each.asId === lane.asId);
				const pages = [...(await accessedPages(store, session, lane)), ...own];
				return { lane: lane.lane, ranges: joined(pages, whole, Math.ceil(lane.npages * LEAST_SHARE)) };
			})
		);
		const outside = await outsideLane(store, session);
		if (!outside) return { lanes, outside: null };
		const { baseGfn, npages, lane } = outside.lane;
		const whole = { from: baseGfn, to: baseGfn + npages };
		const accessed = outside.ranges.map(([from, to]) => ({ from, to }));
		const asked = session.lanes.length ? [] : (tracked ?? [whole]);
		const ranges = joined([...accessed, ...asked], whole, Math.ceil(npages * LEAST_SHARE));
		return { lanes: [...lanes, { lane, ranges }], outside: outside.lane };
	});

/** The buckets of the lane that have accesses. */
async function accessedPages(store: TraceStore, { id }: SessionDetail, lane: LaneInfo): Promise<GfnRange[]> {
	const levels = await store.heatLevels(id, lane.lane);
	const finest = Math.min(...levels.map((level) => level.gfnShift));
	// of the levels with the finest gfns the one with the fewest cells
	const level = levels.findLast((each) => each.gfnShift === finest);
	if (!level) return [];
	const size = 2 ** level.gfnShift;
	const first = Math.floor(lane.baseGfn / size);
	const buckets = new Set<number>();
	for (const tile of await store.heatCells(id, lane.lane, level, { from: 0, to: Infinity }))
		for (let i = 0; i < tile.length; i++) buckets.add((tile.index[i] as number) % tile.rows);
	return [...buckets].map((row) => ({ from: (first + row) * size, to: (first + row + 1) * size }));
}

/** The pages of all track_add events; null if counters went to other gfns. */
async function trackedPages(
	store: TraceStore,
	{ id, kinds }: SessionDetail
): Promise<(GfnRange & { asId: number })[] | null> {
	if (!kinds.track_add) return [];
	if (kinds.memslot_move) return null;
	const pages = new Map<string, GfnRange & { asId: number }>();
	const pause = pauses();
	for (const segment of await store.segments(id)) {
		if (!mayMatch(segment, TRACKED)) continue;
		const hits = await selectEvents(store, id, segment, TRACKED);
		if (!hits.length) continue;
		const { gfn, npages, flags } = await store.readColumns(id, segment, ['gfn', 'npages', 'flags']);
		for (const i of hits) {
			const [from, count] = [gfn[i] as number, npages[i] as number];
			const asId = (flags[i] as number) & FLAG.smm ? 1 : 0;
			pages.set(`${asId} ${from} ${count}`, { from, to: from + count, asId });
		}
		await pause();
	}
	return [...pages.values()];
}

/** The pages within `whole` as ascending ranges; ranges less than `least` apart are one. */
function joined(
	pages: readonly GfnRange[],
	whole: GfnRange,
	least: number
): { gfn: number; npages: number }[] {
	const inside = pages
		.map(({ from, to }) => [Math.max(whole.from, from), Math.min(whole.to, to)] as const)
		.filter(([from, to]) => from < to);
	return merged(inside, Math.max(1, least)).map(([from, to]) => ({ gfn: from, npages: to - from }));
}
