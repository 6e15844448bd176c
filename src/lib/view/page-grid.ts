import type { Range } from './range.ts';

/** Pages laid out in rows from left to right, the lowest gfn at the top left; a cell holds `pages` of them. */
export interface PageGridLayout {
	readonly columns: number;
	readonly rows: number;
	/** Side of a cell's square in CSS pixels, a whole number. */
	readonly cell: number;
	/** A power of two. */
	readonly pages: number;
}

const LEAST_CELL = 4;
const MOST_CELL = 14;

/**
 * The largest whole cells (4 to 14 pixels) with which all pages fit into `width` by `height` pixels; a cell holds
 * more than one page if even the smallest cells would not fit. Columns are a power of two.
 */
export function pageGridLayout(npages: number, width: number, height: number): PageGridLayout {
	for (let pages = 1; ; pages *= 2) {
		const cells = Math.ceil(npages / pages);
		for (let cell = MOST_CELL; cell >= LEAST_CELL; cell--) {
			const columns = 2 ** Math.floor(Math.log2(width / cell));
			const rows = Math.ceil(cells / columns);
			if (rows * cell <= height) return { columns, rows, cell, pages };
		}
	}
}

/** The half-open range of gfns in the cell at a point of the grid; null beside it. */
export function pagesAt(layout: PageGridLayout, gfns: Range, x: number, y: number): Range | null {
	const column = Math.floor(x / layout.cell);
	const row = Math.floor(y / layout.cell);
	if (column < 0 || column >= layout.columns || row < 0) return null;
	return pagesOf(layout, gfns, row * layout.columns + column);
}

/** The half-open range of gfns in a cell; null if the grid has no such cell. */
export function pagesOf({ pages }: PageGridLayout, gfns: Range, index: number): Range | null {
	const from = gfns.from + index * pages;
	return index >= 0 && from < gfns.to ? { from, to: Math.min(gfns.to, from + pages) } : null;
}

/** The cell that holds a page. */
export const cellOf = ({ pages }: PageGridLayout, gfns: Range, gfn: number): number =>
	Math.floor((gfn - gfns.from) / pages);

/** Top left corner of the cell that holds a page. */
export function pagePoint(layout: PageGridLayout, gfns: Range, gfn: number): { x: number; y: number } {
	const index = cellOf(layout, gfns, gfn);
	return {
		x: (index % layout.columns) * layout.cell,
		y: Math.floor(index / layout.columns) * layout.cell
	};
}
