import { FLAG, NO_VCPU } from '#lib/domain/batch.ts';
import { LAST_ACCESS, FIRST_ACCESS } from '#lib/domain/kinds.ts';
import type { Segment, StoredColumnName, StoredColumns } from '../store/store.ts';

/** Which events a query wants; ranges are half-open, absent fields allow everything. */
export interface EventFilter {
	/** Bit set of kind codes. */
	readonly kinds?: number;
	readonly vcpus?: readonly number[];
	/** Events whose pages touch the range. */
	readonly gfn?: { readonly from: number; readonly to: number };
	readonly time?: { readonly from: number; readonly to: number };
	readonly rip?: bigint;
	readonly lane?: number;
}

/** True if the segment's zone map cannot rule out a matching event. */
export function mayMatch(segment: Segment, filter: EventFilter): boolean {
	if (filter.kinds !== undefined && !(segment.kinds & filter.kinds)) return false;
	if (filter.time && (segment.maxNs < filter.time.from || segment.minNs >= filter.time.to)) return false;
	if (filter.gfn && (segment.maxGfn < filter.gfn.from || segment.minGfn >= filter.gfn.to)) return false;
	return filter.lane === undefined || (segment.lanes & (1 << (filter.lane % 32))) !== 0;
}

/** The columns that `matcher` reads for this filter. */
export function filterColumns(filter: EventFilter): StoredColumnName[] {
	const names: StoredColumnName[] = [];
	if (filter.kinds !== undefined) names.push('kind');
	if (filter.vcpus) names.push('vcpu');
	if (filter.gfn) names.push('gfn', 'npages', 'flags');
	if (filter.time) names.push('tsNs');
	if (filter.rip !== undefined) names.push('ripLo', 'ripHi', 'flags');
	if (filter.lane !== undefined) names.push('lane', 'kind');
	return names;
}

/** A test of event `i` of a segment's columns (those that `filterColumns` names). */
export function matcher(columns: Partial<StoredColumns>, filter: EventFilter): (i: number) => boolean {
	const tests: ((i: number) => boolean)[] = [];
	const { kind, vcpu, gfn, npages, flags, tsNs, ripLo, ripHi, lane } = columns;
	if (filter.kinds !== undefined && kind) {
		const kinds = filter.kinds;
		tests.push((i) => ((kinds >>> (kind[i] as number)) & 1) === 1);
	}
	if (filter.vcpus && vcpu) {
		const wanted = new Set(filter.vcpus);
		tests.push((i) => vcpu[i] !== NO_VCPU && wanted.has(vcpu[i] as number));
	}
	if (filter.gfn && gfn && npages && flags) {
		const { from, to } = filter.gfn;
		tests.push((i) => {
			const at = gfn[i] as number;
			return at < to && at + (npages[i] as number) > from && ((flags[i] as number) & FLAG.place) !== 0;
		});
	}
	if (filter.time && tsNs) {
		const { from, to } = filter.time;
		tests.push((i) => (tsNs[i] as number) >= from && (tsNs[i] as number) < to);
	}
	if (filter.rip !== undefined && ripLo && ripHi && flags) {
		const low = Number(filter.rip & 0xffff_ffffn);
		const high = Number(filter.rip >> 32n);
		tests.push((i) => ripLo[i] === low && ripHi[i] === high && ((flags[i] as number) & FLAG.rip) !== 0);
	}
	if (filter.lane !== undefined && lane && kind) {
		const wanted = filter.lane;
		tests.push(
			(i) => lane[i] === wanted && (kind[i] as number) >= FIRST_ACCESS && (kind[i] as number) <= LAST_ACCESS
		);
	}
	const [only, second] = tests;
	if (!only) return () => true;
	if (!second) return only;
	return (i) => tests.every((test) => test(i));
}
