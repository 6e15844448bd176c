import { OUTSIDE_LANE } from '#lib/domain/session-info.ts';
import { formatCount, formatShare } from './format.ts';
import type { Range } from './range.ts';

/** A memslot's life in a lane, as the session tells it; `deletedNs` null while it lives. */
export interface SlotLife {
	readonly lane: number;
	readonly createdNs: number;
	readonly deletedNs: number | null;
}

/** The parts of `whole` in which no memslot was in the lane, ascending; none of the lane outside every memslot. */
export function uncovered(slots: readonly SlotLife[], lane: number, whole: Range): Range[] {
	if (lane === OUTSIDE_LANE) return [];
	const lives = slots
		.filter((slot) => slot.lane === lane)
		.map((slot) => ({ from: slot.createdNs, to: slot.deletedNs ?? whole.to }))
		.sort((a, b) => a.from - b.from);
	const gaps: Range[] = [];
	let reached = whole.from;
	for (const life of lives) {
		if (life.from > reached) gaps.push({ from: reached, to: life.from });
		reached = Math.max(reached, life.to);
	}
	if (reached < whole.to) gaps.push({ from: reached, to: whole.to });
	return gaps;
}

/** What a session is missing, as its card and head tell it. */
export interface Completeness {
	/** events / (events + lost); null if some loss has no number. */
	readonly coverage: number | null;
	readonly rejectedLines: number;
}

/** `100 %`, with what the share does not count: lines of the source that gave no event though they should have. */
export function coverageText({ coverage, rejectedLines }: Completeness): string {
	const share = coverage === null ? 'unknown' : formatShare(coverage);
	return rejectedLines ? `${share}, ${formatCount(rejectedLines, 'line')} rejected` : share;
}

/** True if events are missing for any reason. */
export const isDoubtful = ({ coverage, rejectedLines }: Completeness): boolean =>
	coverage !== 1 || rejectedLines > 0;
