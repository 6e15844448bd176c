import { ACCESS_KINDS } from '#lib/domain/kinds.ts';
import type { LaneInfo, SessionDetail } from '#lib/domain/session-info.ts';
import { filterKey } from '#lib/domain/filter-expr.ts';
import type { TraceStore } from '../store/store.ts';
import { exprOf, type EventFilter } from './filter.ts';
import { selectEvents } from './filter-select.ts';
import { pauses } from './pause.ts';
import { SparsePages } from './sparse-pages.ts';

/** Segments between two checkpoints at first, and the memory that an index's checkpoints may take. */
const CHECKPOINT_SEGMENTS = 16;
const CHECKPOINT_BYTES = 48 * 2 ** 20;
/** Indexes kept for each store. */
const INDEXES_KEPT = 8;

/** When each page of a lane was accessed first and last, over the events seen so far; grows with the session. */
export interface TouchIndex {
	/** Time of a page's (index in the lane) first access; Infinity if it was never accessed. */
	readonly first: SparsePages;
	/** The last access before a checkpoint's seq, -1 if there is none; ascending. */
	readonly checkpoints: readonly { readonly seq: number; readonly last: SparsePages }[];
}

class Builder implements TouchIndex {
	readonly first = new SparsePages(Infinity);
	readonly last = new SparsePages(-1);
	checkpoints: { seq: number; last: SparsePages }[] = [];
	nextSeq = 0;
	#every = CHECKPOINT_SEGMENTS;
	#since = 0;

	/** Remembers the last accesses now and then; takes every second checkpoint away when they grow too many. */
	segmentDone(seq: number): void {
		this.nextSeq = seq;
		if (++this.#since < this.#every) return;
		this.#since = 0;
		this.checkpoints.push({ seq, last: this.last.copy() });
		if (this.checkpoints.reduce((sum, { last }) => sum + last.sizeBytes, 0) <= CHECKPOINT_BYTES) return;
		this.checkpoints = this.checkpoints.filter((_, i) => i % 2 === 1);
		this.#every *= 2;
	}
}

interface Kept {
	readonly builder: Builder;
	/** One reader brings the index up to date at a time. */
	working: Promise<void>;
}
const kept = new WeakMap<TraceStore, Map<string, Kept>>();

function keptIndex(store: TraceStore, key: string): Kept {
	let indexes = kept.get(store);
	if (!indexes) kept.set(store, (indexes = new Map<string, Kept>()));
	const found = indexes.get(key) ?? { builder: new Builder(), working: Promise.resolve() };
	indexes.delete(key);
	indexes.set(key, found);
	for (const oldest of indexes.keys()) {
		if (indexes.size <= INDEXES_KEPT) break;
		indexes.delete(oldest);
	}
	return found;
}

/** The index of a lane's accesses that meet the filter: built once, then brought up to date. */
export async function touchIndex(
	store: TraceStore,
	session: SessionDetail,
	lane: LaneInfo,
	filter: EventFilter
): Promise<TouchIndex> {
	const wanted = { ...filter, lane: lane.lane, kinds: (filter.kinds ?? ACCESS_KINDS) & ACCESS_KINDS };
	const [first] = await store.segments(session.id);
	// a deleted session's id may be used again, its segments' ids never
	const index = keptIndex(
		store,
		// and the lane outside every memslot grows downwards too, which moves its pages' indexes
		`${session.id} ${session.createdMs} ${first?.id ?? ''} ${lane.baseGfn} ${lane.npages} ${filterKey(exprOf(wanted))}`
	);
	index.working = index.working.then(() => update(store, session, { lane, filter: wanted }, index.builder));
	await index.working;
	return index.builder;
}

async function update(
	store: TraceStore,
	session: SessionDetail,
	{ lane, filter }: { readonly lane: LaneInfo; readonly filter: EventFilter },
	builder: Builder
): Promise<void> {
	const pause = pauses();
	for (const segment of await store.segments(session.id)) {
		const end = segment.firstSeq + segment.count;
		if (end <= builder.nextSeq) continue;
		const hits = await selectEvents(store, session.id, segment, filter);
		if (hits.length) {
			const { tsNs, gfn, npages } = await store.readColumns(session.id, segment, ['tsNs', 'gfn', 'npages']);
			for (const i of hits) {
				if (segment.firstSeq + i < builder.nextSeq) continue; // small segments were joined since
				const from = (gfn[i] as number) - lane.baseGfn;
				const to = Math.min(lane.npages, from + (npages[i] as number));
				const at = tsNs[i] as number;
				for (let page = from; page < to; page++) {
					if (builder.first.get(page) === Infinity) builder.first.set(page, at);
					builder.last.set(page, at);
				}
			}
			await pause();
		}
		builder.segmentDone(end);
	}
}
