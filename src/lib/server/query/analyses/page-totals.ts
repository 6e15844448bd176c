import type { ModeCounts } from '#lib/api/analyses-types.ts';
import { byMode, FIRST_ACCESS, MODES } from '#lib/domain/kinds.ts';
import type { SessionDetail } from '#lib/domain/session-info.ts';
import { NO_LANE, type TraceStore } from '../../store/store.ts';
import { GfnIds, Numbers } from './ids.ts';
import { pagesEnd, scanAccesses, type AccessQuery } from './scan.ts';

/** What is known of each page accessed, by the ids that `ids` gives to gfns. */
export class PageTotals {
	readonly ids = new GfnIds();
	/** By id * 4 + mode. */
	readonly counts = new Numbers();
	readonly total = new Numbers();
	readonly firstSeq = new Numbers();
	readonly firstNs = new Numbers();
	readonly lastSeq = new Numbers();
	readonly lastNs = new Numbers();
	readonly lane = new Numbers(NO_LANE);
	/** By mode; an access counts once, however many pages it spans. */
	readonly accessesByMode = MODES.map(() => 0);

	get accesses(): number {
		return this.accessesByMode.reduce((sum, count) => sum + count, 0);
	}

	get pages(): number {
		return this.ids.gfns.length;
	}

	add(gfn: number, mode: number, seq: number, tsNs: number): number {
		const id = this.ids.idOf(gfn);
		if (this.total.get(id) === 0) {
			this.firstSeq.set(id, seq);
			this.firstNs.set(id, tsNs);
		}
		this.lastSeq.set(id, seq);
		this.lastNs.set(id, tsNs);
		this.total.add(id, 1);
		this.counts.add(id * MODES.length + mode, 1);
		return id;
	}

	countsOf(id: number): ModeCounts {
		return byMode((mode) => this.counts.get(id * MODES.length + mode));
	}
}

/** Totals of every page that was accessed; a ranged access counts once for each page. */
export async function pageTotals(
	store: TraceStore,
	session: SessionDetail,
	query: AccessQuery
): Promise<PageTotals> {
	const totals = new PageTotals();
	const endOf = pagesEnd(session);
	const names = ['tsNs', 'kind', 'gfn', 'npages', 'lane'] as const;
	await scanAccesses(store, session, query, names, (columns, hits, segment) => {
		const { tsNs, kind, gfn, lane } = columns;
		for (const i of hits) {
			const end = endOf(columns, i);
			const mode = (kind[i] as number) - FIRST_ACCESS;
			totals.accessesByMode[mode] = (totals.accessesByMode[mode] ?? 0) + 1;
			for (let page = gfn[i] as number; page < end; page++) {
				const id = totals.add(page, mode, segment.firstSeq + i, tsNs[i] as number);
				totals.lane.set(id, lane[i] as number);
			}
		}
	});
	return totals;
}
