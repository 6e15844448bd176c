import type { ComparedGrid } from '#lib/api/compare-types.ts';
import { type PlacedTime, placedTimes, placeTick } from './axis.ts';
import type { CompareView, SideName } from './compare-view.ts';
import { type Clock, THIN } from './format.ts';

/**
 * Ticks under a map `width` pixels wide. A side has its session's time; the log ratio the time from both windows'
 * beginnings (`+12 s`), or per cent of the windows where each is stretched.
 */
export function compareTicks(
	grid: ComparedGrid,
	what: SideName | 'ratio',
	{ align, clock, width }: { align: CompareView['align']; clock: Clock; width: number }
): PlacedTime[] {
	const ratio = what === 'ratio';
	if (ratio && align === 'fraction')
		return [0, 25, 50, 75, 100].map((value) =>
			placeTick({ value, label: `${value}${THIN}%` }, { from: 0, to: 100 }, width)
		);
	const { startNs, columnNs } = grid[ratio ? 'a' : what];
	const from = ratio ? 0 : startNs;
	return placedTimes({ from, to: from + columnNs * grid.columns }, width, clock, ratio ? '+' : '');
}
