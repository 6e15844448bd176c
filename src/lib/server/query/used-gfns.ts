import type { UsedGfns } from '#lib/api/tracking-types.ts';
import { kindMask } from '#lib/domain/kinds.ts';
import type { LaneInfo, SessionDetail } from '#lib/domain/session-info.ts';
import type { TraceStore } from '../store/store.ts';
import { eventPages } from './events.ts';
import { remembered } from './result-cache.ts';

/** A gap of fewer pages than this share of its lane is never told: nobody would see it. */
const LEAST_SHARE = 1 / 1024;

interface Pages {
	readonly from: number;
	readonly to: number;
}

/**
 * For each lane the gfns that something happened to in the whole session, as ranges: accesses in any mode, and pages
 * that some event asked to track. What lies between two ranges was never accessed and never tracked. A range may hold
 * gaps below 1/1024 of its lane, or below a bucket of the lane's heat pyramid. Where a memslot moved, its counters went
 * along to other gfns: then all of each lane counts as used if anything is tracked.
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
		return { lanes };
	});

/** The buckets of the lane that have accesses. */
async function accessedPages(store: TraceStore, { id }: SessionDetail, lane: LaneInfo): Promise<Pages[]> {
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
): Promise<(Pages & { asId: number })[] | null> {
	if (!kinds.track_add) return [];
	if (kinds.memslot_move) return null;
	const pages = new Map<string, Pages & { asId: number }>();
	for await (const events of eventPages(store, id, { kinds: kindMask(['track_add']) }))
		for (const event of events) {
			if (event.kind !== 'track_add') continue;
			const { gfn, npages = 1, asId = 0 } = event;
			pages.set(`${asId} ${gfn} ${npages}`, { from: gfn, to: gfn + npages, asId });
		}
	return [...pages.values()];
}

/** The pages within `whole` as ascending ranges; ranges less than `least` apart are one. */
function joined(pages: readonly Pages[], whole: Pages, least: number): { gfn: number; npages: number }[] {
	const ranges: { gfn: number; npages: number }[] = [];
	for (const each of [...pages].sort((a, b) => a.from - b.from)) {
		const from = Math.max(whole.from, each.from);
		const to = Math.min(whole.to, each.to);
		const last = ranges.at(-1);
		if (from >= to) continue;
		if (last && from - (last.gfn + last.npages) < Math.max(1, least))
			last.npages = Math.max(last.npages, to - last.gfn);
		else ranges.push({ gfn: from, npages: to - from });
	}
	return ranges;
}
