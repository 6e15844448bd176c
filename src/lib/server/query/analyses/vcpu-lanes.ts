import type { VcpuLanes } from '#lib/api/analyses-types.ts';
import { NO_VCPU } from '#lib/domain/batch.ts';
import { byMode, FIRST_ACCESS, MODES } from '#lib/domain/kinds.ts';
import type { SessionDetail } from '#lib/domain/session-info.ts';
import type { TraceStore } from '../../store/store.ts';
import { GfnIds } from './ids.ts';
import { pagesEnd, scanAccesses, type AccessQuery } from './scan.ts';

interface Lane {
	readonly columns: Uint32Array;
	readonly pages: GfnIds;
	readonly counts: Uint32Array;
	total: number;
	readonly firstSeq: number;
	lastSeq: number;
}

/** Accesses of each vCPU over time. */
export async function vcpuLanes(
	store: TraceStore,
	session: SessionDetail,
	query: AccessQuery & { readonly columns: number }
): Promise<VcpuLanes> {
	const { from, to } = query.time;
	const columnNs = Math.ceil((to - from) / query.columns);
	const columns = Math.ceil((to - from) / columnNs);
	const lanes = new Map<number, Lane>();
	const endOf = pagesEnd(session);
	const names = ['tsNs', 'kind', 'vcpu', 'gfn', 'npages', 'lane'] as const;
	await scanAccesses(store, session, query, names, (events, hits, segment) => {
		const { tsNs, kind, vcpu, gfn } = events;
		for (const i of hits) {
			const seq = segment.firstSeq + i;
			let lane = lanes.get(vcpu[i] as number);
			if (!lane) lanes.set(vcpu[i] as number, (lane = newLane(columns, seq)));
			const column = Math.floor(((tsNs[i] as number) - from) / columnNs);
			const mode = (kind[i] as number) - FIRST_ACCESS;
			lane.columns[column] = (lane.columns[column] as number) + 1;
			lane.counts[mode] = (lane.counts[mode] as number) + 1;
			lane.total++;
			lane.lastSeq = seq;
			const end = endOf(events, i);
			for (let page = gfn[i] as number; page < end; page++) lane.pages.idOf(page);
		}
	});
	return {
		startNs: from,
		columnNs,
		columns,
		vcpus: [...lanes]
			.sort((a, b) => a[0] - b[0])
			.map(([vcpuId, lane]) => ({
				vcpuId: vcpuId === NO_VCPU ? null : vcpuId,
				columns: [...lane.columns],
				total: lane.total,
				pages: lane.pages.gfns.length,
				counts: byMode((mode) => lane.counts[mode] as number),
				firstSeq: lane.firstSeq,
				lastSeq: lane.lastSeq
			}))
	};
}

const newLane = (columns: number, firstSeq: number): Lane => ({
	columns: new Uint32Array(columns),
	pages: new GfnIds(),
	counts: new Uint32Array(MODES.length),
	total: 0,
	firstSeq,
	lastSeq: firstSeq
});
