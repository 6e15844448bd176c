import { type Range, type Scale, span } from './range.ts';

/** A stretch of a lane's gfns with its place on the screen, in pixels from the top. */
export interface GfnPiece {
	readonly gfns: Range;
	readonly top: number;
	readonly height: number;
	/** Nothing ever happened to these gfns: they share a few pixels. */
	readonly folded: boolean;
}

/** A scale upside down (the lowest gfn is at the bottom) that is linear within each of its pieces. */
export interface GfnScale extends Scale {
	/** From the lowest gfns to the highest, without gaps or overlaps. */
	readonly pieces: readonly GfnPiece[];
}

/** Height of a break in pixels: room for one line of small text. */
export const BREAK_HEIGHT = 15;
/** All breaks together never take more of the height than this. */
const MOST_BREAKS = 0.4;

/**
 * Lays `gfns` over `height` pixels; each fold (ascending, within `gfns`) becomes a break of a few pixels, all other
 * gfns share what is left evenly.
 *
 *     px 0   ┌────────┐ gfns.to
 *            │        │
 *            ├╌╌╌╌╌╌╌╌┤ fold.to     a break
 *            ├╌╌╌╌╌╌╌╌┤ fold.from
 *     height └────────┘ gfns.from
 */
export function gfnScale(gfns: Range, height: number, folds: readonly Range[] = []): GfnScale {
	const hidden = folds.reduce((sum, fold) => sum + span(fold), 0);
	const shown = span(gfns) - hidden;
	const each = folds.length ? Math.min(BREAK_HEIGHT, (height * MOST_BREAKS) / folds.length) : 0;
	const perPage = (height - each * folds.length) / Math.max(1, shown);
	const pieces: GfnPiece[] = [];
	let bottom = height;
	const add = (range: Range, folded: boolean) => {
		if (range.to <= range.from) return;
		const tall = folded ? each : span(range) * perPage;
		pieces.push({ gfns: range, top: bottom - tall, height: tall, folded });
		bottom -= tall;
	};
	let reached = gfns.from;
	for (const fold of folds) {
		add({ from: reached, to: fold.from }, false);
		add(fold, true);
		reached = fold.to;
	}
	add({ from: reached, to: gfns.to }, false);
	return { pieces, at: (gfn) => pixelOf(pieces, gfn), invert: (pixel) => gfnOf(pieces, pixel) };
}

function pixelOf(pieces: readonly GfnPiece[], gfn: number): number {
	const piece = pieces.find((each) => gfn < each.gfns.to) ?? pieces.at(-1);
	if (!piece) return 0;
	return piece.top + piece.height * (1 - (gfn - piece.gfns.from) / span(piece.gfns));
}

function gfnOf(pieces: readonly GfnPiece[], pixel: number): number {
	const piece = pieceAt(pieces, pixel);
	if (!piece) return 0;
	return piece.gfns.from + ((piece.top + piece.height - pixel) / piece.height) * span(piece.gfns);
}

/** The piece at a pixel; beyond the edges the nearest one. */
export const pieceAt = (pieces: readonly GfnPiece[], pixel: number): GfnPiece | undefined =>
	pieces.find((each) => pixel >= each.top) ?? pieces.at(-1);
