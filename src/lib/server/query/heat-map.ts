import { ACCESS_KINDS, FIRST_ACCESS, maskKinds, type Mode } from '#lib/domain/kinds.ts';
import type { LossInfo, SessionDetail } from '#lib/domain/session-info.ts';
import type { Lane } from '#lib/domain/state.ts';
import type { HeatLevel, StoredColumns, TraceStore } from '../store/store.ts';
import { mayMatch } from './filter.ts';
import { lowerBound } from './search.ts';

export interface HeatMapQuery {
	readonly lane: number;
	/** Bit set of kind codes; only accesses count. */
	readonly kinds: number;
	/** Half-open, in the session's time. */
	readonly time: { readonly from: number; readonly to: number };
	/** Half-open. */
	readonly gfn: { readonly from: number; readonly to: number };
	/** At most this many; cells are whole ns and whole pages, all of one size. */
	readonly columns: number;
	readonly rows: number;
	/** `sum`: accesses (a ranged one counts once for each page); `pages`: distinct gfns. */
	readonly value: 'sum' | 'pages';
	/** Widens the ranges to whole power-of-two cells, so that pictures do not shimmer while panning. */
	readonly align?: boolean;
}

export interface HeatGrid {
	readonly lane: number;
	readonly kinds: readonly Mode[];
	readonly value: 'sum' | 'pages';
	readonly startNs: number;
	readonly columnNs: number;
	readonly columns: number;
	readonly startGfn: number;
	readonly rowPages: number;
	readonly rows: number;
	/** Length = columns x rows, row-major, row 0 is the lowest gfn. */
	readonly cells: Uint32Array;
	readonly max: number;
	readonly total: number;
	readonly loss: readonly LossInfo[];
	/** What answered: the pyramid, or the events themselves. Both are exact. */
	readonly from: 'pyramid' | 'events';
}

interface Axis {
	readonly start: number;
	/** First position that does not count any more. */
	readonly end: number;
	readonly step: number;
	readonly n: number;
}

/** `count` at most cells of one whole size over `[from, to)`. */
function axis(from: number, to: number, count: number, align: boolean): Axis {
	if (to <= from) return { start: from, end: from, step: 1, n: 0 };
	if (!align) {
		const step = Math.ceil((to - from) / count);
		return { start: from, end: to, step, n: Math.ceil((to - from) / step) };
	}
	for (let step = 1; ; step *= 2) {
		const start = Math.floor(from / step) * step;
		const end = Math.ceil(to / step) * step;
		if ((end - start) / step <= Math.max(2, count)) return { start, end, step, n: (end - start) / step };
	}
}

/**
 * Counts the accesses of a lane on a grid: exactly what counting them one by one gives, whatever answers it.
 * @throws {RangeError} if the session has no such lane
 */
export async function heatMap(
	store: TraceStore,
	session: SessionDetail,
	query: HeatMapQuery
): Promise<HeatGrid> {
	const lane = session.lanes[query.lane];
	if (!lane) throw new RangeError(`session ${session.id} has no lane ${query.lane}`);
	const time = axis(query.time.from, query.time.to, query.columns, query.align ?? false);
	const gfn = axis(query.gfn.from, query.gfn.to, query.rows, query.align ?? false);
	const kinds = query.kinds & ACCESS_KINDS;
	const level = query.value === 'sum' ? await fittingLevel(store, session, query.lane, time, gfn) : null;
	const quick = level && (await fromPyramid(store, session, query.lane, kinds, time, gfn, level));
	const stands = level && (await stillFits(store, session.id, query.lane, time, level));
	const cells = quick && stands ? quick : await fromEvents(store, session.id, lane, query, kinds, time, gfn);
	let max = 0;
	let total = 0;
	for (let i = 0; i < cells.length; i++) {
		const cell = cells[i] as number;
		if (cell > max) max = cell;
		total += cell;
	}
	return {
		lane: query.lane,
		kinds: maskKinds(kinds) as Mode[],
		value: query.value,
		startNs: time.start,
		columnNs: time.step,
		columns: time.n,
		startGfn: gfn.start,
		rowPages: gfn.step,
		rows: gfn.n,
		cells,
		max,
		total,
		loss: session.losses.filter((loss) => loss.endNs >= time.start && loss.startNs < time.end),
		from: stands ? 'pyramid' : 'events'
	};
}

