import { type GfnScale } from './gfn-scale.ts';
import { type Cell } from './grid.ts';
import { type Range, span } from './range.ts';

/** A point of a lane by what it stands for. */
export interface LanePlace {
	readonly tsNs: number;
	readonly gfn: number;
}

/** What a step in a lane goes by. */
export interface CellStep {
	/** The cell that the step begins in: time and gfns. */
	readonly cell: Pick<Cell, 'time' | 'gfns'>;
	/** Whole cells to the right and upwards. */
	readonly columns: number;
	readonly rows: number;
}

const clamp = (value: number, { from, to }: Range) => Math.max(from, Math.min(to - 1, value));

/**
 * The middle of the cell that a step leads to, within the limits. A fold is passed over to the first gfn beyond it; if
 * there is none, the gfn stays where it is.
 */
export function stepCell(
	at: LanePlace,
	{ cell, columns, rows }: CellStep,
	{ time, gfns, scale }: { time: Range; gfns: Range; scale: GfnScale }
): LanePlace {
	const middle = (cell.time.from + cell.time.to) / 2 + columns * span(cell.time);
	const tsNs = columns ? clamp(Math.floor(middle), time) : at.tsNs;
	if (!rows) return { tsNs, gfn: at.gfn };
	const wanted = clamp(cell.gfns.from + rows * span(cell.gfns) + Math.floor(span(cell.gfns) / 2), gfns);
	const fold = scale.pieces.find((piece) => piece.folded && within(wanted, piece.gfns))?.gfns;
	const beyond = !fold ? wanted : rows > 0 ? fold.to : fold.from - 1;
	return { tsNs, gfn: within(beyond, gfns) ? beyond : at.gfn };
}

const within = (value: number, { from, to }: Range) => value >= from && value < to;

/** Where a cell cursor begins: at the wished time and gfn where they are in sight, else in the middle of what is. */
export function firstPlace(
	wish: { readonly tsNs: number; readonly gfn: number | null },
	{ time, scale }: { time: Range; scale: GfnScale }
): LanePlace {
	const shown = scale.pieces.filter((piece) => !piece.folded);
	const tallest = shown.reduce(
		(best, piece) => (piece.height > best.height ? piece : best),
		shown[0] ?? NONE
	);
	const { gfn } = wish;
	const seen = gfn !== null && shown.some((piece) => within(gfn, piece.gfns));
	return {
		tsNs: within(wish.tsNs, time) ? wish.tsNs : Math.floor((time.from + time.to) / 2),
		gfn: seen ? gfn : Math.floor((tallest.gfns.from + tallest.gfns.to) / 2)
	};
}

const NONE = { gfns: { from: 0, to: 0 }, top: 0, height: 0, folded: false };

type Area = Pick<Cell, 'time' | 'gfns'>;
/** The smallest rectangle that holds both. */
export const areaOf = (a: Area, b: Area): Area => ({
	time: { from: Math.min(a.time.from, b.time.from), to: Math.max(a.time.to, b.time.to) },
	gfns: { from: Math.min(a.gfns.from, b.gfns.from), to: Math.max(a.gfns.to, b.gfns.to) }
});
