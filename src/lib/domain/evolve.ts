import type {
	MemslotCreateEvent,
	MemslotFlagsEvent,
	MemslotMoveEvent,
	ShadowEvent,
	SlotNotificationEvent,
	TraceEvent,
	TrackAddEvent,
	TrackRemoveEvent
} from './events.ts';
import { MODES } from './kinds.ts';
import { RunMap } from './run-map.ts';
import { COUNTER_MAX, lpageIndex, slotKey, type MemslotState, type TrackingState } from './state.ts';

/**
 * Applies one event: the only place where tracking state changes. Works in place and returns the same state;
 * whoever needs the former one keeps a `parseState(formatState(state))`. Accesses, faults, protections, flushes
 * and anomalies advance `seq` and `tsNs` only.
 *
 * Rules: page-track counters and huge-page counts as arch/x86/kvm/page_track.c (update_gfn_track,
 * kvm_slot_page_track_add_page) after RFC v4 07/18; memslots as virt/kvm/kvm_main.c (__kvm_set_memory_region).
 */
export function evolve(state: TrackingState, event: TraceEvent): TrackingState {
	apply(state, event);
	state.seq++;
	state.tsNs = event.tsNs;
	return state;
}

function apply(state: TrackingState, event: TraceEvent): void {
	switch (event.kind) {
		case 'session':
			state.session = event.attributes;
			return;
		case 'vcpu':
			if (!state.vcpus.includes(event.vcpuId)) state.vcpus.push(event.vcpuId);
			return;
		case 'memslot_create':
			return createMemslot(state, event);
		case 'memslot_move':
			return moveMemslot(state, event);
		case 'memslot_flags':
			return setMemslotFlags(state, event);
		case 'memslot_delete':
			state.memslots.delete(slotKey(event.asId ?? 0, event.slotId));
			return;
		case 'create_slot':
			return announceMemslot(state, event);
		case 'flush_slot':
			return flushMemslot(state, event);
		case 'register':
			state.notifierEvents++;
			state.notifiers.unshift({
				nodeId: event.nodeId,
				name: event.name ?? null,
				callbacks: event.callbacks ?? null,
				registeredSeq: state.seq
			});
			return;
		case 'unregister':
			state.notifierEvents++;
			state.notifiers = state.notifiers.filter((node) => node.nodeId !== event.nodeId);
			return;
		case 'track_add':
			return track(state, event, +1);
		case 'track_remove':
			return track(state, event, -1);
		case 'account_shadowed':
			return shadow(state, event, +1);
		case 'unaccount_shadowed':
			return shadow(state, event, -1);
		case 'loss':
			state.loss.events++;
			state.loss.count += event.count ?? 0;
			state.loss.unknown ||= event.count === undefined;
			return;
		case 'epoch':
			state.epoch = { epoch: event.epoch, seq: state.seq, tsNs: event.tsNs };
			return;
		case 'mark':
			state.mark = { name: event.name, phase: event.phase ?? null, seq: state.seq, tsNs: event.tsNs };
			return;
		case 'end':
			state.ended = true;
			return;
		case 'preread':
		case 'prewrite':
		case 'write':
		case 'preexec':
		case 'page_fault':
		case 'spte_protect':
		case 'tlb_flush':
		case 'anomaly':
			return;
		default:
			event satisfies never;
	}
}

type SlotShape = MemslotCreateEvent | SlotNotificationEvent | MemslotMoveEvent;

/** The lane of a geometry; a new one if no memslot had it before. */
function laneOf(state: TrackingState, asId: number, baseGfn: number, npages: number): number {
	const found = state.lanes.findIndex(
		(lane) => lane.asId === asId && lane.baseGfn === baseGfn && lane.npages === npages
	);
	return found >= 0 ? found : state.lanes.push({ asId, baseGfn, npages }) - 1;
}

/**
 * Start values of `disallow_lpage` (kvm_arch_create_memslot, arch/x86/kvm/x86.c): 1 on the first index if the base
 * is not aligned to the level, on the last if the end is not, on all if gfn and userspace page differ within it.
 */
function startLpage(event: SlotShape, level: 2 | 3): RunMap {
	const map = new RunMap();
	const pages = level === 2 ? 512 : 512 * 512;
	const last = lpageIndex(event.baseGfn + event.npages - 1, event.baseGfn, level);
	if (event.baseGfn % pages) map.set(0, 1, 1);
	if ((event.baseGfn + event.npages) % pages) map.set(last, last + 1, 1);
	const userPage = event.userspaceAddr === undefined ? null : event.userspaceAddr >> 12n;
	if (userPage !== null && (userPage ^ BigInt(event.baseGfn)) % BigInt(pages)) map.set(0, last + 1, 1);
	return map;
}

