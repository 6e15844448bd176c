import fc from 'fast-check';
import { batchOf } from '#lib/domain/batch-events.ts';
import type { TraceEvent } from '#lib/domain/events.ts';
import { evolve } from '#lib/domain/evolve.ts';
import { MODES } from '#lib/domain/kinds.ts';
import type { SessionDetail } from '#lib/domain/session-info.ts';
import { findMemslot, initialState, slotKey } from '#lib/domain/state.ts';
import { openSqliteStore } from '#lib/server/store/sqlite/sqlite-store.ts';
import type { TraceStore } from '#lib/server/store/store.ts';
import { anySession } from '../arbitrary.ts';

/** Loads events in several segments (each is less than half as big as the one before: they are not joined). */
export async function loadSession(store: TraceStore, events: readonly TraceEvent[]): Promise<SessionDetail> {
	const { id } = await store.createSession({ name: 'random', createdMs: 1 });
	for (let at = 0; at < events.length;) {
		const size = Math.ceil(((events.length - at) * 2) / 3);
		await store.append(id, at, batchOf(events.slice(at, at + size)));
		at += size;
	}
	return store.getSession(id);
}

/** Runs a check on random sessions, each in a store of its own. */
export const onSessions = (
	{ maxLength = 80, numRuns = 20 }: { maxLength?: number; numRuns?: number },
	check: (store: TraceStore, session: SessionDetail, events: TraceEvent[]) => Promise<void>
): Promise<void> =>
	fc.assert(
		fc.asyncProperty(anySession(maxLength), async (events) => {
			const store = await openSqliteStore(':memory:');
			try {
				await check(store, await loadSession(store, events), events);
			} finally {
				await store.close();
			}
		}),
		{ numRuns }
	);

/** An event with what holds right before it. */
export interface Witness {
	readonly seq: number;
	readonly event: TraceEvent;
	/** Index of the access's mode, -1 for other kinds. */
	readonly mode: number;
	/** Lane of an access; null outside every memslot and for other kinds. */
	readonly lane: number | null;
	/** Pages of the access: those of its lane, or all of them outside every memslot. */
	readonly pages: readonly number[];
	/** Memslots (keys) whose range holds a page of the event. */
	readonly slots: readonly number[];
}

/** Every event beside the state it met, by full replay. */
export function witnesses(events: readonly TraceEvent[]): Witness[] {
	const state = initialState();
	return events.map((event, seq) => {
		const mode = MODES.indexOf(event.kind as (typeof MODES)[number]);
		const gfn = 'gfn' in event ? event.gfn : undefined;
		const npages = ('npages' in event ? event.npages : undefined) ?? 1;
		const slot = mode >= 0 && gfn !== undefined ? findMemslot(state, event.asId ?? 0, gfn) : null;
		const all = gfn === undefined || mode < 0 ? [] : Array.from({ length: npages }, (_, i) => gfn + i);
		const slots = [...state.memslots.values()]
			.filter(
				(each) =>
					gfn !== undefined &&
					each.asId === (event.asId ?? 0) &&
					gfn < each.baseGfn + each.npages &&
					gfn + npages > each.baseGfn
			)
			.map((each) => slotKey(each.asId, each.slotId));
		evolve(state, event);
		return {
			seq,
			event,
			mode,
			lane: slot ? slot.lane : null,
			pages: slot ? all.filter((page) => page < slot.baseGfn + slot.npages) : all,
			slots
		};
	});
}
