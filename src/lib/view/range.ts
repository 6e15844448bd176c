/** Half-open `[from, to)` of integers: nanoseconds (or instructions), or gfns. */
export interface Range {
	readonly from: number;
	readonly to: number;
}

export const span = (range: Range): number => range.to - range.from;
export const sameRange = (a: Range, b: Range): boolean => a.from === b.from && a.to === b.to;
export const overlaps = (a: Range, b: Range): boolean => a.from < b.to && b.from < a.to;

/** The range moved and, if it is too long, cut so that it lies within the limits; at least 1 long. */
export function clampRange(range: Range, limits: Range): Range {
	const length = Math.min(Math.max(1, Math.round(span(range))), span(limits));
	const from = Math.min(Math.max(Math.round(range.from), limits.from), limits.to - length);
	return { from, to: from + length };
}

/**
 * The range made `factor` times as long (below 1 zooms in), so that `at` stays where it is on the screen; never
 * shorter than `minSpan`, never beyond the limits.
 */
export function zoomRange(
	range: Range,
	at: number,
	factor: number,
	{ limits, minSpan }: { limits: Range; minSpan: number }
): Range {
	const least = Math.min(minSpan, span(limits));
	const length = Math.min(Math.max(span(range) * factor, least), span(limits));
	const share = (at - range.from) / span(range);
	return clampRange({ from: at - share * length, to: at + (1 - share) * length }, limits);
}

/** The range moved by `delta`, stopping at the limits without changing its length. */
export const panRange = (range: Range, delta: number, limits: Range): Range =>
	clampRange({ from: range.from + delta, to: range.to + delta }, limits);

/** The range moved as little as needed to hold `at`, which then has a tenth of the length to each side. */
export function reveal(range: Range, at: number, limits: Range): Range {
	const margin = Math.min(span(range) / 10, span(range) / 2);
	if (at < range.from + margin) return panRange(range, at - range.from - margin, limits);
	if (at >= range.to - margin) return panRange(range, at - range.to + margin + 1, limits);
	return range;
}

/** A linear scale between a range and `[0, length)` pixels. */
export interface Scale {
	/** Pixel of a value. */
	readonly at: (value: number) => number;
	/** Value (not rounded) at a pixel. */
	readonly invert: (pixel: number) => number;
}

/** Scale that grows with the pixels, as for time. */
export const scaleOf = (range: Range, length: number): Scale => ({
	at: (value) => ((value - range.from) / span(range)) * length,
	invert: (pixel) => range.from + (pixel / length) * span(range)
});
