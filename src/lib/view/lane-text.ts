import { hex } from '#lib/domain/units.ts';
import { formatCount, formatPages } from './format.ts';
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

/** `slot 3`, `slots 3, 8`; with the address space if it is not the normal one. */
export const laneSlots = (lane: LaneLabel): string =>
	`${lane.slotIds.length === 1 ? 'slot' : 'slots'} ${lane.slotIds.join(', ')}${lane.asId ? ' (SMM)' : ''}`;

/** Name, memslots, range and accesses in one sentence, for those who cannot see the picture. */
export const laneSummary = (lane: LaneLabel): string =>
	`${laneName(lane)}, ${laneSlots(lane)}: gfns ${hex(lane.baseGfn)} to ${hex(lane.baseGfn + lane.npages - 1)}, ` +
	`${formatCount(lane.npages, 'page')} (${formatPages(lane.npages)}), ` +
	formatCount(lane.accesses, 'access', 'accesses');

/** What a break of the gfn axis leaves out. */
export const foldLabel = (gfns: Range): string =>
	`${formatCount(span(gfns), 'unused page')} (${formatPages(span(gfns))}) folded`;
