import type { Grid } from './grid.ts';

/** An edge of the tracked pages in cells: from `(x, y)` to the right (`across`) or upwards, `length` cells long. */
export interface Edge {
	readonly x: number;
	/** Row border, 0 below the lowest gfn. */
	readonly y: number;
	readonly length: number;
	readonly across: boolean;
}

/**
 * The outline of all cells that are not zero, neighbouring edges joined: what separates tracked from untracked pages.
 *
 *     rows   . # #        across edges below and above,
 *            . # .        upright ones left and right
 */
export function trackedOutline({ cells, columns, rows }: Pick<Grid, 'cells' | 'columns' | 'rows'>): Edge[] {
	const is = (x: number, y: number) =>
		x >= 0 && y >= 0 && x < columns && y < rows && (cells[y * columns + x] ?? 0) > 0;
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
