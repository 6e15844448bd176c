import { eventAt } from '#lib/domain/batch-events.ts';
import { COLUMNS } from '#lib/domain/batch.ts';
import type { NumberedEvent } from '#lib/domain/events.ts';
import { filterKey } from '#lib/domain/filter-expr.ts';
import type { Segment, TraceStore } from '../store/store.ts';
import { exprOf, type EventFilter } from './filter.ts';
import { residual } from './filter-prune.ts';
import { selectEvents } from './filter-select.ts';
import { pauses } from './pause.ts';
import { lowerBound } from './search.ts';

/** Filters whose counts are remembered for each store. */
const FILTERS_KEPT = 64;

/** Matching events of each segment (immutable, its id is never used again) by filter. */
const counted = new WeakMap<TraceStore, Map<string, Map<number, number>>>();

function countsOf(store: TraceStore, key: string): Map<number, number> {
	let filters = counted.get(store);
	if (!filters) counted.set(store, (filters = new Map<string, Map<number, number>>()));
	const counts = filters.get(key) ?? new Map<number, number>();
	filters.delete(key);
	filters.set(key, counts);
	for (const oldest of filters.keys()) {
		if (filters.size <= FILTERS_KEPT) break;
		filters.delete(oldest);
	}
	return counts;
}

export interface SegmentCounts {
	readonly segments: readonly Segment[];
	/** Matching events before each segment; one more entry than segments, the last is the total. */
	readonly before: Float64Array;
}

/** How many events of each segment match; what was counted once is not counted again. */
export async function countSegments(
	store: TraceStore,
	id: string,
	filter: EventFilter,
	signal?: AbortSignal
): Promise<SegmentCounts> {
	const expr = exprOf(filter);
	const counts = countsOf(store, `${id} ${filterKey(expr)}`);
	const segments = await store.segments(id);
	const before = new Float64Array(segments.length + 1);
	const pause = pauses(signal);
	for (const [i, segment] of segments.entries()) {
		let count = counts.get(segment.id);
		if (count === undefined) {
			const rest = residual(expr, segment);
			if (typeof rest === 'boolean') count = rest ? segment.count : 0;
			else count = (await selectEvents(store, id, segment, filter)).length;
			counts.set(segment.id, count);
			await pause();
		}
		before[i + 1] = (before[i] as number) + count;
	}
	return { segments, before };
}

/** Number of matching events. */
export async function countEvents(
	store: TraceStore,
	id: string,
	filter: EventFilter,
	signal?: AbortSignal
): Promise<number> {
	return (await countSegments(store, id, filter, signal)).before.at(-1) ?? 0;
}

export interface RowQuery {
	readonly filter: EventFilter;
	/** Row to begin at, from 0 among the matching events in seq order … */
	readonly row?: number;
	/** … or the first matching event with at least this seq. */
	readonly seq?: number;
	readonly limit: number;
	readonly signal?: AbortSignal;
}

export interface EventRowsAt {
	/** Number of matching events. */
	readonly total: number;
	/** Row of the first event returned; `total` if there is none. */
	readonly row: number;
	/** In seq order; event `i` is row `row + i`. */
	readonly events: NumberedEvent[];
}

/** Matching events by their row number: what a table that scrolls over all of them needs. */
export async function eventRows(store: TraceStore, id: string, query: RowQuery): Promise<EventRowsAt> {
	const { filter, limit, signal } = query;
	const { segments, before } = await countSegments(store, id, filter, signal);
	const total = before.at(-1) ?? 0;
	const row = Math.min(
		total,
		query.row ??
			(query.seq === undefined ? 0 : await rowOf(store, id, { segments, before }, filter, query.seq))
	);
	const events: NumberedEvent[] = [];
	for (let i = Math.max(0, lowerBound(before, row + 1) - 1); i < segments.length; i++) {
		const segment = segments[i] as Segment;
		if (events.length >= limit) break;
		if (before[i] === before[i + 1]) continue;
		const hits = await selectEvents(store, id, segment, filter);
		const columns = await store.readColumns(id, segment, [...COLUMNS, 'payload']);
		const first = Math.max(0, row - (before[i] as number));
		for (const at of hits.subarray(first, first + limit - events.length))
			events.push(eventAt({ ...columns, length: segment.count }, at, segment.firstSeq + at));
	}
	return { total, row, events };
}

/** Number of matching events before `seq`. */
async function rowOf(
	store: TraceStore,
	id: string,
	{ segments, before }: SegmentCounts,
	filter: EventFilter,
	seq: number
): Promise<number> {
	const i = segments.findIndex((segment) => segment.firstSeq + segment.count > seq);
	const segment = segments[i];
	if (!segment) return before.at(-1) ?? 0;
	const hits = await selectEvents(store, id, segment, filter);
	return (before[i] as number) + lowerBound(hits, seq - segment.firstSeq);
}
