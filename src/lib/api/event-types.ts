/** Shapes of the answers about rows and steps of the event table. */
import type { WireEvent } from './types.ts';

export interface EventCount {
	/** Events that meet the filter. */
	readonly count: number;
}

/** Rows of the filtered event table, in seq order. */
export interface EventRowPage {
	/** Events that meet the filter. */
	readonly total: number;
	/** Row (from 0) of the first event; `total` if there is none. */
	readonly row: number;
	/** Event `i` is row `row + i`. */
	readonly events: readonly WireEvent[];
}

/** The event that a step leads to; null at the end. */
export interface EventStep {
	readonly event: WireEvent | null;
}

/** The events on a page right before and after a position; null where there is none. */
export interface PageNeighbours {
	readonly previous: WireEvent | null;
	readonly next: WireEvent | null;
}
