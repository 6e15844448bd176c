/** Cells of one whole size along an axis. */
export interface Axis {
	readonly start: number;
	/** First position that does not count any more. */
	readonly end: number;
	readonly step: number;
	readonly n: number;
}

/** At most `count` cells over `[from, to)`; `align` widens it to whole power-of-two cells. */
export function axis(from: number, to: number, count: number, align: boolean): Axis {
	if (to <= from) return { start: from, end: from, step: 1, n: 0 };
	if (!align) {
		const step = Math.ceil((to - from) / count);
		return { start: from, end: to, step, n: Math.ceil((to - from) / step) };
	}
	for (let step = 1; ; step *= 2) {
		const start = Math.floor(from / step) * step;
		const end = Math.ceil(to / step) * step;
		if ((end - start) / step <= Math.max(2, count)) return { start, end, step, n: (end - start) / step };
	}
}
