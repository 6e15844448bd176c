/** Shapes of the answers about rows, analyses, differences and notes; addresses and 64-bit values are `0x…` strings. */
import type { Mode } from '../domain/kinds.ts';
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

/** The neighbour that a step leads to; null at the end. */
export interface EventStep {
	readonly event: WireEvent | null;
}

/** Tracked pages over time; the geometry is a heat map's. */
export interface TrackedGrid {
	readonly lane: number;
	readonly modes: readonly Mode[];
	readonly value: 'tracked';
	readonly startNs: number;
	readonly columnNs: number;
	readonly columns: number;
	readonly startGfn: number;
	readonly rowPages: number;
	readonly rows: number;
	/** Pages of the row whose counter in one of the modes is above zero at the column's end; as a heat map's cells. */
	readonly cells: readonly number[];
	readonly max: number;
}
