import type { Anomalies } from '#lib/api/analyses-types.ts';
import { kindMask } from '#lib/domain/kinds.ts';
import type { SessionDetail } from '#lib/domain/session-info.ts';
import type { TraceStore } from '../../store/store.ts';
import { eventPages, queryEvents } from '../events.ts';
import type { EventFilter } from '../filter.ts';

export interface AnomalyQuery {
	readonly filter: EventFilter;
	/** First seq listed; totals are over the whole session. */
	readonly from: number;
	readonly limit: number;
}

/** What surprised: anomalies by rule, and one after another. */
export async function anomalies(
	store: TraceStore,
	session: SessionDetail,
	query: AnomalyQuery
): Promise<Anomalies> {
	const filter = { ...query.filter, kinds: kindMask(['anomaly']) };
	const quirks = new Map<string, { quirk: string; count: number; firstSeq: number }>();
	let total = 0;
	for await (const page of eventPages(store, session.id, filter))
		for (const event of page) {
			if (event.kind !== 'anomaly') continue;
			total++;
			const known = quirks.get(event.quirk);
			if (known) known.count++;
			else quirks.set(event.quirk, { quirk: event.quirk, count: 1, firstSeq: event.seq });
		}
	const { events, next } = await queryEvents(store, session.id, {
		filter,
		from: query.from,
		limit: query.limit
	});
	return {
		total,
		quirks: [...quirks.values()].sort((a, b) => b.count - a.count || a.firstSeq - b.firstSeq),
		items: events
			.filter((event) => event.kind === 'anomaly')
			.map(({ seq, tsNs, quirk, text, gfn, vcpuId }) => ({
				seq,
				tsNs,
				quirk,
				text: text ?? null,
				gfn: gfn ?? null,
				vcpuId: vcpuId ?? null
			})),
		next
	};
}
