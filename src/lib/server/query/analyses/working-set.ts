import type { WorkingSet } from '#lib/api/analyses-types.ts';
import { FIRST_ACCESS, MODES } from '#lib/domain/kinds.ts';
import type { SessionDetail } from '#lib/domain/session-info.ts';
import { NO_LANE, type TraceStore } from '../../store/store.ts';
import { GfnIds, Numbers } from './ids.ts';
import { pagesEnd, scanAccesses, type AccessQuery } from './scan.ts';

export interface WorkingSetQuery extends AccessQuery {
	readonly windowNs: number;
	readonly by: WorkingSet['by'];
}

/** Distinct pages counted window by window. */
class Distinct {
	readonly counts: Uint32Array;
	readonly #seen = new Numbers(-1);
	constructor(windows: number) {
		this.counts = new Uint32Array(windows);
	}
	add(page: number, window: number): void {
		if (this.#seen.get(page) === window) return;
		this.#seen.set(page, window);
		this.counts[window] = (this.counts[window] as number) + 1;
	}
}

/** How many distinct pages each window of time accesses, all together and by lane or mode. */
export async function workingSet(
	store: TraceStore,
	session: SessionDetail,
	query: WorkingSetQuery
): Promise<WorkingSet> {
	const { time, windowNs, by } = query;
	const windows = Math.ceil((time.to - time.from) / windowNs);
	const ids = new GfnIds();
	const all = new Distinct(windows);
	const parts = new Map<number, Distinct>();
	const endOf = pagesEnd(session);
	await scanAccesses(
		store,
		session,
		query,
		['tsNs', 'kind', 'gfn', 'npages', 'lane'] as const,
		(columns, hits) => {
			const { tsNs, kind, gfn, lane } = columns;
			for (const i of hits) {
				const window = Math.floor(((tsNs[i] as number) - time.from) / windowNs);
				const key = by === 'lane' ? (lane[i] as number) : by === 'mode' ? (kind[i] as number) : -1;
				let part = by === 'none' ? undefined : parts.get(key);
				if (by !== 'none' && !part) parts.set(key, (part = new Distinct(windows)));
				const end = endOf(columns, i);
				for (let page = gfn[i] as number; page < end; page++) {
					const id = ids.idOf(page);
					all.add(id, window);
					part?.add(id, window);
				}
			}
		}
	);
	const most = all.counts.reduce((max, pages) => Math.max(max, pages), 0);
	const window = all.counts.indexOf(most);
	const label = (key: number) =>
		by === 'mode' ? (MODES[key - FIRST_ACCESS] ?? '') : key === NO_LANE ? 'none' : String(key);
	return {
		startNs: time.from,
		windowNs,
		windows,
		by,
		pages: [...all.counts],
		series: [...parts]
			.sort((a, b) => a[0] - b[0])
			.map(([key, part]) => ({ key: label(key), pages: [...part.counts] })),
		peak: most ? { window, pages: most, tsNs: time.from + window * windowNs } : null
	};
}
