import type { ArmedPage, WhyTracked } from '#lib/api/tracking-types.ts';
import { evolve } from '#lib/domain/evolve.ts';
import type { NumberedEvent, TrackAddEvent } from '#lib/domain/events.ts';
import { kindMask, type Mode, MODES } from '#lib/domain/kinds.ts';
import type { SessionDetail } from '#lib/domain/session-info.ts';
import {
	counterAt,
	initialState,
	slotKey,
	type MemslotState,
	type TrackingState
} from '#lib/domain/state.ts';
import type { TraceStore } from '../store/store.ts';
import { eventPages, queryEvents } from './events.ts';
import { trackFilter } from './page-history.ts';
import { armedSets, timeAt } from './state-view.ts';
import { wireEvent } from './wire-event.ts';

/** Most events listed for a mode. */
const LISTED = 1000;

type Add = NumberedEvent & TrackAddEvent;

/**
 * For each memslot that tracks the page right before event `seq`: the track_add events that still count. A track_remove takes
 * back the newest add of the same node that still counts, or the newest of all if that node has none. Where the source
 * arms pages by a policy, also what it declares of this one.
 * @throws {RangeError} if the session has fewer events
 */
export async function whyTracked(
	store: TraceStore,
	session: SessionDetail,
	gfn: number,
	seq: number
): Promise<WhyTracked> {
	const state = await store.stateBefore(session.id, seq);
	const slots = [];
	for (const slot of holders(state, gfn)) {
		const counts = MODES.map((_, mode) => counterAt(slot, gfn, mode));
		if (counts.every((count) => count === 0)) continue;
		const adds = await standingAdds(store, session, slot, gfn - slot.baseGfn, seq);
		const modes = MODES.map((mode, i) => ({
			mode,
			count: counts[i] as number,
			adds: (adds[i] ?? []).slice(-LISTED).map(wireEvent)
		}));
		const { asId, slotId } = slot;
		slots.push({ asId, slotId, modes: modes.filter((mode) => mode.count > 0) });
	}
	return { gfn, seq, slots, armed: await armedPage(store, session, state, gfn) };
}

const holders = (state: TrackingState, gfn: number): MemslotState[] =>
	[...state.memslots.values()].filter((slot) => gfn >= slot.baseGfn && gfn < slot.baseGfn + slot.npages);

/** What the source's policy says of a page; null without one. */
async function armedPage(
	store: TraceStore,
	session: SessionDetail,
	state: TrackingState,
	gfn: number
): Promise<ArmedPage | null> {
	const sets = armedSets(state);
	if (!sets) return null;
	const rearm = state.session?.policy === 'rearm';
	const declared = MODES.filter((mode) =>
		sets.some((set) => set.mode === mode && gfn >= set.startGfn && (set.endGfn === null || gfn < set.endGfn))
	);
	// rules out what comes after the state without reading it; the state's own time is that of its last change
	const untilNs = (await timeAt(store, session.id, state.seq)) + 1;
	const slots = [];
	for (const { asId, slotId, lane } of holders(state, gfn)) {
		const modes = [];
		for (const mode of declared) {
			const page = { lane, gfn, mode, untilNs };
			const first = rearm ? await firstNotified(store, session.id, state, page) : null;
			modes.push({ mode, silencedBy: first && wireEvent(first) });
		}
		slots.push({ asId, slotId, modes });
	}
	return { policy: rearm ? 'rearm' : 'always', epoch: state.epoch, slots };
}

/** A page of a lane in a mode, and the time that what is asked of it is before. */
interface ArmedMode {
	readonly lane: number;
	readonly gfn: number;
	readonly mode: Mode;
	readonly untilNs: number;
}

/** The first notification of a page in a mode since the state's epoch began; null if there was none. */
async function firstNotified(
	store: TraceStore,
	id: string,
	state: TrackingState,
	{ lane, gfn, mode, untilNs }: ArmedMode
): Promise<NumberedEvent | null> {
	const filter = {
		...{ lane, gfn: { from: gfn, to: gfn + 1 }, kinds: kindMask([mode]) },
		time: { from: state.epoch?.tsNs ?? 0, to: untilNs }
	};
	const { events } = await queryEvents(store, id, { filter, from: state.epoch?.seq ?? 0, limit: 1 });
	const [first] = events;
	return first && first.seq < state.seq ? first : null;
}

/** By mode: the adds behind the counters of the slot's page `index`. One replay of the events that concern it. */
async function standingAdds(
	store: TraceStore,
	session: SessionDetail,
	slot: MemslotState,
	index: number,
	seq: number
): Promise<Add[][]> {
	// the page's gfn changed when its slot moved
	const spans = session.memslots
		.filter(
			(row) => row.asId === slot.asId && row.slotId === slot.slotId && row.createdSeq >= slot.createdSeq
		)
		.map((row) => ({ from: row.baseGfn + index, to: row.baseGfn + index + 1 }));
	const state = initialState();
	const adds = MODES.map((): Add[] => []);
	const count = (mode: number) => {
		const own = state.memslots.get(slotKey(slot.asId, slot.slotId));
		return own ? counterAt(own, own.baseGfn + index, mode) : 0;
	};
	for await (const page of eventPages(store, session.id, trackFilter(spans), {
		from: slot.createdSeq,
		to: seq
	}))
		for (const event of page) {
			if (event.kind !== 'track_add' && event.kind !== 'track_remove') {
				evolve(state, event);
				continue;
			}
			const mode = MODES.indexOf(event.mode);
			const before = count(mode);
			evolve(state, event);
			const after = count(mode);
			const standing = adds[mode] as Add[];
			if (event.kind === 'track_add' && after > before) standing.push(event);
			else if (after < before) takeBack(standing, event.nodeId);
		}
	return adds;
}

function takeBack(standing: Add[], nodeId: number | undefined): void {
	const own = standing.findLastIndex((add) => add.nodeId === nodeId);
	standing.splice(own < 0 ? -1 : own, 1);
}
