import type { FilterExpr, FilterTerm } from '#lib/domain/filter-expr.ts';
import { type MemslotInfo, OUTSIDE_LANE } from '#lib/domain/session-info.ts';
import type { Segment } from '../store/store.ts';
import { residual } from './filter-prune.ts';

/** Which events a query wants; ranges are half-open, absent fields allow everything, all must hold. */
export interface EventFilter {
	/** Bit set of kind codes. */
	readonly kinds?: number;
	readonly vcpus?: readonly number[];
	/** Events whose pages touch the range. */
	readonly gfn?: { readonly from: number; readonly to: number };
	readonly time?: { readonly from: number; readonly to: number };
	readonly rip?: bigint;
	/** Accesses of this lane; those outside every memslot for `OUTSIDE_LANE`. */
	readonly lane?: number;
	/** What a filter text says. */
	readonly where?: FilterExpr;
	/** The session's memslots: needed for conditions on slots only. */
	readonly memslots?: readonly MemslotInfo[];
}

/** The filter as one condition. */
export function exprOf({ kinds, vcpus, gfn, time, rip, lane, where }: EventFilter): FilterExpr {
	const terms: FilterTerm[] = [];
	if (kinds !== undefined) terms.push({ type: 'kind', kinds });
	if (time) terms.push({ type: 'number', field: 'time', spans: [time] });
	if (lane !== undefined) {
		const outside = lane === OUTSIDE_LANE;
		terms.push({ type: 'id', field: 'lane', ids: outside ? [] : [lane], none: outside });
	}
	if (gfn) terms.push({ type: 'gfn', spans: [gfn] });
	if (vcpus) terms.push({ type: 'id', field: 'vcpu', ids: vcpus, none: false });
	if (rip !== undefined) terms.push({ type: 'address', field: 'rip', spans: [{ from: rip, to: rip + 1n }] });
	return { type: 'all', of: where ? [...terms, where] : terms };
}

/** True if the segment's zone map cannot rule out a matching event. */
export const mayMatch = (segment: Segment, filter: EventFilter): boolean =>
	residual(exprOf(filter), segment) !== false;
