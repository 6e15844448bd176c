import type { GfnRun } from '#lib/api/compare-types.ts';
import type { TrackedCell } from '#lib/api/tracking-types.ts';
import { byMode, MODES } from '#lib/domain/kinds.ts';
import type { SessionDetail } from '#lib/domain/session-info.ts';
import type { TraceStore } from '../store/store.ts';
import { seqAtTime } from './events.ts';
import { lengthOf, merged, type Range } from './page-sets.ts';
import { armedSets, silentPages } from './state-view.ts';
import { trackedRanges } from './tracked-grid.ts';

export interface TrackedCellQuery {
	readonly lane: number;
	/** Right before the first event at or after it: the end of a heat map's column. */
	readonly tsNs: number;
	/** Half-open. */
	readonly gfn: { readonly from: number; readonly to: number };
}

/**
 * What was tracked of some pages of a lane at an instant.
 * @throws {RangeError} if the session has no such lane
 */
export async function trackedCell(
	store: TraceStore,
	session: SessionDetail,
	{ lane, tsNs, gfn }: TrackedCellQuery
): Promise<TrackedCell> {
	if (!session.lanes[lane]) throw new RangeError(`session ${session.id} has no lane ${lane}`);
	const state = await store.stateBefore(session.id, await seqAtTime(store, session.id, tsNs));
	const slots = merged(
		[...state.memslots.values()]
			.filter((slot) => slot.lane === lane)
			.map((slot): Range => [slot.baseGfn, slot.baseGfn + slot.npages])
	);
	const within = (ranges: readonly Range[]) => cutTo(ranges, [gfn.from, gfn.to]);
	const held = within(slots);
	const sets = armedSets(state);
	const armed =
		sets &&
		MODES.map((mode) =>
			merged(
				sets
					.filter((set) => set.mode === mode)
					.flatMap(({ startGfn, endGfn }) => cutTo(held, [startGfn, endGfn ?? Infinity]))
			)
		);
	const notified =
		armed && state.session?.policy === 'rearm' && (await silentPages(store, session.id, state));
	return {
		...{ lane, tsNs, gfn: gfn.from, npages: gfn.to - gfn.from },
		pages: lengthOf(held),
		tracked: state.trackEvents
			? byMode((mode) => lengthOf(within(trackedRanges(state, lane, [mode]))))
			: null,
		armed: armed && byMode((mode) => lengthOf(armed[mode] ?? [])),
		silent: notified ? byMode((mode) => pagesIn(notified.get(lane)?.[mode] ?? [], armed[mode] ?? [])) : null
	};
}

/** The parts of ranges that lie in another. */
const cutTo = (ranges: readonly Range[], [low, high]: Range): Range[] =>
	ranges
		.map(([from, to]): Range => [Math.max(from, low), Math.min(to, high)])
		.filter(([from, to]) => from < to);

/** Pages of the runs that lie in one of the ranges. */
const pagesIn = (runs: readonly GfnRun[], ranges: readonly Range[]): number =>
	runs.reduce((sum, { gfn, npages }) => sum + lengthOf(cutTo(ranges, [gfn, gfn + npages])), 0);
