import type { JsonObject } from './events.ts';
import { MODES } from './kinds.ts';
import { RunMap } from './run-map.ts';

/** Limits of a page-track counter (unsigned short gfn_track, arch/x86/include/asm/kvm_host.h). */
export const COUNTER_MAX = 65535;

/** Index of a gfn at a mapping level, as KVM computes it (gfn_to_index, include/linux/kvm_host.h). */
export const lpageIndex = (gfn: number, baseGfn: number, level: 2 | 3): number => {
	const pages = level === 2 ? 512 : 512 * 512;
	return Math.floor(gfn / pages) - Math.floor(baseGfn / pages);
};

/** A memslot with what page tracking keeps for it. */
export interface MemslotState {
	readonly asId: number;
	readonly slotId: number;
	baseGfn: number;
	readonly npages: number;
	flags: number;
	readonly name: string | null;
	/** Null if the source did not say; the huge-page start values then assume it is aligned like the gfn. */
	readonly userspaceAddr: bigint | null;
	/** False between the create_slot notification and the moment lookups find the slot. */
	published: boolean;
	/** True between the flush_slot notification and the move or delete. */
	invalid: boolean;
	/** Index into `TrackingState.lanes`. */
	lane: number;
	readonly createdSeq: number;
	/** Counters per mode (kernel's order), by page index in the slot; 0..65535. */
	readonly counters: readonly [RunMap, RunMap, RunMap, RunMap];
	/** `disallow_lpage` of levels 2 and 3, by level index in the slot; any integer, 0 allows a huge mapping. */
	readonly lpage: readonly [RunMap, RunMap];
}

/** A range of guest memory that one memslot, or several one after another, covered: one heat map. */
export interface Lane {
	readonly asId: number;
	readonly baseGfn: number;
	readonly npages: number;
}

export interface NotifierState {
	readonly nodeId: number;
	readonly name: string | null;
	readonly callbacks: readonly string[] | null;
	readonly registeredSeq: number;
}

/** What the events up to a position said, and what they cannot say. */
export interface TrackingState {
	/** Number of events applied: the state holds right before event `seq`. */
	seq: number;
	tsNs: number;
	/** Attributes of the session event; null before it. */
	session: JsonObject | null;
	vcpus: number[];
	/** By `slotKey`. */
	memslots: Map<number, MemslotState>;
	/** Every lane seen so far; a lane's index never changes. */
	lanes: Lane[];
	/** In call order: the newest registered first. */
	notifiers: NotifierState[];
	epoch: { epoch: number; seq: number; tsNs: number } | null;
	mark: { name: string; phase: number | null; seq: number; tsNs: number } | null;
	loss: { events: number; count: number; unknown: boolean };
	/** Number of track events so far: 0 means the source tells nothing about counters. */
	trackEvents: number;
	/** Number of register and unregister events so far. */
	notifierEvents: number;
	/** Track events whose pages lie in no memslot; they changed nothing. */
	unplaced: number;
	ended: boolean;
}

export const initialState = (): TrackingState => ({
	seq: 0,
	tsNs: 0,
	session: null,
	vcpus: [],
	memslots: new Map(),
	lanes: [],
	notifiers: [],
	epoch: null,
	mark: null,
	loss: { events: 0, count: 0, unknown: false },
	trackEvents: 0,
	notifierEvents: 0,
	unplaced: 0,
	ended: false
});

/** A memslot's number as the ioctl has it: address space in the upper 16 bits, id in the lower. */
export const slotKey = (asId: number, slotId: number): number => asId * 65536 + slotId;

/** The published memslot of the address space that holds `gfn`, the newest if several claim it; null if none. */
export function findMemslot(state: TrackingState, asId: number, gfn: number): MemslotState | null {
	let found: MemslotState | null = null;
	for (const slot of state.memslots.values()) {
		if (slot.asId !== asId || !slot.published) continue;
		if (gfn < slot.baseGfn || gfn >= slot.baseGfn + slot.npages) continue;
		if (!found || slot.createdSeq > found.createdSeq) found = slot;
	}
	return found;
}

/** Counter of a mode for a gfn of the slot. */
export const counterAt = (slot: MemslotState, gfn: number, mode: number): number =>
	slot.counters[mode]?.get(gfn - slot.baseGfn) ?? 0;

const bigintAware = (_: string, value: unknown) =>
	typeof value === 'bigint' ? `0x${value.toString(16)}` : value;

/** The state as JSON text; `parseState` reads it back. Equal states give equal text. */
export function formatState(state: TrackingState): string {
	return JSON.stringify({ ...state, memslots: [...state.memslots.values()] }, bigintAware);
}

type StoredSlot = Omit<MemslotState, 'counters' | 'lpage' | 'userspaceAddr'> & {
	counters: number[][];
	lpage: number[][];
	userspaceAddr: string | null;
};

/** Reads what `formatState` wrote (our own text: its shape is not checked again). */
export function parseState(text: string): TrackingState {
	const stored = JSON.parse(text) as Omit<TrackingState, 'memslots'> & { memslots: StoredSlot[] };
	const memslots = new Map<number, MemslotState>();
	for (const slot of stored.memslots) {
		const maps = MODES.map((_, mode) => RunMap.from(slot.counters[mode] ?? []));
		memslots.set(slotKey(slot.asId, slot.slotId), {
			...slot,
			userspaceAddr: slot.userspaceAddr === null ? null : BigInt(slot.userspaceAddr),
			counters: maps as unknown as MemslotState['counters'], // MODES has four entries
			lpage: [RunMap.from(slot.lpage[0] ?? []), RunMap.from(slot.lpage[1] ?? [])]
		});
	}
	return { ...stored, memslots };
}
