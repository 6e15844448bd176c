import { FLAG } from '#lib/domain/batch.ts';
import type { Segment, StoredColumns, TraceStore } from '../store/store.ts';

const BITS = 65_536;
/** Smaller segments are quickly looked through, and may be joined soon. */
const MIN_EVENTS = 4096;

const kept = new WeakMap<TraceStore, Map<number, Uint32Array>>();

/** Of each large segment that was looked through: which gfns (modulo 65,536) its events touch. 8 KB a segment. */
export function bitsOf(store: TraceStore): Map<number, Uint32Array> {
	let bits = kept.get(store);
	if (!bits) kept.set(store, (bits = new Map<number, Uint32Array>()));
	return bits;
}

/** True if the segment was looked through before and has no event on the page. */
export function ruledOut(store: TraceStore, segment: Segment, gfn: number): boolean {
	const bits = bitsOf(store).get(segment.id);
	const at = gfn % BITS;
	return bits !== undefined && (((bits[at >>> 5] as number) >>> (at & 31)) & 1) === 0;
}

/** Remembers which pages the segment's events touch. */
export function rememberPages(
	store: TraceStore,
	segment: Segment,
	{ gfn, npages, flags }: Pick<StoredColumns, 'gfn' | 'npages' | 'flags'>
): void {
	const known = bitsOf(store);
	if (segment.count < MIN_EVENTS || known.has(segment.id)) return;
	const bits = new Uint32Array(BITS / 32);
	for (let i = 0; i < segment.count; i++) {
		if (!((flags[i] as number) & FLAG.place)) continue;
		const pages = Math.min(BITS, npages[i] as number);
		for (let page = 0; page < pages; page++) {
			const at = ((gfn[i] as number) + page) % BITS;
			bits[at >>> 5] = (bits[at >>> 5] as number) | (1 << (at & 31));
		}
	}
	known.set(segment.id, bits);
}
