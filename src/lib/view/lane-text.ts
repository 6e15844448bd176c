import { hex } from '#lib/domain/units.ts';
import { type Clock, formatCount, formatDuration, formatInt, formatPages } from './format.ts';
import { type Range, span } from './range.ts';

/** What a lane's label needs. */
export interface LaneLabel {
	readonly lane: number;
	readonly asId: number;
	readonly baseGfn: number;
	readonly npages: number;
	readonly accesses: number;
	readonly slotIds: readonly number[];
	readonly names: readonly string[];
}

/** The lane's name: those of its memslots, else where it begins. */
export const laneName = (lane: LaneLabel): string => lane.names.join(', ') || hex(lane.baseGfn);

/** `slot 3`, `slots 3, 8`, `outside every slot`; with the address space if it is not the normal one. */
export const laneSlots = (lane: LaneLabel): string =>
	lane.slotIds.length === 0
		? 'outside every slot'
		: `${lane.slotIds.length === 1 ? 'slot' : 'slots'} ${lane.slotIds.join(', ')}${lane.asId ? ' (SMM)' : ''}`;

/** The accesses of the session, and how many of them are drawn if it is not all of them; null while that is counted. */
export function drawnText(accesses: number, drawn: number | null): string {
	const all = formatCount(accesses, 'access', 'accesses');
	if (drawn === accesses) return all;
	return `${drawn === null ? '…' : formatInt(drawn)} of ${all} drawn`;
}

/** Name, memslots, range and accesses in one sentence, for those who cannot see the picture. */
export const laneSummary = (lane: LaneLabel, drawn: number | null = lane.accesses): string =>
	`${laneName(lane)}, ${laneSlots(lane)}: gfns ${hex(lane.baseGfn)} to ${hex(lane.baseGfn + lane.npages - 1)}, ` +
	`${formatCount(lane.npages, 'page')} (${formatPages(lane.npages)}), ${drawnText(lane.accesses, drawn)}`;

/** How large a rectangle is: `384 pages × 1.23 s`. */
export const sizeText = (
	{ time, gfns }: { readonly time: Range; readonly gfns: Range },
	clock: Clock
): string => `${formatCount(span(gfns), 'page')} × ${formatDuration(span(time), clock)}`;

/** What a break of the gfn axis leaves out. */
export const foldLabel = (gfns: Range): string =>
	`${formatCount(span(gfns), 'unused page')} (${formatPages(span(gfns))}) folded`;
