import type { Scale } from './range.ts';

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

/** Marks at their pixel, and whether there is room for their names; a letter is `letter` pixels wide. */
export function placedMarks<M extends { readonly tsNs: number; readonly name: string }>(
	marks: readonly M[],
	x: Scale,
	{ letter, padding, end }: { readonly letter: number; readonly padding: number; readonly end: number }
): (M & { x: number; fits: boolean })[] {
	const placed = marks.map((mark) => ({ ...mark, x: x.at(mark.tsNs) }));
	const fits = labelsThatFit(
		placed.map((mark) => ({ x: mark.x, width: mark.name.length * letter + padding }))
	);
	return placed.map((mark, i) => ({
		...mark,
		fits: fits[i] === true && mark.x + mark.name.length * letter < end
	}));
}
