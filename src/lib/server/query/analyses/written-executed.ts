import type { WrittenThenExecutedList } from '#lib/api/analyses-types.ts';
import { KIND_CODES } from '#lib/domain/kinds.ts';
import type { SessionDetail } from '#lib/domain/session-info.ts';
import { hex } from '#lib/domain/units.ts';
import type { TraceStore } from '../../store/store.ts';
import { queryEvents } from '../events.ts';
import { GfnIds, Numbers } from './ids.ts';
import { pagesEnd, scanAccesses, type AccessQuery } from './scan.ts';

interface Found {
	readonly gfn: number;
	readonly writeSeq: number;
	readonly writeNs: number;
	readonly execSeq: number;
	readonly execNs: number;
	readonly writes: number;
}

export interface WrittenExecutedQuery extends AccessQuery {
	readonly order: 'seq' | 'delay';
	readonly offset: number;
	readonly limit: number;
}

/**
 * Pages executed after they were written: for each page, each execution that follows a write or prewrite since the page's
 * execution before. By execution, or the shortest delay first.
 */
export async function writtenThenExecuted(
	store: TraceStore,
	session: SessionDetail,
	query: WrittenExecutedQuery
): Promise<WrittenThenExecutedList> {
	const found = await findAll(store, session, query);
	const pages = new Set(found.map((each) => each.gfn)).size;
	if (query.order === 'delay')
		found.sort((a, b) => a.execNs - a.writeNs - (b.execNs - b.writeNs) || a.execSeq - b.execSeq);
	const shown = found.slice(query.offset, query.offset + query.limit);
	const rips = await ripsOf(
		store,
		session.id,
		shown.flatMap((each) => [each.writeSeq, each.execSeq])
	);
	return {
		total: found.length,
		pages,
		items: shown.map((each) => ({
			...each,
			writeRip: rips.get(each.writeSeq) ?? null,
			execRip: rips.get(each.execSeq) ?? null,
			delayNs: each.execNs - each.writeNs
		}))
	};
}

async function findAll(store: TraceStore, session: SessionDetail, query: AccessQuery): Promise<Found[]> {
	const found: Found[] = [];
	const ids = new GfnIds();
	const [writes, writeSeq, writeNs] = [new Numbers(), new Numbers(), new Numbers()];
	const endOf = pagesEnd(session);
	const names = ['tsNs', 'kind', 'gfn', 'npages', 'lane'] as const;
	await scanAccesses(store, session, query, names, (columns, hits, segment) => {
		const { tsNs, kind, gfn } = columns;
		for (const i of hits) {
			const code = kind[i] as number;
			if (code === KIND_CODES.preread) continue;
			const seq = segment.firstSeq + i;
			const end = endOf(columns, i);
			for (let page = gfn[i] as number; page < end; page++) {
				const id = ids.idOf(page);
				if (code !== KIND_CODES.preexec) {
					writes.add(id, 1);
					writeSeq.set(id, seq);
					writeNs.set(id, tsNs[i] as number);
				} else if (writes.get(id)) {
					const write = { writeSeq: writeSeq.get(id), writeNs: writeNs.get(id), writes: writes.get(id) };
					found.push({ gfn: page, ...write, execSeq: seq, execNs: tsNs[i] as number });
					writes.set(id, 0);
				}
			}
		}
	});
	return found;
}

/** Instruction addresses of events, where known. */
async function ripsOf(store: TraceStore, id: string, seqs: readonly number[]): Promise<Map<number, string>> {
	const rips = new Map<number, string>();
	if (!seqs.length) return rips;
	const spans = [...new Set(seqs)].sort((a, b) => a - b).map((seq) => ({ from: seq, to: seq + 1 }));
	const filter = { where: { type: 'number', field: 'seq', spans } } as const;
	const { events } = await queryEvents(store, id, { filter, from: 0, limit: spans.length });
	for (const event of events)
		if ('rip' in event && event.rip !== undefined) rips.set(event.seq, hex(event.rip));
	return rips;
}
