import type { GfnRun } from '#lib/api/compare-types.ts';
import type { SlotView, StateView, TrackedRun } from '#lib/api/types.ts';
import { accessRuns, accessText } from '#lib/domain/access.ts';
import type { JsonObject } from '#lib/domain/events.ts';
import { GENERATION_INFO, isGeneration } from '#lib/domain/generations.ts';
import { ACCESS_KINDS, byMode, FIRST_ACCESS, LAST_ACCESS, MODES } from '#lib/domain/kinds.ts';
import type { MemslotState, TrackingState } from '#lib/domain/state.ts';
import type { TraceStore } from '../store/store.ts';
import { mayMatch } from './filter.ts';
import { ModeMarks } from './mode-marks.ts';

/** Most runs listed per slot and mode. */
export const RUN_LIMIT = 4096;

/**
 * The tracking state right before event `seq` as the API and the browser show it.
 * @throws {RangeError} if the session has fewer events
 */
export async function stateView(store: TraceStore, id: string, seq: number): Promise<StateView> {
	const state = await store.stateBefore(id, seq);
	const armed = armedSets(state);
	const silent = armed ? await silentPages(store, id, state) : null;
	return {
		seq,
		tsNs: await timeAt(store, id, seq),
		memslots: [...state.memslots.values()]
			.sort((a, b) => a.asId - b.asId || a.baseGfn - b.baseGfn)
			.map((slot) => slotView(slot, silent && (silent.get(slot.lane) ?? NONE))),
		notifiers: state.notifiers,
		vcpus: state.vcpus,
		epoch: state.epoch,
		mark: state.mark && { name: state.mark.name, seq: state.mark.seq, tsNs: state.mark.tsNs },
		known: whatIsKnown(state, armed !== null),
		armed,
		ended: state.ended
	};
}

/** Time of event `seq`, or of the last one at the session's end. */
export async function timeAt(store: TraceStore, id: string, seq: number): Promise<number> {
	const segments = await store.segments(id);
	const segment = segments.find((each) => seq < each.firstSeq + each.count);
	if (!segment) return segments.at(-1)?.maxNs ?? 0;
	const { tsNs } = await store.readColumns(id, segment, ['tsNs']);
	return tsNs[seq - segment.firstSeq] ?? 0;
}

function whatIsKnown(state: TrackingState, policy: boolean): StateView['known'] {
	const unknown: string[] = [];
	const counters = state.trackEvents > 0;
	if (!counters && policy)
		unknown.push('Counters: the source arms pages by a policy and reports accesses only.');
	if (!counters && !policy) unknown.push('Counters: no event so far says which pages are tracked.');
	if (!state.notifierEvents) unknown.push('Notifiers: the source does not report who is registered.');
	if (!state.memslots.size) unknown.push('Memslots: none was reported so far.');
	if (state.loss.events)
		unknown.push(
			`${state.loss.unknown ? 'An unknown number of' : state.loss.count.toLocaleString('en')} events were lost so far: the host's counters may differ.`
		);
	if (state.unplaced) unknown.push(`${state.unplaced} track events named pages outside every memslot.`);
	unknown.push(...sourceLimits(state.session ?? {}));
	return {
		tracking: counters ? 'events' : policy ? 'policy' : 'none',
		memslots: state.memslots.size > 0,
		notifiers: state.notifierEvents > 0,
		complete: state.loss.events === 0,
		unknown
	};
}

/** What the kernel that was traced cannot tell, and what was assumed of the source. */
function sourceLimits(attributes: JsonObject): string[] {
	const { generation, generation_assumed, vendor_assumed, fault_code, raw_numbers } = attributes;
	const limits: string[] = [];
	if (typeof generation === 'string' && isGeneration(generation)) {
		limits.push(...GENERATION_INFO[generation].cannot);
		if (generation_assumed === true)
			limits.push(`Kernel generation: ${generation} is assumed, by the kernel's release.`);
	}
	if (vendor_assumed === true)
		limits.push(
			`Error codes: read as ${fault_code === 'ept' ? 'EPT exit qualifications (Intel)' : 'PFERR codes (AMD, or shadow paging)'}, which is assumed.`
		);
	if (raw_numbers === 'decimal')
		limits.push('Raw numbers (trace-cmd report -R) without 0x: read as decimal, which is assumed.');
	return limits;
}