/** The coarsest level whose buckets never straddle a cell's border; null if there is none. */
async function fittingLevel(
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
			(gfn.start % 2 ** level.gfnShift === 0 || gfn.start === own.baseGfn) &&
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
async function stillFits(
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

async function fromPyramid(
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

/** Counts one by one. */
async function fromEvents(
	store: TraceStore,
	id: string,
	lane: Lane,
	query: HeatMapQuery,
	kinds: number,
	time: Axis,
	gfn: Axis
): Promise<Uint32Array> {
	const filter = {
		kinds,
		lane: query.lane,
		time: { from: time.start, to: time.end },
		gfn: { from: gfn.start, to: gfn.end }
	};
	const count: GridCount = {
		time,
		gfn,
		lane: query.lane,
		laneEnd: lane.baseGfn + lane.npages - gfn.start,
		wanted: Uint8Array.from({ length: 32 }, (_, code) => (kinds >>> code) & 1),
		rowOf: rowsOf(gfn),
		column: new Uint32Array(gfn.n),
		cells: new Uint32Array(time.n * gfn.n),
		seen: query.value === 'pages' ? new Int32Array(gfn.end - gfn.start).fill(-1) : null
	};
	for (const segment of await store.segments(id)) {
		if (!mayMatch(segment, filter)) continue;
		const columns = await store.readColumns(id, segment, ['tsNs', 'kind', 'lane', 'gfn', 'npages']);
		countSegment(columns, count);
	}
	return count.cells;
}

interface GridCount {
	readonly time: Axis;
	readonly gfn: Axis;
	readonly lane: number;
	/** First page after the lane: a ranged access counts up to there. */
	readonly laneEnd: number;
	/** 1 for each kind code that counts. */
	readonly wanted: Uint8Array;
	/** Row of each page. */
	readonly rowOf: Uint16Array;
	/** Counts of the column being filled: it stays in the processor's cache, the grid would not. */
	readonly column: Uint32Array;
	readonly cells: Uint32Array;
	/** Last column that each page was counted in; null to count accesses. */
	readonly seen: Int32Array | null;
}

function rowsOf({ start, end, step, n }: Axis): Uint16Array {
	const rows = new Uint16Array(end - start);
	for (let row = 0; row < n; row++) rows.fill(row, row * step, (row + 1) * step);
	return rows;
}

type CountedColumns = Pick<StoredColumns, 'tsNs' | 'kind' | 'lane' | 'gfn' | 'npages'>;

function countSegment({ tsNs, kind, lane, gfn, npages }: CountedColumns, count: GridCount): void {
	const { time, lane: wantedLane, wanted, rowOf, seen } = count;
	const rows = count.column;
	const startGfn = count.gfn.start;
	const span = Math.min(rowOf.length, count.laneEnd);
	const end = lowerBound(tsNs, time.end);
	let column = -1;
	let columnEnd = -1;
	for (let i = lowerBound(tsNs, time.start); i < end; i++) {
		if (lane[i] !== wantedLane || wanted[kind[i] as number] === 0) continue;
		const at = tsNs[i] as number;
		if (at >= columnEnd) {
			// times ascend: the column is worked out once for all of its events
			addColumn(count, column);
			column = Math.floor((at - time.start) / time.step);
			columnEnd = time.start + (column + 1) * time.step;
		}
		const first = (gfn[i] as number) - startGfn;
		const last = Math.min(span, first + (npages[i] as number));
		for (let page = first < 0 ? 0 : first; page < last; page++) {
			if (seen !== null) {
				if (seen[page] === column) continue;
				seen[page] = column;
			}
			const row = rowOf[page] as number;
			rows[row] = (rows[row] as number) + 1;
		}
	}
	addColumn(count, column);
}

/** Adds the column's counts to the grid and clears them. */
function addColumn({ column: rows, cells, time }: GridCount, column: number): void {
	if (column < 0) return;
	for (let row = 0, at = column; row < rows.length; row++, at += time.n) {
		const n = rows[row] as number;
		if (n === 0) continue;
		cells[at] = (cells[at] as number) + n;
		rows[row] = 0;
	}
}
