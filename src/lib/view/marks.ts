import { overlaps, type Range } from './range.ts';

export interface Mark {
	readonly seq: number;
	readonly tsNs: number;
	readonly name: string;
}

/** What lasts from one mark to the next; `mark` null before the first. */
export interface Phase {
	readonly mark: Mark | null;
	readonly time: Range;
}

/** The phases between marks that lie in `shown`, uncut; empty without marks. */
export function phases(marks: readonly Mark[], whole: Range, shown: Range): Phase[] {
	if (!marks.length) return [];
	const edges: (Mark | null)[] = [null, ...marks];
	return edges
		.map((mark, i) => ({
			mark,
			time: { from: mark ? mark.tsNs : whole.from, to: edges[i + 1]?.tsNs ?? whole.to }
		}))
		.filter(({ time }) => time.to > time.from && overlaps(time, shown));
}

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