/** What a policy-driven source arms (`track` attribute: `all`, or `MODE:LO-HI` joined by `+`, gpas, inclusive). */
export function armedSets(state: TrackingState): StateView['armed'] {
	const { policy, track } = state.session ?? {};
	if (policy !== 'rearm' && policy !== 'always') return null;
	if (typeof track !== 'string' || track === 'all')
		return MODES.map((mode) => ({ mode, startGfn: 0, endGfn: null }));
	return track.split('+').flatMap((part) => {
		const found = /^(\w+):(0x[0-9a-f]+)-(0x[0-9a-f]+)$/i.exec(part);
		const mode = MODES.find((each) => each === found?.[1]);
		if (!found || !mode) return [];
		const gfn = (gpa: string | undefined) => Number(BigInt(gpa ?? 0) >> 12n);
		return [{ mode, startGfn: gfn(found[2]), endGfn: gfn(found[3]) + 1 }];
	});
}

type Silent = readonly (readonly GfnRun[])[];
const NONE: Silent = MODES.map(() => []);

const NOTIFICATION = ['kind', 'lane', 'gfn', 'npages'] as const;

/** Policy `rearm`: gfns notified since the last epoch began, by lane and mode; they are silent until the next. */
export async function silentPages(
	store: TraceStore,
	id: string,
	state: TrackingState
): Promise<Map<number, Silent>> {
	const byLane = new Map<number, ModeMarks>();
	if (state.session?.policy !== 'rearm') return new Map();
	const from = state.epoch?.seq ?? 0;
	for (const segment of await store.segments(id)) {
		if (segment.firstSeq >= state.seq || segment.firstSeq + segment.count <= from) continue;
		if (!mayMatch(segment, { kinds: ACCESS_KINDS })) continue;
		const { kind, lane, gfn, npages } = await store.readColumns(id, segment, NOTIFICATION);
		const end = Math.min(segment.count, state.seq - segment.firstSeq);
		for (let i = Math.max(0, from - segment.firstSeq); i < end; i++) {
			const code = kind[i] as number;
			if (code < FIRST_ACCESS || code > LAST_ACCESS) continue;
			let marks = byLane.get(lane[i] as number);
			if (!marks) byLane.set(lane[i] as number, (marks = new ModeMarks()));
			for (let page = 0; page < (npages[i] as number); page++)
				marks.mark((gfn[i] as number) + page, code - FIRST_ACCESS);
		}
	}
	return new Map([...byLane].map(([lane, marks]) => [lane, marks.runs()]));
}

function slotView(slot: MemslotState, silentRuns: Silent | null): SlotView {
	const runs = byMode((index) => {
		const list: TrackedRun[] = [];
		slot.counters[index]?.forEach((start, end, count) =>
			list.push({ gfn: slot.baseGfn + start, npages: end - start, count })
		);
		return list;
	});
	const silent = silentRuns && byMode((index) => silentRuns[index] ?? []);
	const access = accessRuns(slot).map((run) => ({ ...run, access: accessText(run.access) }));
	const lists: readonly (readonly unknown[])[] = [
		access,
		...Object.values(runs),
		...(silent ? Object.values(silent) : [])
	];
	const cut = <T>(list: readonly T[]) => list.slice(0, RUN_LIMIT);
	const { asId, slotId, lane, baseGfn, npages, flags, name, published, invalid } = slot;
	return {
		...{ asId, slotId, lane, baseGfn, npages, flags, name, published, invalid },
		runs: byMode((_, mode) => cut(runs[mode])),
		tracked: byMode((index) => slot.counters[index]?.count() ?? 0),
		access: cut(access),
		hugeForbidden: { level2: slot.lpage[0].count(), level3: slot.lpage[1].count() },
		silent: silent && byMode((_, mode) => cut(silent[mode])),
		silentPages: silent && byMode((_, mode) => silent[mode].reduce((n, run) => n + run.npages, 0)),
		cut: lists.some((list) => list.length > RUN_LIMIT)
	};
}
