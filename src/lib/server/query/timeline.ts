import type { Timeline } from '#lib/api/types.ts';
import { NO_VCPU } from '#lib/domain/batch.ts';
import { KINDS } from '#lib/domain/kinds.ts';
import type { SessionDetail } from '#lib/domain/session-info.ts';
import type { TraceStore } from '../store/store.ts';
import type { EventFilter } from './filter.ts';
import { mayMatch } from './filter.ts';
import { selectEvents } from './filter-select.ts';
import { pauses } from './pause.ts';
import { filterQuestion, remembered } from './result-cache.ts';
import { lowerBound } from './search.ts';

export interface TimelineQuery {
	/** Half-open. */
	readonly time: { readonly from: number; readonly to: number };
	/** At most this many, all of one whole number of ns. */
	readonly columns: number;
	readonly by: 'kind' | 'vcpu';
	/** Counts only these events. */
	readonly filter?: EventFilter;
}

/**
 * Events per time column, by kind or vCPU: every event of the range that meets the filter counts once. Without a filter
 * the answer is remembered: each visitor of a session asks for it.
 */
export const timeline = (
	store: TraceStore,
	session: SessionDetail,
	query: TimelineQuery,
	signal?: AbortSignal
): Promise<Timeline> => {
	const { filter = {}, ...question } = query;
	return filterQuestion(filter) === EVERYTHING
		? remembered(store, session, ['timeline', question], () => counted(store, session, query, 'once'))
		: counted(store, session, query, 'often', signal);
};

const EVERYTHING = filterQuestion({});

async function counted(
	store: TraceStore,
	session: SessionDetail,
	query: TimelineQuery,
	read: 'often' | 'once',
	signal?: AbortSignal
): Promise<Timeline> {
	const { from, to } = query.time;
	const columnNs = Math.max(1, Math.ceil((to - from) / query.columns));
	const columns = Math.max(0, Math.ceil((to - from) / columnNs));
	const counts = new Map<number, Uint32Array>();
	const name = query.by === 'kind' ? 'kind' : 'vcpu';
	const pause = pauses(signal);
	for (const segment of await store.segments(session.id)) {
		if (!mayMatch(segment, { time: query.time })) continue;
		const hits = await selectEvents(store, session.id, segment, query.filter ?? {});
		if (!hits.length) continue;
		const data = await store.readColumns(session.id, segment, ['tsNs', name], read);
		const keys: Uint8Array | Uint16Array = (data as Record<string, unknown>)[name] as Uint16Array;
		const last = lowerBound(hits, lowerBound(data.tsNs, to));
		let column = -1;
		let columnEnd = -1;
		for (let h = lowerBound(hits, lowerBound(data.tsNs, from)); h < last; h++) {
			const i = hits[h] as number;
			const at = data.tsNs[i] as number;
			if (at >= columnEnd) {
				column = Math.floor((at - from) / columnNs);
				columnEnd = from + (column + 1) * columnNs;
			}
			const key = keys[i] as number;
			let series = counts.get(key);
			if (!series) counts.set(key, (series = new Uint32Array(columns)));
			series[column] = (series[column] as number) + 1;
		}
		await pause();
	}
	const label = (key: number) =>
		query.by === 'kind' ? (KINDS[key] ?? String(key)) : key === NO_VCPU ? 'none' : String(key);
	return {
		startNs: from,
		columnNs,
		columns,
		by: query.by,
		series: [...counts.keys()]
			.sort((a, b) => a - b)
			.map((key) => ({ key: label(key), counts: [...(counts.get(key) ?? [])] })),
		loss: session.losses.filter((loss) => loss.endNs >= from && loss.startNs < to)
	};
}
