import type { Lane } from '#lib/domain/state.ts';
import type { StoredColumns, TraceStore } from '../store/store.ts';
import type { EventFilter } from './filter.ts';
import { selectEvents } from './filter-select.ts';
import type { Axis } from './heat-axis.ts';
import { pauses } from './pause.ts';
import { SparsePages } from './sparse-pages.ts';

/** Largest range of pages whose rows are kept in a table. */
const ROW_TABLE_PAGES = 1 << 22;

export interface EventGrid {
	readonly lane: Lane;
	readonly time: Axis;
	readonly gfn: Axis;
	/** Accesses of the lane within both axes, whatever else is asked of them. */
	readonly filter: EventFilter;
	/** `max`: largest number of accesses of one page within the cell. */
	readonly value: 'sum' | 'pages' | 'max';
	readonly signal?: AbortSignal | undefined;
}

interface Counting {
	readonly grid: EventGrid;
	/** First page after the lane, from the gfn axis's start: a ranged access counts up to there. */
	readonly pagesEnd: number;
	/** Row of each page; null for a range too large for a table. */
	readonly rowOf: Uint16Array | null;
	/** Counts of the column being filled: it stays in the processor's cache, the grid would not. */
	readonly column: Uint32Array;
	readonly cells: Uint32Array;
	/** Last column that each page was counted in, and its accesses there. */
	readonly seen: SparsePages;
	readonly times: SparsePages;
	/** Column being filled; -1 before the first. */
	at: number;
}

/** Counts a lane's accesses one by one: length = columns x rows, row-major, row 0 is the lowest gfn. */
export async function gridFromEvents(store: TraceStore, id: string, grid: EventGrid): Promise<Uint32Array> {
	const { gfn, time, lane } = grid;
	const counting: Counting = {
		grid,
		pagesEnd: Math.min(gfn.end, lane.baseGfn + lane.npages) - gfn.start,
		rowOf: gfn.end - gfn.start <= ROW_TABLE_PAGES ? rowsOf(gfn) : null,
		column: new Uint32Array(gfn.n),
		cells: new Uint32Array(time.n * gfn.n),
		seen: new SparsePages(-1),
		times: new SparsePages(0),
		at: -1
	};
	const pause = pauses(grid.signal);
	for (const segment of await store.segments(id)) {
		const hits = await selectEvents(store, id, segment, grid.filter);
		if (!hits.length) continue;
		count(hits, await store.readColumns(id, segment, ['tsNs', 'gfn', 'npages']), counting);
		await pause();
	}
	takeColumn(counting);
	return counting.cells;
}

function rowsOf({ start, end, step, n }: Axis): Uint16Array {
	const rows = new Uint16Array(end - start);
	for (let row = 0; row < n; row++) rows.fill(row, row * step, (row + 1) * step);
	return rows;
}

function count(
	hits: Uint32Array,
	{ tsNs, gfn, npages }: Pick<StoredColumns, 'tsNs' | 'gfn' | 'npages'>,
	counting: Counting
): void {
	const { grid, pagesEnd, rowOf, column } = counting;
	const { time, value } = grid;
	const startGfn = grid.gfn.start;
	const { step } = grid.gfn;
	let columnEnd = time.start + (counting.at + 1) * time.step;
	for (const i of hits) {
		const at = tsNs[i] as number;
		if (at >= columnEnd || counting.at < 0) {
			// times ascend: the column is worked out once for all of its events
			takeColumn(counting);
			counting.at = Math.floor((at - time.start) / time.step);
			columnEnd = time.start + (counting.at + 1) * time.step;
		}
		const first = (gfn[i] as number) - startGfn;
		const last = Math.min(pagesEnd, first + (npages[i] as number));
		for (let page = first < 0 ? 0 : first; page < last; page++) {
			const row = rowOf ? (rowOf[page] as number) : Math.floor(page / step);
			if (value === 'sum') column[row] = (column[row] as number) + 1;
			else if (value === 'max') column[row] = Math.max(column[row] as number, timesOf(counting, page));
			else if (counting.seen.get(page) !== counting.at) {
				counting.seen.set(page, counting.at);
				column[row] = (column[row] as number) + 1;
			}
		}
	}
}

/** Counts one more access of a page in this column; returns how many that makes. */
function timesOf({ seen, times, at }: Counting, page: number): number {
	const before = seen.get(page) === at ? times.get(page) : 0;
	seen.set(page, at);
	times.set(page, before + 1);
	return before + 1;
}

/** Moves the column's counts to the grid. */
function takeColumn({ column, cells, grid, at }: Counting): void {
	if (at < 0) return;
	for (let row = 0, cell = at; row < column.length; row++, cell += grid.time.n) {
		const n = column[row] as number;
		if (n === 0) continue;
		cells[cell] = n;
		column[row] = 0;
	}
}
