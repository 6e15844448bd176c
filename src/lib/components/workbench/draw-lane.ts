import type { GfnPiece } from '#lib/view/gfn-scale.ts';
import { type Grid, gridGfns, placeGrid } from '#lib/view/grid.ts';
import { overlaps, type Range } from '#lib/view/range.ts';
import type { TrackedOutline } from '#lib/view/tracked-outline.ts';
import { drawOutline } from './draw-outline.ts';

/** What a lane's canvas shows; pieces and width are in pixels of the canvas. */
export interface LaneDrawing {
	readonly time: Range;
	readonly width: number;
	readonly pieces: readonly GfnPiece[];
	/** Grids with their pictures, one pixel a cell. */
	readonly pictures: readonly { readonly grid: Grid; readonly sheet: CanvasImageSource }[];
	/** Outlines of tracked pages, from the weakest to the strongest. */
	readonly outlines: readonly { readonly grid: Grid; readonly levels: readonly TrackedOutline[] }[];
	readonly outlineColour: string;
}

/**
 * Draws each grid into every piece that shows some of its gfns, cut at the piece's edges: also a picture that came for
 * a former view lies where its gfns are now. Folded pieces stay empty.
 */
export function drawLane(context: CanvasRenderingContext2D, lane: LaneDrawing): void {
	context.imageSmoothingEnabled = false;
	for (const piece of lane.pieces) {
		if (piece.folded) continue;
		const view = { time: lane.time, gfns: piece.gfns, width: lane.width, height: piece.height };
		const within = (grid: Grid) => overlaps(gridGfns(grid), piece.gfns);
		context.save();
		context.translate(0, piece.top);
		context.beginPath();
		context.rect(0, 0, lane.width, piece.height);
		context.clip();
		for (const { grid, sheet } of lane.pictures) {
			if (!within(grid)) continue;
			const box = placeGrid(grid, view);
			context.drawImage(sheet, box.x, box.y, box.width, box.height);
		}
		for (const { grid, levels } of lane.outlines) {
			if (!within(grid)) continue;
			const place = { grid, box: placeGrid(grid, view), colour: lane.outlineColour };
			for (const outline of levels) drawOutline(context, outline, place);
		}
		context.restore();
	}
}
