import { type Range, sameRange } from './range.ts';

/** A stretch of a session that a mark begins and the next one ends. */
export interface Phase {
	readonly name: string;
	readonly time: Range;
}

/** The phases that a session's marks name, in order; marks of one time leave only the last of them. */
export function phasesOf(
	marks: readonly { readonly tsNs: number; readonly name: string }[],
	whole: Range
): Phase[] {
	const sorted = [...marks].sort((a, b) => a.tsNs - b.tsNs);
	return sorted
		.map(({ name, tsNs }, i) => ({ name, time: { from: tsNs, to: sorted[i + 1]?.tsNs ?? whole.to } }))
		.filter(({ time }) => time.to > time.from);
}

/** Index of the phase that is exactly this window; -1 if none is. */
export const phaseIndex = (phases: readonly Phase[], time: Range | null): number =>
	time ? phases.findIndex((phase) => sameRange(phase.time, time)) : -1;