function newMemslot(state: TrackingState, event: SlotShape, published: boolean): void {
	const asId = event.asId ?? 0;
	state.memslots.set(slotKey(asId, event.slotId), {
		asId,
		slotId: event.slotId,
		baseGfn: event.baseGfn,
		npages: event.npages,
		flags: event.flags ?? 0,
		name: event.name ?? null,
		userspaceAddr: event.userspaceAddr ?? null,
		published,
		invalid: false,
		lane: laneOf(state, asId, event.baseGfn, event.npages),
		createdSeq: state.seq,
		counters: [new RunMap(), new RunMap(), new RunMap(), new RunMap()],
		lpage: [startLpage(event, 2), startLpage(event, 3)]
	});
}

/** A notified but unpublished slot keeps the counters its notifiers set; anything else starts at zero. */
function createMemslot(state: TrackingState, event: MemslotCreateEvent): void {
	const slot = state.memslots.get(slotKey(event.asId ?? 0, event.slotId));
	const announced = slot && !slot.published && slot.baseGfn === event.baseGfn && slot.npages === event.npages;
	if (announced) slot.published = true;
	else newMemslot(state, event, true);
}

/** `track_create_slot` runs before the slot is published, yet add and remove already work on it. */
function announceMemslot(state: TrackingState, event: SlotNotificationEvent): void {
	if (!state.memslots.has(slotKey(event.asId ?? 0, event.slotId))) newMemslot(state, event, false);
}

/** Between the flush callback and the end of the change lookups still find the slot. */
function flushMemslot(state: TrackingState, event: SlotNotificationEvent): void {
	const slot = state.memslots.get(slotKey(event.asId ?? 0, event.slotId));
	if (slot) slot.invalid = true;
}

/** The arrays go along: the counters apply to the new base by index, the huge-page start values stay. */
function moveMemslot(state: TrackingState, event: MemslotMoveEvent): void {
	const slot = state.memslots.get(slotKey(event.asId ?? 0, event.slotId));
	if (!slot) return newMemslot(state, event, true);
	slot.baseGfn = event.baseGfn;
	slot.flags = event.flags ?? slot.flags;
	slot.invalid = false;
	slot.lane = laneOf(state, slot.asId, event.baseGfn, slot.npages);
}

function setMemslotFlags(state: TrackingState, event: MemslotFlagsEvent): void {
	const slot = state.memslots.get(slotKey(event.asId ?? 0, event.slotId));
	if (slot) slot.flags = event.flags ?? 0;
}

/** Steps 2 and 3 of kvm_slot_page_track_add_page / remove_page, for each page of the range. */
function track(state: TrackingState, event: TrackAddEvent | TrackRemoveEvent, delta: 1 | -1): void {
	state.trackEvents++;
	const mode = MODES.indexOf(event.mode);
	const placed = eachSlot(state, event, (slot, from, to) => {
		slot.counters[mode]?.add(from - slot.baseGfn, to - slot.baseGfn, delta, 0, COUNTER_MAX);
		countLpage(slot, from, to, delta, 2);
		countLpage(slot, from, to, delta, 3);
	});
	if (!placed) state.unplaced++;
}

/** A shadow page of level 1 forbids huge mappings of its gfn once more; higher levels do it by tracking. */
function shadow(state: TrackingState, event: ShadowEvent, delta: 1 | -1): void {
	if (event.level !== 1) return;
	eachSlot(state, event, (slot, from, to) => {
		countLpage(slot, from, to, delta, 2);
		countLpage(slot, from, to, delta, 3);
	});
}

/** Calls `change` for each slot an event means, with the part of its pages in it; true if there was one. */
function eachSlot(
	state: TrackingState,
	event: TrackAddEvent | TrackRemoveEvent | ShadowEvent,
	change: (slot: MemslotState, from: number, to: number) => void
): boolean {
	const asId = event.asId ?? 0;
	const end = event.gfn + (event.npages ?? 1);
	let placed = false;
	for (const slot of state.memslots.values()) {
		if (slot.asId !== asId || (event.slotId ?? slot.slotId) !== slot.slotId) continue;
		const from = Math.max(event.gfn, slot.baseGfn);
		const to = Math.min(end, slot.baseGfn + slot.npages);
		if (from >= to) continue;
		placed = true;
		change(slot, from, to);
	}
	return placed;
}

/** Adds to `disallow_lpage` once for each page: a whole index gets as many steps as it has pages in the range. */
function countLpage(slot: MemslotState, from: number, to: number, delta: number, level: 2 | 3): void {
	const pages = level === 2 ? 512 : 512 * 512;
	const map = slot.lpage[level - 2] as RunMap;
	const index = (gfn: number) => lpageIndex(gfn, slot.baseGfn, level);
	const fullFrom = Math.ceil(from / pages) * pages;
	const fullTo = Math.floor(to / pages) * pages;
	if (fullFrom > fullTo) {
		map.add(index(from), index(from) + 1, delta * (to - from));
		return;
	}
	if (from < fullFrom) map.add(index(from), index(from) + 1, delta * (fullFrom - from));
	if (fullFrom < fullTo) map.add(index(fullFrom), index(fullTo - 1) + 1, delta * pages);
	if (fullTo < to) map.add(index(fullTo), index(fullTo) + 1, delta * (to - fullTo));
}
