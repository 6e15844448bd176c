import type { HotPages, IdleAges } from '#lib/api/analyses-types.ts';
import type { SessionDetail } from '#lib/domain/session-info.ts';
import { NO_LANE, type TraceStore } from '../../store/store.ts';
import { pageTotals } from './page-totals.ts';
import type { AccessQuery } from './scan.ts';

/** The pages accessed most. */
export async function hotPages(
	store: TraceStore,
	session: SessionDetail,
	query: AccessQuery & { readonly limit: number }
): Promise<HotPages> {
	const totals = await pageTotals(store, session, query);
	const { gfns } = totals.ids;
	const order = Uint32Array.from(gfns, (_, id) => id).sort(
		(a, b) => totals.total.get(b) - totals.total.get(a) || (gfns[a] as number) - (gfns[b] as number)
	);
	return {
		pages: totals.pages,
		accesses: totals.accesses,
		items: [...order.subarray(0, query.limit)].map((id) => ({
			gfn: gfns[id] as number,
			lane: totals.lane.get(id) === NO_LANE ? null : totals.lane.get(id),
			total: totals.total.get(id),
			counts: totals.countsOf(id),
			firstSeq: totals.firstSeq.get(id),
			firstNs: totals.firstNs.get(id),
			lastSeq: totals.lastSeq.get(id),
			lastNs: totals.lastNs.get(id)
		}))
	};
}

/** The largest power of two (its exponent) that is not above a number of at least 1. */
const powerOf = (value: number): number => {
	const high = Math.floor(value / 2 ** 32);
	return high ? 63 - Math.clz32(high) : 31 - Math.clz32(value);
};

/** How long the pages accessed in the range were idle at its end. */
export async function idleAges(
	store: TraceStore,
	session: SessionDetail,
	query: AccessQuery
): Promise<IdleAges> {
	const totals = await pageTotals(store, session, query);
	const { gfns } = totals.ids;
	const buckets = new Map<number, { pages: number; id: number }>();
	for (let id = 0; id < totals.pages; id++) {
		const power = powerOf(query.time.to - totals.lastNs.get(id));
		const bucket = buckets.get(power);
		if (!bucket) buckets.set(power, { pages: 1, id });
		else {
			bucket.pages++;
			const older =
				totals.lastNs.get(id) - totals.lastNs.get(bucket.id) ||
				(gfns[id] as number) - (gfns[bucket.id] as number);
			if (older < 0) bucket.id = id;
		}
	}
	const lane = query.filter.lane === undefined ? undefined : session.lanes[query.filter.lane];
	return {
		atNs: query.time.to,
		pages: totals.pages,
		never: lane ? lane.npages - totals.pages : null,
		buckets: [...buckets]
			.sort((a, b) => a[0] - b[0])
			.map(([power, { pages, id }]) => ({
				fromNs: 2 ** power,
				toNs: 2 ** (power + 1),
				pages,
				gfn: gfns[id] as number,
				seq: totals.lastSeq.get(id)
			}))
	};
}
