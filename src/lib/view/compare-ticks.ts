import type { ComparedGrid } from '#lib/api/compare-types.ts';
import { timeTicks } from './axis.ts';
import type { CompareView, SideName } from './compare-view.ts';
import { type Clock, THIN } from './format.ts';

/**
 * Ticks under a map, `share` 0 to 1 of its width. A side has its session's time; the log ratio the time from both
 * windows' beginnings (`+12 s`), or per cent of the windows where each is stretched.
 */
export function compareTicks(
	grid: ComparedGrid,
	what: SideName | 'ratio',
	{ align, clock, count }: { align: CompareView['align']; clock: Clock; count: number }
): { readonly share: number; readonly label: string }[] {
	if (what === 'ratio' && align === 'fraction')
		return [0, 0.25, 0.5, 0.75, 1].map((share) => ({ share, label: `${share * 100}${THIN}%` }));
	const { startNs, columnNs } = grid[what === 'ratio' ? 'a' : what];
	const length = columnNs * grid.columns;
	const from = what === 'ratio' ? 0 : startNs;
	return timeTicks({ from, to: from + length }, Math.max(2, count), clock).map(({ value, label }) => ({
		share: (value - from) / length,
		label: what === 'ratio' ? `+${label}` : label
	}));
}
