import { eventAt } from '#lib/domain/batch-events.ts';
import { COLUMNS } from '#lib/domain/batch.ts';
import type { NumberedEvent } from '#lib/domain/events.ts';
import type { Segment, TraceStore } from '../store/store.ts';
import { mayMatch, type EventFilter } from './filter.ts';
import { selectEvents } from './filter-select.ts';
import { pauses } from './pause.ts';
import { lowerBound } from './search.ts';

export interface EventQuery {
	readonly filter?: EventFilter;
	/** First seq looked at (`asc`), or the last one (`desc`). */
	readonly from: number;
	readonly limit: number;
	readonly order?: 'asc' | 'desc';
}

export interface EventRows {
	/** In the asked order. */
	readonly events: NumberedEvent[];
	/** Seq to go on from in the same direction; null when nothing is left there. */
	readonly next: number | null;
}

/** Up to `limit` matching events, beginning at `from` (keyset paging: pass `next` as `from`). */
export async function queryEvents(store: TraceStore, id: string, query: EventQuery): Promise<EventRows> {
	const events: NumberedEvent[] = [];
	const forward = query.order !== 'desc';
	const segments = await store.segments(id);
	const ordered = forward ? segments : [...segments].reverse();
	const filter = query.filter ?? {};
	const pause = pauses();
	for (const segment of ordered) {
		const reachable = forward
			? segment.firstSeq + segment.count > query.from
			: segment.firstSeq <= query.from;
		if (!reachable || !mayMatch(segment, filter)) continue;
		const hits = await matches(store, id, segment, query, query.limit + 1 - events.length);
		await pause();
		if (!hits.length) continue;
		const columns = await store.readColumns(id, segment, [...COLUMNS, 'payload']);
		const batch = { ...columns, length: segment.count };
		for (const i of hits) events.push(eventAt(batch, i, segment.firstSeq + i));
		if (events.length > query.limit) break;
	}
	const more = events.length > query.limit ? events.pop() : undefined;
	return { events, next: more?.seq ?? null };
}

/** Indexes of the first `limit` matching events of a segment in the query's direction. */
async function matches(
	store: TraceStore,
	id: string,
	segment: Segment,
	{ filter = {}, from, order }: EventQuery,
	limit: number
): Promise<number[]> {
	const hits = await selectEvents(store, id, segment, filter);
	const at = lowerBound(hits, order === 'desc' ? from + 1 - segment.firstSeq : from - segment.firstSeq);
	if (order === 'desc') return [...hits.subarray(Math.max(0, at - limit), at)].reverse();
	return [...hits.subarray(at, at + limit)];
}

/** All matching events from `from` on, a page at a time: memory stays flat however long the session is. */
export async function* eventPages(
	store: TraceStore,
	id: string,
	filter: EventFilter = {},
	{ from = 0, to = Infinity, pageSize = 4096 } = {}
): AsyncGenerator<NumberedEvent[]> {
	for (let at: number | null = from; at !== null && at < to;) {
		const page: EventRows = await queryEvents(store, id, { filter, from: at, limit: pageSize });
		const last = page.events.at(-1);
		yield last && last.seq >= to ? page.events.filter((event) => event.seq < to) : page.events;
		at = page.next;
	}
}

/** Seq of the first event at or after a time; the number of events if all are earlier. */
export async function seqAtTime(store: TraceStore, id: string, tsNs: number): Promise<number> {
	const segments = await store.segments(id);
	const segment =
		segments[
			lowerBound(
				segments.map((each) => each.maxNs),
				tsNs
			)
		];
	if (!segment) return segments.reduce((n, each) => Math.max(n, each.firstSeq + each.count), 0);
	const { tsNs: times } = await store.readColumns(id, segment, ['tsNs']);
	return segment.firstSeq + lowerBound(times, tsNs);
}
