import type { Range } from './range.ts';

/**
 * Where the cells of a heat map lie: column `i` covers `[startNs + i * columnNs, + columnNs)`, row `j` the gfns
 * `[startGfn + j * rowPages, + rowPages)`.
 */
export interface GridPlace {
	readonly startNs: number;
	readonly columnNs: number;
	readonly columns: number;
	readonly startGfn: number;
	readonly rowPages: number;
	readonly rows: number;
}

/** A heat map with its cells: length = columns x rows, row-major, row 0 is the lowest gfn. */
export interface Grid extends GridPlace {
	readonly max: number;
	readonly total: number;
	readonly cells: Uint8Array | Uint16Array | Uint32Array | Float64Array;
}

/** The whole time range of a grid's columns. */
export const gridTime = (grid: GridPlace): Range => ({
	from: grid.startNs,
	to: grid.startNs + grid.columns * grid.columnNs
});

/** The whole gfn range of a grid's rows. */
export const gridGfns = (grid: GridPlace): Range => ({
	from: grid.startGfn,
	to: grid.startGfn + grid.rows * grid.rowPages
});

/** One cell: its half-open ranges, its count and the sum of its column. */
export interface Cell {
	readonly time: Range;
	readonly gfns: Range;
	readonly count: number;
	readonly columnTotal: number;
}

/**
 * The cell at a point in the first of some grids of one lane that holds it, its column summed up over all of them; null
 * outside. Grids are of one time axis and hold different gfns.
 */
export function cellIn(grids: readonly Grid[], tsNs: number, gfn: number): Cell | null {
	for (const grid of grids) {
		const cell = cellAt(grid, tsNs, gfn);
		if (cell) return { ...cell, columnTotal: grids.reduce((sum, each) => sum + columnSum(each, tsNs), 0) };
	}
	return null;
}

function columnSum(grid: Grid, tsNs: number): number {
	const column = Math.floor((tsNs - grid.startNs) / grid.columnNs);
	if (column < 0 || column >= grid.columns) return 0;
	let sum = 0;
	for (let i = column; i < grid.cells.length; i += grid.columns) sum += grid.cells[i] ?? 0;
	return sum;
}

/** The cell at a point, its column summed up in the grid alone; null outside the grid. */
export function cellAt(grid: Grid, tsNs: number, gfn: number): Cell | null {
	const column = Math.floor((tsNs - grid.startNs) / grid.columnNs);
	const row = Math.floor((gfn - grid.startGfn) / grid.rowPages);
	if (column < 0 || column >= grid.columns || row < 0 || row >= grid.rows) return null;
	const from = grid.startNs + column * grid.columnNs;
	const startGfn = grid.startGfn + row * grid.rowPages;
	return {
		time: { from, to: from + grid.columnNs },
		gfns: { from: startGfn, to: startGfn + grid.rowPages },
		count: grid.cells[row * grid.columns + column] ?? 0,
		columnTotal: columnSum(grid, tsNs)
	};
}

/** A rectangle in pixels. */
export interface Box {
	readonly x: number;
	readonly y: number;
	readonly width: number;
	readonly height: number;
}

/** What is on the screen: a time range and a gfn range over a rectangle of pixels at the origin. */
export interface Viewport {
	readonly time: Range;
	readonly gfns: Range;
	readonly width: number;
	readonly height: number;
}

/** Where the grid's picture lies in the viewport; may reach beyond it at each side. Low gfns are at the bottom. */
export function placeGrid(grid: GridPlace, view: Viewport): Box {
	const perNs = view.width / (view.time.to - view.time.from);
	const perGfn = view.height / (view.gfns.to - view.gfns.from);
	const { from, to } = gridTime(grid);
	const gfns = gridGfns(grid);
	return {
		x: (from - view.time.from) * perNs,
		y: (view.gfns.to - gfns.to) * perGfn,
		width: (to - from) * perNs,
		height: (gfns.to - gfns.from) * perGfn
	};
}
