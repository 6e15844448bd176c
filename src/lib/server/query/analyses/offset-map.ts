import type { OffsetMap } from '#lib/api/analyses-types.ts';
import type { SessionDetail } from '#lib/domain/session-info.ts';
import type { TraceStore } from '../../store/store.ts';
import { scanAccesses, type AccessQuery } from './scan.ts';

/** Accesses (events, not pages) by period and by offset in the period: what repeats stands in rows. */
export async function offsetMap(
	store: TraceStore,
	session: SessionDetail,
	query: AccessQuery & { readonly periodNs: number; readonly rows: number }
): Promise<OffsetMap> {
	const { time, periodNs } = query;
	const columns = Math.ceil((time.to - time.from) / periodNs);
	const rowNs = Math.ceil(periodNs / query.rows);
	const rows = Math.ceil(periodNs / rowNs);
	const cells = new Uint32Array(columns * rows);
	let total = 0;
	await scanAccesses(store, session, query, ['tsNs'] as const, ({ tsNs }, hits) => {
		total += hits.length;
		for (const i of hits) {
			const at = (tsNs[i] as number) - time.from;
			const column = Math.floor(at / periodNs);
			const cell = Math.floor((at - column * periodNs) / rowNs) * columns + column;
			cells[cell] = (cells[cell] as number) + 1;
		}
	});
	const max = cells.reduce((most, cell) => Math.max(most, cell), 0);
	return { startNs: time.from, periodNs, columns, rowNs, rows, cells: [...cells], max, total };
}
