/** Gfns `[from, to)`. */
export interface GfnRange {
	readonly from: number;
	readonly to: number;
}

/** A gap folds from this share of the shown gfns on, so that there are never more than a few. */
const LEAST_SHARE = 1 / 12;
/** A gap of a few pages is not worth a break. */
const LEAST_PAGES = 16;

/** Shortest gap worth folding where `shown` pages are shown, in pages. */
export const leastGap = (shown: number): number => Math.max(LEAST_PAGES, shown * LEAST_SHARE);

/**
 * The gaps between used ranges (ascending) that are worth folding while `gfns` are shown, those at the edges too; none
 * if nothing that is shown is used. `least` is the shortest gap (pages) that folds.
 */
export function foldsOf(
	gfns: GfnRange,
	used: readonly GfnRange[],
	least = leastGap(gfns.to - gfns.from)
): GfnRange[] {
	const inside = used.filter((each) => each.from < gfns.to && each.to > gfns.from);
	if (!inside.length) return [];
	const folds: GfnRange[] = [];
	let reached = gfns.from;
	for (const each of [...inside, { from: gfns.to, to: gfns.to }]) {
		if (each.from - reached >= least) folds.push({ from: reached, to: each.from });
		reached = Math.max(reached, each.to);
	}
	return folds;
}
