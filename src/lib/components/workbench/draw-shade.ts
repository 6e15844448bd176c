/**
 * Shades whole columns of a canvas, edges in canvas pixels: filled, or hatched with 45° lines. A stretch below two
 * pixels is drawn two wide, so that it is seen.
 */
export function drawShade(
	context: CanvasRenderingContext2D,
	stretches: readonly (readonly [from: number, to: number])[],
	{ colour, hatched = false }: { readonly colour: string; readonly hatched?: boolean }
): void {
	const { width, height } = context.canvas;
	context.save();
	context.fillStyle = (hatched && context.createPattern(hatchTile(colour), 'repeat')) || colour;
	for (const [from, to] of stretches) {
		const left = Math.max(0, from);
		const right = Math.min(width, Math.max(to, from + 2));
		if (right > left) context.fillRect(left, 0, right - left, height);
	}
	context.restore();
}

const HATCH = 7;
/** A tile of 45° lines; a line's ends go on in the tiles beside. */
function hatchTile(colour: string): OffscreenCanvas {
	const tile = new OffscreenCanvas(HATCH, HATCH);
	const context = tile.getContext('2d');
	if (!context) return tile;
	context.strokeStyle = colour;
	context.globalAlpha = 0.6;
	context.beginPath();
	for (const x of [-HATCH, 0, HATCH]) {
		context.moveTo(x - 1, HATCH + 1);
		context.lineTo(x + HATCH + 1, -1);
	}
	context.stroke();
	return tile;
}
