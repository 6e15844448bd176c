import type { PageHistory, TrackingCause } from '#lib/api/types.ts';
import { FLAG } from '#lib/domain/batch.ts';
import type { NumberedEvent } from '#lib/domain/events.ts';
import { evolve } from '#lib/domain/evolve.ts';
import type { Span } from '#lib/domain/filter-expr.ts';
import {
	KIND_CODES,
	KINDS,
	kindMask,
	maskKinds,
	MODES,
	PAGE_KINDS,
	type Kind,
	TRACK_KINDS
} from '#lib/domain/kinds.ts';
import { counterAt, initialState, type TrackingState } from '#lib/domain/state.ts';
import { hex } from '#lib/domain/units.ts';
import type { StoredColumns, TraceStore } from '../store/store.ts';
import { eventPages, queryEvents } from './events.ts';
import type { EventFilter } from './filter.ts';
import { selectEvents } from './filter-select.ts';
import { symbolizer } from './names.ts';
import { pauses } from './pause.ts';
import { wireEvent } from './wire-event.ts';

const TOP = 8;

const CONTEXT_KINDS = kindMask([
	'memslot_create',
	'memslot_move',
	'memslot_delete',
	'create_slot',
	'flush_slot',
	// they name who asks for tracking
	'register',
	'unregister'
]);

interface Totals {
	readonly counts: Map<number, number>;
	readonly rips: Map<bigint, number>;
	firstSeq: number | null;
	lastSeq: number | null;
	lastWriter: { seq: number; tsNs: number; rip: string | null } | null;
}

/** Everything that happened to one page; events are paged by seq. */
export async function pageHistory(
	store: TraceStore,
	id: string,
	gfn: number,
	{ from = 0, limit = 200 } = {}
): Promise<PageHistory> {
	const filter = { gfn: { from: gfn, to: gfn + 1 }, kinds: PAGE_KINDS };
	const totals: Totals = {
		counts: new Map(),
		rips: new Map(),
		firstSeq: null,
		lastSeq: null,
		lastWriter: null
	};
	const pause = pauses();
	for (const segment of await store.segments(id)) {
		await pause();
		const hits = await selectEvents(store, id, segment, filter);
		if (!hits.length) continue;
		const columns = await store.readColumns(id, segment, ['kind', 'flags', 'ripLo', 'ripHi', 'tsNs']);
		for (const i of hits) addTo(totals, columns, i, segment.firstSeq + i);
	}
	const { events, next } = await queryEvents(store, id, { filter, from, limit });
	const nameOf = await symbolizer(store, id);
	return {
		gfn,
		events: events.map(wireEvent),
		next,
		counts: Object.fromEntries([...totals.counts].map(([code, n]) => [KINDS[code] as Kind, n])),
		firstSeq: totals.firstSeq,
		lastSeq: totals.lastSeq,
		lastWriter: totals.lastWriter && { ...totals.lastWriter, symbol: nameOf(totals.lastWriter.rip) },
		topRips: [...totals.rips]
			.sort((a, b) => b[1] - a[1])
			.slice(0, TOP)
			.map(([rip, count]) => ({ rip: hex(rip), symbol: nameOf(hex(rip)), count })),
		tracked: maskKinds(TRACK_KINDS).some((kind) => totals.counts.has(KIND_CODES[kind]))
			? await trackedIntervals(store, id, gfn)
			: []
	};
}

type Columns = Pick<StoredColumns, 'kind' | 'flags' | 'ripLo' | 'ripHi' | 'tsNs'>;

function addTo(totals: Totals, columns: Columns, i: number, seq: number): void {
	const kind = columns.kind[i] as number;
	totals.counts.set(kind, (totals.counts.get(kind) ?? 0) + 1);
	totals.firstSeq ??= seq;
	totals.lastSeq = seq;
	const known = (columns.flags[i] as number) & FLAG.rip;
	const rip = known ? (BigInt(columns.ripHi[i] as number) << 32n) | BigInt(columns.ripLo[i] as number) : null;
	if (rip !== null) totals.rips.set(rip, (totals.rips.get(rip) ?? 0) + 1);
	if (kind === KIND_CODES.write || kind === KIND_CODES.prewrite)
		totals.lastWriter = { seq, tsNs: columns.tsNs[i] as number, rip: rip === null ? null : hex(rip) };
}

type Interval = { -readonly [K in keyof PageHistory['tracked'][number]]: PageHistory['tracked'][number][K] };

/** When the page's counter of a mode was above zero in some slot that holds it: one replay of the events that matter. */
async function trackedIntervals(store: TraceStore, id: string, gfn: number): Promise<Interval[]> {
	const { kinds } = await store.getSession(id);
	const state = initialState();
	const intervals: Interval[] = [];
	const open = new Map<number, Interval>();
	for await (const page of eventPages(
		store,
		id,
		trackFilter([kinds.memslot_move === undefined ? { from: gfn, to: gfn + 1 } : { from: 0, to: Infinity }])
	)) {
		for (const event of page) {
			state.seq = event.seq;
			evolve(state, event);
			for (const [index, mode] of MODES.entries()) {
				const running = open.get(index);
				const tracked = isTracked(state, gfn, index);
				if (tracked && !running) {
					const interval = {
						mode,
						startSeq: event.seq,
						startNs: event.tsNs,
						endSeq: null,
						endNs: null,
						startedBy: causeOf(event, state),
						endedBy: null
					};
					intervals.push(interval);
					open.set(index, interval);
				} else if (!tracked && running) {
					running.endSeq = event.seq;
					running.endNs = event.tsNs;
					running.endedBy = causeOf(event, state);
					open.delete(index);
				}
			}
		}
	}
	return intervals;
}

/** The event that changed a page's tracking, with the name of the notifier that it says asked for it. */
function causeOf(event: NumberedEvent, state: TrackingState): TrackingCause {
	const nodeId = 'nodeId' in event ? (event.nodeId ?? null) : null;
	const node = state.notifiers.find((each) => each.nodeId === nodeId);
	return { kind: event.kind, nodeId, name: node?.name ?? null };
}

/** Slots and notifiers that come and go, and the track events of some pages. */
export const trackFilter = (spans: readonly Span[]): EventFilter => ({
	where: {
		type: 'any',
		of: [
			{ type: 'kind', kinds: CONTEXT_KINDS },
			{
				type: 'all',
				of: [
					{ type: 'kind', kinds: TRACK_KINDS },
					{ type: 'gfn', spans }
				]
			}
		]
	}
});

const isTracked = (state: TrackingState, gfn: number, mode: number): boolean =>
	[...state.memslots.values()].some(
		(slot) => gfn >= slot.baseGfn && gfn < slot.baseGfn + slot.npages && counterAt(slot, gfn, mode) > 0
	);
