/** How a count becomes a colour. `rank`: by the share of non-empty cells with a smaller count. */
export const COLOUR_SCALES = ['log', 'linear', 'rank'] as const;
export type ColourScale = (typeof COLOUR_SCALES)[number];

/** Palette index of a count: 0 for 0 and only for 0, else 1 (least) to 255 (most). */
export type ColourIndex = (count: number) => number;

const TABLE_LIMIT = 1 << 16;

/** Colours for counts up to `max`; `cells` are the grids whose counts are ranked (scale `rank` only). */
export function colourIndex(
	scale: ColourScale,
	max: number,
	cells: readonly ArrayLike<number>[] = []
): ColourIndex {
	const share = shareOf(scale, max, cells);
	const index = (count: number) =>
		count <= 0 ? 0 : 1 + Math.round(254 * Math.min(1, Math.max(0, share(count))));
	if (max >= TABLE_LIMIT) return index;
	const table = Uint8Array.from({ length: max + 1 }, (_, count) => index(count));
	return (count) => table[count] ?? 255;
}

/** 0..1 of a count from 1 to `max`. */
function shareOf(scale: ColourScale, max: number, cells: readonly ArrayLike<number>[]) {
	const top = Math.max(2, max);
	switch (scale) {
		case 'linear':
			return (count: number) => (count - 1) / (top - 1);
		case 'log':
			return (count: number) => Math.log(count) / Math.log(top);
		case 'rank':
			return rankOf(cells);
	}
}

/** Share of the non-empty cells whose count is smaller, stretched so that the largest count has 1. */
function rankOf(cells: readonly ArrayLike<number>[]): (count: number) => number {
	const numbers = new Map<number, number>();
	for (const grid of cells)
		for (let i = 0; i < grid.length; i++) {
			const count = grid[i] ?? 0;
			if (count > 0) numbers.set(count, (numbers.get(count) ?? 0) + 1);
		}
	const counts = [...numbers.keys()].sort((a, b) => a - b);
	const below = new Map<number, number>();
	let sum = 0;
	for (const count of counts) {
		below.set(count, sum);
		sum += numbers.get(count) ?? 0;
	}
	const top = below.get(counts.at(-1) ?? 0) || 1;
	return (count) => (below.get(count) ?? nearest(counts, below, count)) / top;
}

/** For a count that no cell has: as the next larger count that one has. */
function nearest(counts: readonly number[], below: ReadonlyMap<number, number>, count: number): number {
	const next = counts.find((candidate) => candidate >= count) ?? counts.at(-1) ?? 0;
	return below.get(next) ?? 0;
}
