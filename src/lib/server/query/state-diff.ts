import type { CounterChange, MemslotBrief, SlotDiff, StateDiff } from '#lib/api/tracking-types.ts';
import { byMode, KINDS, MODES } from '#lib/domain/kinds.ts';
import type { RunMap } from '#lib/domain/run-map.ts';
import type { SessionDetail } from '#lib/domain/session-info.ts';
import type { MemslotState, NotifierState } from '#lib/domain/state.ts';
import type { TraceStore } from '../store/store.ts';
import { pauses } from './pause.ts';
import { RUN_LIMIT } from './state-view.ts';

/**
 * What differs between the tracking states right before event `from` and right before event `to`.
 * @throws {RangeError} if the session has fewer events
 */
export async function stateDiff(
	store: TraceStore,
	session: SessionDetail,
	{ from, to }: { readonly from: number; readonly to: number }
): Promise<StateDiff> {
	const { id } = session;
	const [low, high] = [Math.min(from, to), Math.max(from, to)];
	const before = await store.stateBefore(id, from);
	const after = await store.stateBefore(id, to);
	const keys = [...new Set([...before.memslots.keys(), ...after.memslots.keys()])].sort((a, b) => a - b);
	return {
		from,
		to,
		events: await kindsBetween(store, id, low, high),
		slots: keys.flatMap((key) => slotDiff(before.memslots.get(key), after.memslots.get(key)) ?? []),
		notifiers: notifierDiff(before.notifiers, after.notifiers),
		vcpusAdded: after.vcpus.filter((vcpu) => !before.vcpus.includes(vcpu)),
		epochs: { before: before.epoch?.epoch ?? null, after: after.epoch?.epoch ?? null },
		lost: lostBetween(session, low, high)
	};
}

/** Losses told in between. */
function lostBetween(session: SessionDetail, from: number, to: number): StateDiff['lost'] {
	const losses = session.losses.filter((loss) => loss.seq >= from && loss.seq < to);
	return {
		count: losses.reduce((n, loss) => n + (loss.count ?? 0), 0),
		unknown: losses.some((loss) => loss.count === null)
	};
}

async function kindsBetween(
	store: TraceStore,
	id: string,
	from: number,
	to: number
): Promise<Record<string, number>> {
	const counts = new Array<number>(KINDS.length).fill(0);
	const pause = pauses();
	for (const segment of await store.segments(id)) {
		if (segment.firstSeq >= to || segment.firstSeq + segment.count <= from) continue;
		const { kind } = await store.readColumns(id, segment, ['kind']);
		const end = Math.min(segment.count, to - segment.firstSeq);
		for (let i = Math.max(0, from - segment.firstSeq); i < end; i++) {
			const code = kind[i] as number;
			counts[code] = (counts[code] as number) + 1;
		}
		await pause();
	}
	return Object.fromEntries(
		KINDS.map((kind, code) => [kind, counts[code] ?? 0] as const).filter(([, n]) => n > 0)
	);
}

const same = (a: NotifierState, b: NotifierState) =>
	a.nodeId === b.nodeId && a.registeredSeq === b.registeredSeq;
const brief = ({ nodeId, name, registeredSeq }: NotifierState) => ({ nodeId, name, registeredSeq });

const notifierDiff = (
	before: readonly NotifierState[],
	after: readonly NotifierState[]
): StateDiff['notifiers'] => ({
	added: after.filter((node) => !before.some((each) => same(each, node))).map(brief),
	removed: before.filter((node) => !after.some((each) => same(each, node))).map(brief),
	before: before.map((node) => node.nodeId),
	after: after.map((node) => node.nodeId)
});

const COMPARED = ['baseGfn', 'npages', 'flags', 'name', 'published', 'invalid', 'userspaceAddr'] as const;

const slotBrief = ({ asId, slotId, lane, baseGfn, npages, flags, name }: MemslotState): MemslotBrief => ({
	asId,
	slotId,
	lane,
	baseGfn,
	npages,
	flags,
	name
});

/** Null if the memslot is the same in every way. */
function slotDiff(before: MemslotState | undefined, after: MemslotState | undefined): SlotDiff | null {
	const slot = after ?? before;
	if (!slot) return null;
	const fields = before && after ? COMPARED.filter((field) => before[field] !== after[field]) : [];
	const renewed = before !== undefined && after !== undefined && before.createdSeq !== after.createdSeq;
	const changes = MODES.map((_, mode) => counterChanges(before, after, mode));
	if (before && after && !fields.length && !renewed && changes.every((list) => !list.length)) return null;
	const pages = (mode: number, wanted: (change: CounterChange) => boolean) =>
		(changes[mode] as CounterChange[]).filter(wanted).reduce((n, change) => n + change.npages, 0);
	return {
		asId: slot.asId,
		slotId: slot.slotId,
		change: before ? (after ? 'changed' : 'removed') : 'added',
		before: before ? slotBrief(before) : null,
		after: after ? slotBrief(after) : null,
		fields,
		renewed,
		counters: byMode((i) => (changes[i] as CounterChange[]).slice(0, RUN_LIMIT)),
		gained: byMode((i) => pages(i, (change) => change.before === 0)),
		lost: byMode((i) => pages(i, (change) => change.after === 0)),
		cut: changes.some((list) => list.length > RUN_LIMIT)
	};
}

/** `gfn, value` where a counter's value changes, ascending; 0 before the first. */
function edgesOf(slot: MemslotState | undefined, mode: number): [number, number][] {
	const edges: [number, number][] = [];
	const runs: RunMap | undefined = slot?.counters[mode];
	const base = slot?.baseGfn ?? 0;
	runs?.forEach((start, end, value) => {
		if (edges.at(-1)?.[0] === base + start) edges.pop();
		edges.push([base + start, value], [base + end, 0]);
	});
	return edges;
}

/** Runs of gfns whose counter differs, by walking both edge lists at once. */
function counterChanges(
	before: MemslotState | undefined,
	after: MemslotState | undefined,
	mode: number
): CounterChange[] {
	const [old, now] = [edgesOf(before, mode), edgesOf(after, mode)];
	const changes: CounterChange[] = [];
	let [i, j, was, is, from] = [0, 0, 0, 0, 0];
	while (i < old.length || j < now.length) {
		const gfn = Math.min(old[i]?.[0] ?? Infinity, now[j]?.[0] ?? Infinity);
		if (was !== is && gfn > from) changes.push({ gfn: from, npages: gfn - from, before: was, after: is });
		if (old[i]?.[0] === gfn) was = old[i++]?.[1] ?? 0;
		if (now[j]?.[0] === gfn) is = now[j++]?.[1] ?? 0;
		from = gfn;
	}
	return changes;
}
