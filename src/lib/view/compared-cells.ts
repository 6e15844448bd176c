import type { ComparedGrid } from '#lib/api/compare-types.ts';
import type { CompareView, SideName } from './compare-view.ts';
import { clampRange, type Range, span } from './range.ts';

/** A cell on both sides. */
export interface ComparedCell {
	readonly column: number;
	readonly row: number;
	readonly a: number;
	readonly b: number;
	readonly logRatio: number;
	readonly gfns: Range;
	/** The column's time on each side, cut to the side's window; null after its end. */
	readonly times: Readonly<Record<SideName, Range | null>>;
}

/** The cell in a column and a row (0 is the lowest gfn); null outside the grid. */
export function comparedCell(
	grid: ComparedGrid,
	{ column, row }: { readonly column: number; readonly row: number },
	{ windows, gfnEnd }: { readonly windows: Readonly<Record<SideName, Range>>; readonly gfnEnd: number }
): ComparedCell | null {
	if (column < 0 || column >= grid.columns || row < 0 || row >= grid.rows) return null;
	const at = row * grid.columns + column;
	const from = grid.startGfn + row * grid.rowPages;
	return {
		column,
		row,
		a: grid.a.cells[at] ?? 0,
		b: grid.b.cells[at] ?? 0,
		logRatio: grid.logRatio[at] ?? 0,
		gfns: { from, to: Math.min(from + grid.rowPages, gfnEnd) },
		times: {
			a: columnTime(grid.a, column, windows.a),
			b: columnTime(grid.b, column, windows.b)
		}
	};
}

/** Half-open time of a column, cut to the window; null if the window ends before it. */
export function columnTime(
	{ startNs, columnNs }: { readonly startNs: number; readonly columnNs: number },
	column: number,
	window: Range
): Range | null {
	const from = startNs + column * columnNs;
	const to = Math.min(from + columnNs, window.to);
	return to > from ? { from, to } : null;
}

/** Share (0 to 1) of the map's width that a side's window takes. */
export const filledShare = (grid: ComparedGrid, side: SideName, window: Range): number =>
	Math.min(1, span(window) / (grid[side].columnNs * grid.columns));

/** Number of columns, from the first, in which both windows have time. */
export const sharedColumns = (grid: ComparedGrid, windows: Readonly<Record<SideName, Range>>): number =>
	Math.min(
		...(['a', 'b'] as const).map((side) => Math.ceil(span(windows[side]) / grid[side].columnNs)),
		grid.columns
	);

/** Columns `[from, to)` as a time window of a side; null if the side's window ends before them. */
export function columnsTime(grid: ComparedGrid, side: SideName, columns: Range, window: Range): Range | null {
	const { startNs, columnNs } = grid[side];
	const from = startNs + columns.from * columnNs;
	const to = Math.min(startNs + columns.to * columnNs, window.to);
	return to > from ? { from, to } : null;
}

/** Windows one may want to compare a window of a session with: its neighbours of the same length, and the whole. */
export function nearbyWindows(
	time: Range,
	whole: Range
): { readonly name: string; readonly time: Range | null }[] {
	const length = span(time);
	const before = clampRange({ from: time.from - length, to: time.from }, whole);
	const after = clampRange({ from: time.to, to: time.to + length }, whole);
	return [
		...(before.to <= time.from ? [{ name: 'the window before', time: before }] : []),
		...(after.from >= time.to ? [{ name: 'the window after', time: after }] : []),
		...(length < span(whole) ? [{ name: 'the whole session', time: null }] : [])
	];
}

/** What a count is multiplied by for the colours: 1, or less on the side with the longer columns if that is wished. */
export const sideFactor = (
	grid: ComparedGrid,
	side: SideName,
	normalise: CompareView['normalise']
): number => (normalise === 'none' ? 1 : Math.min(grid.a.columnNs, grid.b.columnNs) / grid[side].columnNs);

/** How both sides stand to each other in words: `more in B`, `alike`, `only in A`, `none on both sides`. */
export function ratioText(a: number, b: number, logRatio: number): string {
	if (!a && !b) return 'none on both sides';
	if (!b) return 'only in A';
	if (!a) return 'only in B';
	if (logRatio === 0) return 'alike';
	return logRatio > 0 ? 'more in B' : 'more in A';
}

/** `+1.58`, `−0.42`, `0`: a log ratio, to two decimals. */
export function formatLogRatio(logRatio: number): string {
	const text = Math.abs(logRatio).toFixed(2);
	if (Number(text) === 0) return '0.00';
	return `${logRatio < 0 ? '−' : '+'}${text}`;
}

/** All cells of a grid by rows, the highest gfns first, as in the picture. */
export const comparedRows = (
	grid: ComparedGrid,
	place: Parameters<typeof comparedCell>[2]
): (readonly ComparedCell[])[] =>
	Array.from({ length: grid.rows }, (_, i) =>
		Array.from({ length: grid.columns }, (_, column) =>
			comparedCell(grid, { column, row: grid.rows - 1 - i }, place)
		).filter((cell) => cell !== null)
	);

/**
 * The cells as CSV (RFC 4180), a line for each; times in each session's clock, gfns decimal, ranges half-open; the times
 * of a side are empty after its window's end.
 */
export function comparedCsv(rows: readonly (readonly ComparedCell[])[]): string {
	const lines = rows
		.flat()
		.map(({ gfns, times, a, b, logRatio }) =>
			[gfns.from, gfns.to, times.a?.from, times.a?.to, times.b?.from, times.b?.to, a, b, logRatio].join(',')
		);
	return ['from_gfn,to_gfn,a_from_ns,a_to_ns,b_from_ns,b_to_ns,a,b,log_ratio', ...lines, ''].join('\r\n');
}
