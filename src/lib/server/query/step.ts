import { eventAt } from '#lib/domain/batch-events.ts';
import { COLUMNS } from '#lib/domain/batch.ts';
import type { NumberedEvent } from '#lib/domain/events.ts';
import { kindMask } from '#lib/domain/kinds.ts';
import type { TraceStore } from '../store/store.ts';
import { mayMatch, type EventFilter } from './filter.ts';
import { selectEvents } from './filter-select.ts';
import { pauses } from './pause.ts';
import { lowerBound } from './search.ts';

/** Kinds after which other pages may be tracked (an epoch arms everything again). */
export const TRACKING_KINDS = kindMask([
	'track_add',
	'track_remove',
	'memslot_create',
	'memslot_move',
	'memslot_delete',
	'epoch'
]);

/** The matching event nearest to `seq` on one side of it, `seq` itself left out; null if there is none. */
export async function stepEvent(
	store: TraceStore,
	id: string,
	filter: EventFilter,
	seq: number,
	direction: 'next' | 'previous'
): Promise<NumberedEvent | null> {
	const forward = direction === 'next';
	const segments = await store.segments(id);
	const pause = pauses();
	for (const segment of forward ? segments : [...segments].reverse()) {
		const reachable = forward ? segment.firstSeq + segment.count > seq + 1 : segment.firstSeq < seq;
		if (!reachable || !mayMatch(segment, filter)) continue;
		const hits = await selectEvents(store, id, segment, filter);
		const at = lowerBound(hits, (forward ? seq + 1 : seq) - segment.firstSeq);
		const i = hits[forward ? at : at - 1];
		await pause();
		if (i === undefined) continue;
		const columns = await store.readColumns(id, segment, [...COLUMNS, 'payload']);
		return eventAt({ ...columns, length: segment.count }, i, segment.firstSeq + i);
	}
	return null;
}
