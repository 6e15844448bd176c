import { ACCESS_KINDS } from '#lib/domain/kinds.ts';
import type { SessionDetail } from '#lib/domain/session-info.ts';
import {
	NO_LANE,
	type Segment,
	type StoredColumnName,
	type StoredColumns,
	type TraceStore
} from '../../store/store.ts';
import { mayMatch, type EventFilter } from '../filter.ts';
import { selectEvents } from '../filter-select.ts';
import { pauses } from '../pause.ts';

/** Which accesses an analysis looks at. */
export interface AccessQuery {
	/** Half-open. */
	readonly time: { readonly from: number; readonly to: number };
	/** Only accesses count, whatever kinds it allows. */
	readonly filter: EventFilter;
	readonly signal?: AbortSignal | undefined;
}

type Visit<N extends StoredColumnName> = (
	columns: Pick<StoredColumns, N>,
	hits: Uint32Array,
	segment: Segment
) => void;

/** Visits the wanted accesses of each segment that has some, in seq order; lets other requests in between. */
export async function scanAccesses<N extends StoredColumnName>(
	store: TraceStore,
	session: SessionDetail,
	{ time, filter, signal }: AccessQuery,
	names: readonly N[],
	visit: Visit<N>
): Promise<void> {
	const kinds = (filter.kinds ?? ACCESS_KINDS) & ACCESS_KINDS;
	const wanted = { ...filter, kinds, time };
	const pause = pauses(signal);
	for (const segment of await store.segments(session.id)) {
		if (!mayMatch(segment, wanted)) continue;
		const hits = await selectEvents(store, session.id, segment, wanted);
		if (hits.length) visit(await store.readColumns(session.id, segment, names), hits, segment);
		await pause();
	}
}

/**
 * For each access the first gfn that it does not touch any more: a ranged access counts up to its lane's end, one
 * outside every memslot counts whole.
 */
export function pagesEnd(
	session: SessionDetail
): (columns: Pick<StoredColumns, 'gfn' | 'npages' | 'lane'>, i: number) => number {
	const ends = session.lanes.map((lane) => lane.baseGfn + lane.npages);
	return ({ gfn, npages, lane }, i) => {
		const end = (gfn[i] as number) + (npages[i] as number);
		const at = lane[i] as number;
		return at === NO_LANE || npages[i] === 1 ? end : Math.min(end, ends[at] ?? end);
	};
}
