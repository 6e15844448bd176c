import type { Box, GridPlace } from '#lib/view/grid.ts';
import { OUTLINE_OPACITY, type TrackedOutline } from '#lib/view/tracked-outline.ts';

/** Draws an outline of a grid where the grid's picture lies; one of some pages only is dotted. */
export function drawOutline(
	context: CanvasRenderingContext2D,
	{ share, edges }: TrackedOutline,
	{ grid, box, colour }: { readonly grid: GridPlace; readonly box: Box; readonly colour: string }
): void {
	const cellWidth = box.width / grid.columns;
	const cellHeight = box.height / grid.rows;
	context.save();
	context.strokeStyle = colour;
	context.lineWidth = 1;
	context.globalAlpha = OUTLINE_OPACITY[share];
	if (share === 'some') context.setLineDash([1, 3]);
	context.beginPath();
	for (const { x, y, length, across } of edges) {
		const left = Math.round(box.x + x * cellWidth) + 0.5;
		const bottom = Math.round(box.y + box.height - y * cellHeight) - 0.5;
		context.moveTo(left, bottom);
		if (across) context.lineTo(Math.round(box.x + (x + length) * cellWidth) + 0.5, bottom);
		else context.lineTo(left, Math.round(box.y + box.height - (y + length) * cellHeight) - 0.5);
	}
	context.stroke();
	context.restore();
}
