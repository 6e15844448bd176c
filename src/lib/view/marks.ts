/** Which of these labels can be written without touching the one before; `x` ascending, in pixels. */
export function labelsThatFit(
	labels: readonly { readonly x: number; readonly width: number }[],
	gap = 6
): boolean[] {
	let free = -Infinity;
	return labels.map(({ x, width }) => {
		if (x < free) return false;
		free = x + width + gap;
		return true;
	});
}
