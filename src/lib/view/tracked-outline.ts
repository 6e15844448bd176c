import type { Grid } from './grid.ts';
import type { Range } from './range.ts';

/** An edge of the tracked pages in cells: from `(x, y)` to the right (`across`) or upwards, `length` cells long. */
export interface Edge {
	readonly x: number;
	/** Row border, 0 below the lowest gfn. */
	readonly y: number;
	readonly length: number;
	readonly across: boolean;
}

/** Share of a cell's pages that an outline stands for: some of them, at least half, or all. */
export const OUTLINE_SHARES = ['some', 'half', 'all'] as const;
export type OutlineShare = (typeof OUTLINE_SHARES)[number];
/** The outline of the cells that have such a share tracked. */
export interface TrackedOutline {
	readonly share: OutlineShare;
	readonly edges: readonly Edge[];
}

/** Opacity of an outline; one of `some` pages is dotted too, so that a few tracked pages do not look like all. */
export const OUTLINE_OPACITY: Readonly<Record<OutlineShare, number>> = { some: 0.6, half: 0.75, all: 1 };

/**
 * Outlines of a grid of tracked pages, from the weakest share to the strongest, without those that are empty; `lane` has
 * the pages that count for a cell's share. A stronger one is drawn over a weaker one where their edges coincide.
 */
export function trackedOutlines(grid: Grid, lane: Range): TrackedOutline[] {
	const pages = Array.from({ length: grid.rows }, (_, row) => {
		const from = grid.startGfn + row * grid.rowPages;
		return Math.max(1, Math.min(lane.to, from + grid.rowPages) - Math.max(lane.from, from));
	});
	const least: Readonly<Record<OutlineShare, (row: number) => number>> = {
		some: () => 1,
		half: (row) => Math.ceil((pages[row] ?? 1) / 2),
		all: (row) => pages[row] ?? 1
	};
	return OUTLINE_SHARES.map((share) => ({ share, edges: trackedOutline(grid, least[share]) })).filter(
		({ edges }) => edges.length > 0
	);
}

/**
 * The outline of all cells that are at least as large as `least` says for their row, neighbouring edges joined: by
 * default what separates tracked from untracked pages.
 *
 *     rows   . # #        across edges below and above,
 *            . # .        upright ones left and right
 */
export function trackedOutline(
	{ cells, columns, rows }: Pick<Grid, 'cells' | 'columns' | 'rows'>,
	least: (row: number) => number = () => 1
): Edge[] {
	const wanted = Array.from({ length: rows }, (_, row) => least(row));
	const is = (x: number, y: number) =>
		x >= 0 && y >= 0 && x < columns && y < rows && (cells[y * columns + x] ?? 0) >= (wanted[y] ?? 1);
	const edges: Edge[] = [];
	for (let y = 0; y <= rows; y++)
		collect(
			columns,
			(x) => is(x, y) !== is(x, y - 1),
			(x, length) => edges.push({ x, y, length, across: true })
		);
	for (let x = 0; x <= columns; x++)
		collect(
			rows,
			(y) => is(x, y) !== is(x - 1, y),
			(y, length) => edges.push({ x, y, length, across: false })
		);
	return edges;
}

function collect(
	n: number,
	edge: (i: number) => boolean,
	found: (start: number, length: number) => void
): void {
	let start = -1;
	for (let i = 0; i <= n; i++) {
		const here = i < n && edge(i);
		if (here && start < 0) start = i;
		else if (!here && start >= 0) {
			found(start, i - start);
			start = -1;
		}
	}
}
