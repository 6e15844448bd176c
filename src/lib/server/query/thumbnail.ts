import type { Thumbnail, ThumbnailPart } from '#lib/api/types.ts';
import { foldsOf, type GfnRange, leastGap, pagesOf } from '#lib/domain/gfn-folds.ts';
import { ACCESS_KINDS } from '#lib/domain/kinds.ts';
import type { LaneInfo, SessionDetail } from '#lib/domain/session-info.ts';
import type { TraceStore } from '../store/store.ts';
import { heatMap, type HeatGrid } from './heat-map.ts';
import { outsideLane } from './outside-lane.ts';
import { remembered } from './result-cache.ts';
import { usedGfns } from './used-gfns.ts';

interface Size {
	readonly columns: number;
	/** Of all parts together, shared among them by their pages. */
	readonly rows: number;
}

/**
 * A small heat map of the lane with most accesses, from the pyramid, without the long stretches of gfns that were
 * never used; of the accesses outside every memslot, from the events, if no other lane has any. Null if nothing was accessed.
 */
export async function thumbnail(
	store: TraceStore,
	session: SessionDetail,
	size: Size
): Promise<Thumbnail | null> {
	const [busiest] = [...session.lanes].sort((a, b) => b.accesses - a.accesses);
	const lane = busiest?.accesses ? busiest : (await outsideLane(store, session))?.lane;
	if (!lane) return null;
	return remembered(store, session, ['thumbnail', size], () => draw(store, session, lane, size));
}

async function draw(
	store: TraceStore,
	session: SessionDetail,
	lane: LaneInfo,
	{ columns, rows }: Size
): Promise<Thumbnail> {
	const { baseGfn: gfn, npages } = lane;
	const stretches = await shownGfns(store, session, lane, rows);
	const shown = pagesOf(stretches);
	const grids: HeatGrid[] = [];
	for (const each of stretches)
		grids.push(
			await heatMap(store, session, {
				lane: lane.lane,
				kinds: ACCESS_KINDS,
				time: { from: session.startNs, to: session.endNs + 1 },
				...{ gfn: each, columns, rows: Math.max(1, Math.round((rows * (each.to - each.from)) / shown)) },
				...{ value: 'sum', align: true }
			})
		);
	return {
		...{ lane: lane.lane, gfn, npages },
		max: Math.max(0, ...grids.map((grid) => grid.max)),
		total: grids.reduce((sum, grid) => sum + grid.total, 0),
		parts: grids.map(partOf)
	};
}

/** An aligned grid may begin below its stretch and end above it: the part says what its rows are. */
const partOf = (grid: HeatGrid): ThumbnailPart => ({
	gfn: grid.startGfn,
	npages: grid.rows * grid.rowPages,
	...{ columns: grid.columns, rows: grid.rows, cells: [...grid.cells] }
});

/**
 * A gap folds from this many rows of the picture on: aligned rows are up to three times as high, and the stretches on
 * both sides of a gap may each reach into it by less than one of theirs.
 */
const LEAST_ROWS = 6;

/** The lane's gfns without the folds, ascending. */
async function shownGfns(
	store: TraceStore,
	session: SessionDetail,
	lane: LaneInfo,
	rows: number
): Promise<GfnRange[]> {
	const { lanes } = await usedGfns(store, session);
	const ranges = lanes.find((each) => each.lane === lane.lane)?.ranges ?? [];
	const used = ranges.map(({ gfn, npages }) => ({ from: gfn, to: gfn + npages }));
	const whole = { from: lane.baseGfn, to: lane.baseGfn + lane.npages };
	const least = (pages: number) => Math.max(leastGap(pages), (pages * LEAST_ROWS) / rows);
	const folds = foldsOf(whole, used, least);
	const shown: GfnRange[] = [];
	let reached = whole.from;
	for (const fold of [...folds, { from: whole.to, to: whole.to }]) {
		if (fold.from > reached) shown.push({ from: reached, to: fold.from });
		reached = fold.to;
	}
	return shown;
}
