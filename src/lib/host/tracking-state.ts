import type { MemslotState, TrackingState } from '#lib/domain/state.ts';
import type { Kvm } from './kvm.ts';
import type { KvmMemorySlot } from './memslot.ts';

/** `[index, value]` pairs of whatever is not 0, ascending. */
type Sparse = readonly (readonly [number, number])[];

/** What page tracking keeps for one memslot, in a form that both sides have. */
export interface SlotTracking {
	readonly asId: number;
	readonly slotId: number;
	readonly baseGfn: number;
	readonly npages: number;
	readonly flags: number;
	readonly userspaceAddr: string;
	readonly invalid: boolean;
	/** By mode, page index in the slot. */
	readonly counters: readonly Sparse[];
	/** `disallow_lpage` of levels 2 and 3, level index in the slot. */
	readonly lpage: readonly Sparse[];
}

/** The tracking state of a host: its memslots by address space and id, its notifiers in call order, by name. */
export interface HostTracking {
	readonly slots: readonly SlotTracking[];
	readonly notifiers: readonly string[];
}

interface Counts {
	forEach(visit: (index: number, count: number) => void): void;
}

function sparse(counts: Counts | null | undefined): Sparse {
	const pairs: [number, number][] = [];
	counts?.forEach((index, count) => pairs.push([index, count]));
	return pairs.sort(([a], [b]) => a - b);
}

const inOrder = (slots: SlotTracking[]): SlotTracking[] =>
	slots.sort((a, b) => a.asId - b.asId || a.slotId - b.slotId);

const ofSlot = (slot: KvmMemorySlot): SlotTracking => ({
	asId: slot.asId,
	slotId: slot.id,
	baseGfn: slot.baseGfn,
	npages: slot.npages,
	flags: slot.flags,
	userspaceAddr: `0x${slot.userspaceAddr.toString(16)}`,
	invalid: slot.invalid,
	counters: slot.arch.gfnTrack.map(sparse),
	lpage: [sparse(slot.arch.lpageInfo[2]), sparse(slot.arch.lpageInfo[3])]
});

/** What the simulated host itself holds. */
export const hostTracking = (kvm: Kvm): HostTracking => ({
	slots: inOrder(kvm.memslots.flatMap((space) => space.all().map(ofSlot))),
	notifiers: kvm.track.nodes.map((node) => node.name)
});

/** Runs of equal values as single indexes. */
const unrolled = (map: {
	forEach(visit: (start: number, end: number, value: number) => void): void;
}): Counts => ({
	forEach: (visit) =>
		map.forEach((start, end, value) => {
			for (let index = start; index < end; index++) visit(index, value);
		})
});

const ofState = (slot: MemslotState): SlotTracking => ({
	asId: slot.asId,
	slotId: slot.slotId,
	baseGfn: slot.baseGfn,
	npages: slot.npages,
	flags: slot.flags,
	userspaceAddr: `0x${(slot.userspaceAddr ?? 0n).toString(16)}`,
	invalid: slot.invalid,
	counters: slot.counters.map((map) => sparse(unrolled(map))),
	lpage: slot.lpage.map((map) => sparse(unrolled(map)))
});

/** What a replay of recorded events holds; unpublished slots included, which a host at rest does not have. */
export const replayedTracking = (state: TrackingState): HostTracking => ({
	slots: inOrder([...state.memslots.values()].map(ofState)),
	notifiers: state.notifiers.map((node) => node.name ?? '')
});
