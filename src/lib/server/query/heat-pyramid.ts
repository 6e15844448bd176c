import { FIRST_ACCESS } from '#lib/domain/kinds.ts';
import type { SessionDetail } from '#lib/domain/session-info.ts';
import type { HeatLevel, TraceStore } from '../store/store.ts';
import type { Axis } from './heat-axis.ts';

/** The coarsest level whose buckets never straddle a cell's border; null if there is none. */
export async function fittingLevel(
	store: TraceStore,
	session: SessionDetail,
	lane: number,
	time: Axis,
	gfn: Axis
): Promise<HeatLevel | null> {
	const levels = await store.heatLevels(session.id, lane);
	const own = session.lanes[lane];
	const fits = ({ start, end, step }: Axis, size: number, limit: number) =>
		start % size === 0 && step % size === 0 && (end % size === 0 || end >= limit);
	const fitting = levels.filter(
		(level) =>
			fits(time, 2 ** level.timeShift, session.endNs + 1) &&
			own !== undefined &&
			gfn.step % 2 ** level.gfnShift === 0 &&
			gfn.start % 2 ** level.gfnShift === 0 &&
			(gfn.end % 2 ** level.gfnShift === 0 || gfn.end >= own.baseGfn + own.npages)
	);
	return fitting.at(-1) ?? null;
}

/**
 * Whether a level still answered for the time range when it was read: a session that grew meanwhile may have lost its
 * finest level, or have got events after the range in the range's last bucket.
 */
export async function stillFits(
	store: TraceStore,
	id: string,
	lane: number,
	time: Axis,
	{ timeShift }: HeatLevel
): Promise<boolean> {
	const levels = await store.heatLevels(id, lane);
	if (!levels.some((level) => level.timeShift === timeShift)) return false;
	return time.end % 2 ** timeShift === 0 || (await store.progress(id)).endNs < time.end;
}

/** The counts of a level's buckets, joined to the grid's cells. */
export async function fromPyramid(
	store: TraceStore,
	session: SessionDetail,
	lane: number,
	kinds: number,
	time: Axis,
	gfn: Axis,
	level: HeatLevel
): Promise<Uint32Array> {
	const cells = new Uint32Array(time.n * gfn.n);
	const bucketNs = 2 ** level.timeShift;
	const bucketPages = 2 ** level.gfnShift;
	const from = time.start / bucketNs;
	const to = Math.ceil(time.end / bucketNs);
	const perColumn = time.step / bucketNs;
	const perRow = gfn.step / bucketPages;
	const laneBucket = Math.floor((session.lanes[lane]?.baseGfn ?? 0) / bucketPages);
	const firstRow = laneBucket - gfn.start / bucketPages;
	for (const tile of await store.heatCells(session.id, lane, level, { from, to })) {
		for (let i = 0; i < tile.length; i++) {
			const index = tile.index[i] as number;
			const mode = Math.floor(index / tile.rows);
			if (!((kinds >>> (FIRST_ACCESS + mode)) & 1)) continue;
			const bucket = tile.firstBucket + (tile.time[i] as number);
			const row = Math.floor((index - mode * tile.rows + firstRow) / perRow);
			if (bucket < from || bucket >= to || row < 0 || row >= gfn.n) continue;
			const at = row * time.n + Math.floor((bucket - from) / perColumn);
			cells[at] = (cells[at] as number) + (tile.count[i] as number);
		}
	}
	return cells;
}
