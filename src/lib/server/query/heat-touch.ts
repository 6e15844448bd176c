import type { LaneInfo, SessionDetail } from '#lib/domain/session-info.ts';
import type { TraceStore } from '../store/store.ts';
import { seqAtTime } from './events.ts';
import type { EventFilter } from './filter.ts';
import { selectEvents } from './filter-select.ts';
import type { Axis } from './heat-axis.ts';
import { pauses } from './pause.ts';
import { touchIndex } from './touch-index.ts';

export interface TouchGrid {
	readonly lane: LaneInfo;
	readonly time: Axis;
	readonly gfn: Axis;
	readonly filter: EventFilter;
	readonly signal?: AbortSignal | undefined;
}

/** Pages whose first access of the whole session that meets the filter falls into the cell. */
export async function firstTouches(
	store: TraceStore,
	session: SessionDetail,
	{ lane, time, gfn, filter }: TouchGrid
): Promise<Uint32Array> {
	const { first } = await touchIndex(store, session, lane, filter);
	const cells = new Uint32Array(time.n * gfn.n);
	const from = Math.max(0, gfn.start - lane.baseGfn);
	const to = Math.min(gfn.end - lane.baseGfn, lane.npages);
	first.forEach(from, to, (page, at) => {
		if (at < time.start || at >= time.end) return;
		const row = Math.floor((page + lane.baseGfn - gfn.start) / gfn.step);
		const cell = row * time.n + Math.floor((at - time.start) / time.step);
		cells[cell] = (cells[cell] as number) + 1;
	});
	return cells;
}

/**
 * Time from the last access of any page of the row to the column's end (the asked range's end, in the last column);
 * -1 where no page of the row was accessed up to then.
 */
export async function touchAges(
	store: TraceStore,
	session: SessionDetail,
	{ lane, time, gfn, filter, signal }: TouchGrid
): Promise<Float64Array> {
	const index = await touchIndex(store, session, lane, filter);
	const cells = new Float64Array(time.n * gfn.n).fill(-1);
	const last = new Float64Array(gfn.n).fill(-1);
	const startSeq = await seqAtTime(store, session.id, time.start);
	const checkpoint = index.checkpoints.findLast((each) => each.seq <= startSeq);
	const offset = gfn.start - lane.baseGfn;
	checkpoint?.last.forEach(Math.max(0, offset), Math.min(gfn.end - lane.baseGfn, lane.npages), (page, at) => {
		const row = Math.floor((page - offset) / gfn.step);
		if (at > (last[row] as number)) last[row] = at;
	});
	let column = 0;
	const endOf = (at: number) => Math.min(time.end, time.start + (at + 1) * time.step);
	const fillUpTo = (to: number) => {
		for (; column < to; column++)
			for (let row = 0; row < gfn.n; row++) {
				const at = last[row] as number;
				if (at >= 0) cells[row * time.n + column] = endOf(column) - at;
			}
	};
	const pagesEnd = Math.min(gfn.end, lane.baseGfn + lane.npages);
	const wanted = { ...filter, lane: lane.lane, time: { from: 0, to: time.end } };
	const pause = pauses(signal);
	for (const segment of await store.segments(session.id)) {
		if (segment.firstSeq + segment.count <= (checkpoint?.seq ?? 0)) continue;
		const hits = await selectEvents(store, session.id, segment, wanted);
		if (!hits.length) continue;
		const {
			tsNs,
			gfn: gfns,
			npages
		} = await store.readColumns(session.id, segment, ['tsNs', 'gfn', 'npages']);
		for (const i of hits) {
			const at = tsNs[i] as number;
			if (column < time.n && at >= endOf(column)) fillUpTo(Math.floor((at - time.start) / time.step));
			const from = Math.max(gfn.start, gfns[i] as number);
			const to = Math.min(pagesEnd, (gfns[i] as number) + (npages[i] as number));
			for (let page = from; page < to; page++) last[Math.floor((page - gfn.start) / gfn.step)] = at;
		}
		await pause();
	}
	fillUpTo(time.n);
	return cells;
}
