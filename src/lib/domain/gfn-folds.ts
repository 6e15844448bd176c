/** Gfns `[from, to)`. */
export interface GfnRange {
	readonly from: number;
	readonly to: number;
}

/** A gap folds from this share of the gfns on that are not folded. */
const LEAST_SHARE = 1 / 12;
/** A gap of a few pages is not worth a break. */
const LEAST_PAGES = 16;

/** Shortest gap worth folding where `shown` pages are left, in pages. */
export const leastGap = (shown: number): number => Math.max(LEAST_PAGES, shown * LEAST_SHARE);

/** Pages of some ranges. */
export const pagesOf = (ranges: readonly GfnRange[]): number =>
	ranges.reduce((sum, each) => sum + each.to - each.from, 0);

/**
 * The gaps between used ranges (ascending) that are worth folding while `gfns` are shown, those at the edges too; none
 * if nothing that is shown is used. `least` says the shortest gap that folds by the pages that are left: a gap that is
 * short in the whole may be long in what the other folds leave, so it is asked until no more gap folds.
 */
export function foldsOf(
	gfns: GfnRange,
	used: readonly GfnRange[],
	least: (shown: number) => number = leastGap
): GfnRange[] {
	const gaps = gapsIn(gfns, used);
	for (let shown = pagesOf([gfns]); ;) {
		const folds = gaps.filter((gap) => gap.to - gap.from >= least(shown));
		const left = pagesOf([gfns]) - pagesOf(folds);
		if (left === shown) return folds;
		shown = left;
	}
}

/** What lies between the used ranges that are shown, and between them and the edges, ascending. */
function gapsIn(gfns: GfnRange, used: readonly GfnRange[]): GfnRange[] {
	const inside = used.filter((each) => each.from < gfns.to && each.to > gfns.from);
	if (!inside.length) return [];
	const gaps: GfnRange[] = [];
	let reached = gfns.from;
	for (const each of [...inside, { from: gfns.to, to: gfns.to }]) {
		if (each.from > reached) gaps.push({ from: reached, to: each.from });
		reached = Math.max(reached, each.to);
	}
	return gaps;
}
