import type { TrackedGrid } from '#lib/api/tracking-types.ts';
import { evolve } from '#lib/domain/evolve.ts';
import { kindMask, MODES, type Mode } from '#lib/domain/kinds.ts';
import type { SessionDetail } from '#lib/domain/session-info.ts';
import type { TrackingState } from '#lib/domain/state.ts';
import type { TraceStore } from '../store/store.ts';
import { eventPages, seqAtTime } from './events.ts';
import { axis, type Axis } from './heat-axis.ts';
import { geometry } from './heat-map.ts';
import { pauses } from './pause.ts';

/** Kinds that may change which pages are tracked. */
const CHANGES = kindMask([
	'track_add',
	'track_remove',
	'memslot_create',
	'memslot_move',
	'memslot_delete',
	'create_slot'
]);

export interface TrackedQuery {
	readonly lane: number;
	/** Pages tracked in any of these count. */
	readonly modes: readonly Mode[];
	/** Half-open, as for heat maps. */
	readonly time: { readonly from: number; readonly to: number };
	readonly gfn: { readonly from: number; readonly to: number };
	readonly columns: number;
	readonly rows: number;
	readonly align?: boolean;
}

/** `TrackedGrid` with its cells still in an array of numbers. */
export type TrackedGridData = Omit<TrackedGrid, 'cells'> & { readonly cells: Uint32Array };

/**
 * Tracked pages over time: one replay of the events that change them. The last column's end is the asked range's.
 * @throws {RangeError} if the session has no such lane
 */
export async function trackedGrid(
	store: TraceStore,
	session: SessionDetail,
	query: TrackedQuery,
	signal?: AbortSignal
): Promise<TrackedGridData> {
	if (!session.lanes[query.lane]) throw new RangeError(`session ${session.id} has no lane ${query.lane}`);
	const time = axis(query.time.from, query.time.to, query.columns, query.align ?? false);
	const gfn = axis(query.gfn.from, query.gfn.to, query.rows, query.align ?? false);
	const cells = new Uint32Array(time.n * gfn.n);
	const modes = query.modes.map((mode) => MODES.indexOf(mode));
	const from = await seqAtTime(store, session.id, time.start);
	const to = await seqAtTime(store, session.id, time.end);
	const state = await store.stateBefore(session.id, from);
	let rows = trackedRows(state, query.lane, modes, gfn);
	let column = 0;
	const fillUpTo = (end: number) => {
		for (; column < end; column++)
			for (let row = 0; row < gfn.n; row++) cells[row * time.n + column] = rows[row] as number;
	};
	const pause = pauses(signal);
	let seen = from;
	for await (const page of eventPages(store, session.id, { kinds: CHANGES }, { from, to })) {
		for (const event of page) {
			const at = Math.floor((event.tsNs - time.start) / time.step);
			if (at > column) {
				if (state.seq > seen) rows = trackedRows(state, query.lane, modes, gfn);
				seen = state.seq;
				fillUpTo(at);
			}
			state.seq = event.seq;
			evolve(state, event);
		}
		await pause();
	}
	if (state.seq > seen) rows = trackedRows(state, query.lane, modes, gfn);
	fillUpTo(time.n);
	const max = cells.reduce((most, cell) => Math.max(most, cell), 0);
	return { lane: query.lane, modes: query.modes, value: 'tracked', ...geometry({ time, gfn }), cells, max };
}

/** Tracked pages of each row: those of any of the modes in any memslot of the lane, each page once. */
function trackedRows(state: TrackingState, lane: number, modes: readonly number[], gfn: Axis): Uint32Array {
	const rows = new Uint32Array(gfn.n);
	for (const [from, to] of trackedRanges(state, lane, modes)) {
		let at = Math.max(from, gfn.start);
		const end = Math.min(to, gfn.end);
		while (at < end) {
			const row = Math.floor((at - gfn.start) / gfn.step);
			const next = Math.min(end, gfn.start + (row + 1) * gfn.step);
			rows[row] = (rows[row] as number) + next - at;
			at = next;
		}
	}
	return rows;
}

/** Gfn ranges `[from, to)` with a counter above zero, ascending, without overlap. */
export function trackedRanges(
	state: TrackingState,
	lane: number,
	modes: readonly number[]
): [number, number][] {
	const ranges: [number, number][] = [];
	for (const slot of state.memslots.values())
		if (slot.lane === lane)
			for (const mode of modes)
				slot.counters[mode]?.forEach((start, end) => ranges.push([slot.baseGfn + start, slot.baseGfn + end]));
	ranges.sort((a, b) => a[0] - b[0]);
	const merged: [number, number][] = [];
	for (const range of ranges) {
		const last = merged.at(-1);
		if (last && range[0] <= last[1]) last[1] = Math.max(last[1], range[1]);
		else merged.push(range);
	}
	return merged;
}
