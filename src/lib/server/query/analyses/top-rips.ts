import type { TopRips } from '#lib/api/analyses-types.ts';
import { FLAG } from '#lib/domain/batch.ts';
import { byMode, FIRST_ACCESS, MODES } from '#lib/domain/kinds.ts';
import type { SessionDetail } from '#lib/domain/session-info.ts';
import { hex } from '#lib/domain/units.ts';
import type { TraceStore } from '../../store/store.ts';
import { GfnIds, Numbers, PairIds } from './ids.ts';
import { pagesEnd, scanAccesses, type AccessQuery } from './scan.ts';

/** A 64-bit value of its two halves. */
export const join64 = (low: number, high: number): bigint => (BigInt(high) << 32n) | BigInt(low);

/** The instruction addresses with most accesses; the answer's symbols are null. */
export async function topRips(
	store: TraceStore,
	session: SessionDetail,
	query: AccessQuery & { readonly limit: number }
): Promise<TopRips> {
	const rips = new PairIds();
	const pages = new GfnIds();
	const touched = new PairIds();
	const [count, distinct, counts] = [new Numbers(), new Numbers(), new Numbers()];
	const [firstSeq, lastSeq] = [new Numbers(-1), new Numbers()];
	const endOf = pagesEnd(session);
	let unknown = 0;
	let known = 0;
	const names = ['kind', 'flags', 'ripLo', 'ripHi', 'gfn', 'npages', 'lane'] as const;
	await scanAccesses(store, session, query, names, (columns, hits, segment) => {
		const { kind, flags, ripLo, ripHi, gfn } = columns;
		for (const i of hits) {
			if (!((flags[i] as number) & FLAG.rip)) {
				unknown++;
				continue;
			}
			known++;
			const rip = rips.idOf(ripLo[i] as number, ripHi[i] as number);
			count.add(rip, 1);
			counts.add(rip * MODES.length + (kind[i] as number) - FIRST_ACCESS, 1);
			if (firstSeq.get(rip) < 0) firstSeq.set(rip, segment.firstSeq + i);
			lastSeq.set(rip, segment.firstSeq + i);
			const end = endOf(columns, i);
			for (let page = gfn[i] as number; page < end; page++) {
				const before = touched.size;
				touched.idOf(rip, pages.idOf(page));
				if (touched.size > before) distinct.add(rip, 1);
			}
		}
	});
	const order = Uint32Array.from({ length: rips.size }, (_, rip) => rip).sort(
		(a, b) => count.get(b) - count.get(a) || rips.high(a) - rips.high(b) || rips.low(a) - rips.low(b)
	);
	return {
		rips: rips.size,
		known,
		unknown,
		items: [...order.subarray(0, query.limit)].map((rip) => ({
			rip: hex(join64(rips.low(rip), rips.high(rip))),
			symbol: null,
			count: count.get(rip),
			pages: distinct.get(rip),
			counts: byMode((mode) => counts.get(rip * MODES.length + mode)),
			firstSeq: firstSeq.get(rip),
			lastSeq: lastSeq.get(rip)
		}))
	};
}
