import type { GridPlace } from './grid.ts';
import type { Range } from './range.ts';

/** A heat map as rows of numbers, the highest gfns first, as in the picture. */
export interface CellTable {
	/** Half-open time of each column, cut to the window. */
	readonly columns: readonly Range[];
	readonly rows: readonly CellRow[];
}

/** A row of cells; `folded` if the picture folds its gfns, because nothing ever happened to them. */
export interface CellRow {
	readonly gfns: Range;
	readonly cells: readonly number[];
	readonly folded?: true;
}

/** The table of a grid whose cells are row-major with the lowest gfn first; ranges are cut to what was asked. */
export function cellTable(
	grid: GridPlace & { readonly cells: ArrayLike<number> },
	{ time, gfns }: { readonly time: Range; readonly gfns: Range }
): CellTable {
	const columns = Array.from({ length: grid.columns }, (_, i) => {
		const from = grid.startNs + i * grid.columnNs;
		return { from: Math.max(from, time.from), to: Math.min(from + grid.columnNs, time.to) };
	});
	const rows = Array.from({ length: grid.rows }, (_, j) => {
		const from = grid.startGfn + j * grid.rowPages;
		const cells = Array.from({ length: grid.columns }, (_, i) => grid.cells[j * grid.columns + i] ?? 0);
		return { gfns: { from: Math.max(from, gfns.from), to: Math.min(from + grid.rowPages, gfns.to) }, cells };
	});
	return { columns, rows: rows.reverse() };
}

/** Tables of several stretches of gfns as one, with a row of `none` (what an unused cell holds) for each fold. */
export function joinTables(tables: readonly CellTable[], folds: readonly Range[], none: number): CellTable {
	const columns = tables[0]?.columns ?? [];
	const gaps = folds.map((gfns): CellRow => ({ gfns, cells: columns.map(() => none), folded: true }));
	const rows = [...tables.flatMap((table) => table.rows), ...gaps];
	return { columns, rows: rows.sort((a, b) => b.gfns.from - a.gfns.from) };
}

/**
 * The table as CSV (RFC 4180): a line for each cell, `value` as its heading; times in the session's clock, gfns decimal,
 * ranges half-open.
 */
export function cellCsv({ columns, rows }: CellTable, value: string): string {
	const lines = rows.flatMap(({ gfns, cells }) =>
		cells.map((cell, i) => [columns[i]?.from, columns[i]?.to, gfns.from, gfns.to, cell].join(','))
	);
	return [`from_ns,to_ns,from_gfn,to_gfn,${value}`, ...lines, ''].join('\r\n');
}
