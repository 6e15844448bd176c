import type { GfnRun, PageSets } from '#lib/api/compare-types.ts';

const RUN_LIMIT = 4096;
/** Gfns `[from, to)`. */
export type Range = readonly [from: number, to: number];

/** Ascending gfns (without repeats) as ranges `[from, to)`. */
export function rangesOf(gfns: readonly number[]): [number, number][] {
	const ranges: [number, number][] = [];
	for (const gfn of gfns) {
		const last = ranges.at(-1);
		if (last && last[1] === gfn) last[1]++;
		else ranges.push([gfn, gfn + 1]);
	}
	return ranges;
}

/** Sorts ranges and joins those that overlap or are less than `apart` gfns apart: by default those that touch. */
export function merged(ranges: readonly Range[], apart = 1): [number, number][] {
	const joined: [number, number][] = [];
	for (const [from, to] of [...ranges].sort((a, b) => a[0] - b[0])) {
		const last = joined.at(-1);
		if (last && from - last[1] < apart) last[1] = Math.max(last[1], to);
		else joined.push([from, to]);
	}
	return joined;
}

/** Gfns in ranges that do not overlap. */
export const lengthOf = (ranges: readonly Range[]): number =>
	ranges.reduce((n, [from, to]) => n + to - from, 0);

/** What `a` covers and `b` does not; both ascending, without overlap. */
function without(a: readonly Range[], b: readonly Range[]): GfnRun[] {
	const left: GfnRun[] = [];
	let i = 0;
	for (const [start, end] of a) {
		let from = start;
		while (i < b.length && (b[i] as Range)[1] <= from) i++;
		for (let j = i; from < end; j++) {
			const [low, high] = b[j] ?? [end, end];
			if (low > from) left.push({ gfn: from, npages: Math.min(low, end) - from });
			from = Math.max(from, high);
			if (low >= end) break;
		}
	}
	return left;
}

const pages = (runs: readonly GfnRun[]) => runs.reduce((n, run) => n + run.npages, 0);

const toRanges = (runs: readonly GfnRun[]) => runs.map(({ gfn, npages }): Range => [gfn, gfn + npages]);

/** How two sets of pages, as ascending ranges without overlap, differ. */
export function pageSets(a: readonly Range[], b: readonly Range[]): PageSets {
	const [gained, lost] = [without(b, a), without(a, b)];
	return {
		both: lengthOf(a) - pages(lost),
		gainedPages: pages(gained),
		lostPages: pages(lost),
		gained: gained.slice(0, RUN_LIMIT),
		lost: lost.slice(0, RUN_LIMIT),
		kept: without(a, toRanges(lost)).slice(0, RUN_LIMIT)
	};
}
