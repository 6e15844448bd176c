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
	for (const [from, to] of stretches) {
		const left = Math.max(0, from);
		const right = Math.min(width, Math.max(to, from + 2));
		if (right <= left) continue;
		if (hatched) hatch(context, [left, right, height], colour);
		else {
			context.fillStyle = colour;
			context.fillRect(left, 0, right - left, height);
		}
	}
}

function hatch(
	context: CanvasRenderingContext2D,
	[left, right, height]: readonly [number, number, number],
	colour: string
): void {
	context.save();
	context.beginPath();
	context.rect(left, 0, right - left, height);
	context.clip();
	context.strokeStyle = colour;
	context.globalAlpha = 0.6;
	context.beginPath();
	for (let x = left - height; x < right; x += 7) {
		context.moveTo(x, height);
		context.lineTo(x + height, 0);
	}
	context.stroke();
	context.restore();
}
