import type { HeatValue } from '#lib/api/types.ts';
import { ACCESS_KINDS, maskKinds, type Mode } from '#lib/domain/kinds.ts';
import { type LossInfo, OUTSIDE_LANE, type SessionDetail } from '#lib/domain/session-info.ts';
import type { TraceStore } from '../store/store.ts';
import type { EventFilter } from './filter.ts';
import { axis, type Axis } from './heat-axis.ts';
import { gridFromEvents } from './heat-events.ts';
import { fittingLevel, fromPyramid, stillFits } from './heat-pyramid.ts';
import { laneAt } from './outside-lane.ts';
import { firstTouches, touchAges } from './heat-touch.ts';

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
	readonly value: HeatValue;
	/** Counts only these accesses. */
	readonly filter?: EventFilter;
	/** Widens the ranges to whole power-of-two cells, so that pictures do not shimmer while panning. */
	readonly align?: boolean;
}

export interface HeatGrid {
	readonly lane: number;
	readonly kinds: readonly Mode[];
	readonly value: HeatValue;
	readonly startNs: number;
	readonly columnNs: number;
	readonly columns: number;
	readonly startGfn: number;
	readonly rowPages: number;
	readonly rows: number;
	/** Length = columns x rows, row-major, row 0 is the lowest gfn. `age` may be -1: not accessed so far. */
	readonly cells: Uint32Array | Float64Array;
	/** Largest cell, at least 0; and the sum of all cells but those of -1. */
	readonly max: number;
	readonly total: number;
	readonly loss: readonly LossInfo[];
	/** What answered: the pyramid, or the events themselves. All are exact. */
	readonly from: 'pyramid' | 'events';
}

interface Axes {
	readonly time: Axis;
	readonly gfn: Axis;
}
type Counted = Pick<HeatGrid, 'cells' | 'from'>;

/**
 * Counts the accesses of a lane on a grid: exactly what counting them one by one gives, whatever answers it.
 * @throws {RangeError} if the session has no such lane
 */
export async function heatMap(
	store: TraceStore,
	session: SessionDetail,
	query: HeatMapQuery,
	signal?: AbortSignal
): Promise<HeatGrid> {
	const align = query.align ?? false;
	const axes = {
		time: axis(query.time.from, query.time.to, query.columns, align),
		gfn: axis(query.gfn.from, query.gfn.to, query.rows, align)
	};
	const { cells, from } = await countCells(store, session, query, axes, signal);
	let max = 0;
	let total = 0;
	for (let i = 0; i < cells.length; i++) {
		const cell = cells[i] as number;
		if (cell > max) max = cell;
		if (cell > 0) total += cell;
	}
	return {
		lane: query.lane,
		kinds: maskKinds(query.kinds & ACCESS_KINDS) as Mode[],
		value: query.value,
		...geometry(axes),
		cells,
		max,
		total,
		loss: session.losses.filter((loss) => loss.endNs >= axes.time.start && loss.startNs < axes.time.end),
		from
	};
}

/** The axes by the names that answers have for them. */
export const geometry = ({ time, gfn }: Axes) => ({
	startNs: time.start,
	columnNs: time.step,
	columns: time.n,
	startGfn: gfn.start,
	rowPages: gfn.step,
	rows: gfn.n
});

async function countCells(
	store: TraceStore,
	session: SessionDetail,
	query: HeatMapQuery,
	{ time, gfn }: Axes,
	signal: AbortSignal | undefined
): Promise<Counted> {
	const lane = await laneAt(store, session, query.lane);
	if (!lane) throw new RangeError(`session ${session.id} has no lane ${query.lane}`);
	const kinds = query.kinds & ACCESS_KINDS;
	const plain = !query.filter || Object.values(query.filter).every((each) => each === undefined);
	const level =
		query.value === 'sum' && plain && query.lane !== OUTSIDE_LANE
			? await fittingLevel(store, session, query.lane, time, gfn)
			: null;
	if (level) {
		const cells = await fromPyramid(store, session, query.lane, kinds, time, gfn, level);
		if (await stillFits(store, session.id, query.lane, time, level)) return { cells, from: 'pyramid' };
	}
	const filter = { ...query.filter, kinds, lane: query.lane };
	const window = { time: { from: time.start, to: time.end }, gfn: { from: gfn.start, to: gfn.end } };
	const touches = { lane, time, gfn, filter, signal };
	if (query.value === 'first') return { cells: await firstTouches(store, session, touches), from: 'events' };
	if (query.value === 'age') return { cells: await touchAges(store, session, touches), from: 'events' };
	const grid = { lane, time, gfn, filter: { ...filter, ...window }, value: query.value, signal };
	return { cells: await gridFromEvents(store, session.id, grid), from: 'events' };
}
