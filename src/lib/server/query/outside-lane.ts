import { ACCESS_KINDS } from '#lib/domain/kinds.ts';
import { type LaneInfo, OUTSIDE_LANE, type SessionDetail } from '#lib/domain/session-info.ts';
import type { TraceStore } from '../store/store.ts';
import { selectEvents } from './filter-select.ts';
import { merged, type Range } from './page-sets.ts';
import { pauses } from './pause.ts';
import { remembered } from './result-cache.ts';

/** A lane that no memslot made, with the gfns accessed in it. */
export interface OutsideLane {
	readonly lane: LaneInfo;
	/** Ascending, without overlap. */
	readonly ranges: readonly Range[];
}

/**
 * The lane of the accesses outside every memslot, from the lowest gfn accessed there to the highest, in any address
 * space; null if there is none. Its number is `OUTSIDE_LANE`. It grows with the session, at both ends.
 */
export async function outsideLane(store: TraceStore, session: SessionDetail): Promise<OutsideLane | null> {
	if (!session.outsideAccesses) return null;
	return remembered(store, session, ['outside lane'], () => find(store, session));
}

async function find(
	store: TraceStore,
	{ id, lanes, outsideAccesses }: SessionDetail
): Promise<OutsideLane | null> {
	let ranges: Range[] = [];
	let accesses = 0;
	let left = outsideAccesses;
	const pause = pauses();
	for (const segment of await store.segments(id)) {
		const hits = await selectEvents(store, id, segment, { kinds: ACCESS_KINDS, lane: OUTSIDE_LANE });
		if (!hits.length) continue;
		const { gfn, npages } = await store.readColumns(id, segment, ['gfn', 'npages']);
		const pages = new Map<number, number>();
		for (const i of hits) {
			const [from, count] = [gfn[i] as number, npages[i] as number];
			accesses += count;
			if (count > (pages.get(from) ?? 0)) pages.set(from, count);
		}
		ranges = merged([...ranges, ...[...pages].map(([from, count]): Range => [from, from + count])]);
		left -= hits.length;
		if (left <= 0) break;
		await pause();
	}
	const [first, last] = [ranges[0], ranges.at(-1)];
	if (!first || !last) return null;
	const place = { asId: 0, baseGfn: first[0], npages: last[1] - first[0] };
	return {
		lane: {
			...place,
			lane: OUTSIDE_LANE,
			accesses,
			slotIds: [],
			names: [lanes.length ? 'no memslot' : 'no memslot known']
		},
		ranges
	};
}

/** A lane of the session by its number, that of accesses outside every memslot too; undefined if there is none. */
export const laneAt = async (
	store: TraceStore,
	session: SessionDetail,
	lane: number
): Promise<LaneInfo | undefined> =>
	lane === OUTSIDE_LANE ? (await outsideLane(store, session))?.lane : session.lanes[lane];
