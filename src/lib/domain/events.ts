import type { Mode } from './kinds.ts';

/** What JSON can hold; keys a reader does not know are kept as such. */
export type JsonValue =
	string | number | boolean | null | JsonValue[] | { readonly [key: string]: JsonValue };
export type JsonObject = { readonly [key: string]: JsonValue };

/** Fields every event may have. */
interface Common {
	/** Time since the session's start, ns (or instructions, by the session's clock). */
	readonly tsNs: number;
	readonly vcpuId?: number;
	/** 0 normal, 1 SMM; absent means 0. */
	readonly asId?: number;
	/** True if an importer inferred the event from another one. */
	readonly derived?: boolean;
	/** Keys of the source line that the catalogue does not name, kept for the way back. */
	readonly extra?: JsonObject;
}

/** A place in guest memory that an event is about; `offset` (bytes in the page) is absent if only the page is known. */
interface Place {
	readonly gfn: number;
	/** Pages from `gfn` on; absent means 1. */
	readonly npages?: number;
	readonly offset?: number;
}

/** First event: how the session was recorded. All attributes of the source are kept. */
export interface SessionEvent extends Common {
	readonly kind: 'session';
	readonly attributes: JsonObject;
}
export interface VcpuEvent extends Common {
	readonly kind: 'vcpu';
	readonly vcpuId: number;
}

/** A memslot by its KVM names (struct kvm_memory_slot). Flags: 1 log-dirty, 2 read-only. */
interface SlotFields extends Common {
	readonly slotId: number;
	readonly baseGfn: number;
	readonly npages: number;
	readonly flags?: number;
	readonly name?: string;
	/** Host virtual address of the memory behind the slot, where known. */
	readonly userspaceAddr?: bigint;
}
export interface MemslotCreateEvent extends SlotFields {
	readonly kind: 'memslot_create';
}
/** The slot's new base; its counters go along (kernels up to 5.5). */
export interface MemslotMoveEvent extends SlotFields {
	readonly kind: 'memslot_move';
}
export interface MemslotFlagsEvent extends SlotFields {
	readonly kind: 'memslot_flags';
}
export interface MemslotDeleteEvent extends SlotFields {
	readonly kind: 'memslot_delete';
}

/** A notifier node enters the list at its head. */
export interface RegisterEvent extends Common {
	readonly kind: 'register';
	readonly nodeId: number;
	readonly name?: string;
	/** The callbacks the node has, kernel names (`track_preread`, …). */
	readonly callbacks?: readonly string[];
}
export interface UnregisterEvent extends Common {
	readonly kind: 'unregister';
	readonly nodeId: number;
}

/** A mode's counter goes up or down by one for each page of the range. */
interface TrackFields extends Common, Place {
	readonly mode: Mode;
	/** The slot the pages belong to; absent: every slot of the address space that holds them. */
	readonly slotId?: number;
	/** Who asked for it, where known. */
	readonly nodeId?: number;
}
export interface TrackAddEvent extends TrackFields {
	readonly kind: 'track_add';
}
export interface TrackRemoveEvent extends TrackFields {
	readonly kind: 'track_remove';
}

/**
 * KVM made or dropped its shadow copy of a guest page table (account_shadowed, unaccount_shadowed in
 * arch/x86/kvm/mmu.c). At level 1 this alone changes the huge-page counts of the page by one; above level 1 the
 * page is write-tracked instead, and the track events of that follow.
 */
export interface ShadowEvent extends Common, Place {
	readonly kind: 'account_shadowed' | 'unaccount_shadowed';
	/** Level of the guest's table: 1 holds 4 KiB entries, 4 is the root. */
	readonly level: number;
	/** The slot the page belongs to; absent: every slot of the address space that holds it. */
	readonly slotId?: number;
}

/** A notification of an access: `verdict` false stops the emulation and the instruction re-executes. */
export interface AccessEvent extends Common, Place {
	readonly kind: Mode;
	readonly bytes?: number;
	readonly rip?: bigint;
	readonly gva?: bigint;
	readonly nodeId?: number;
	readonly verdict?: boolean;
	/** preread only: the buffer already holds what the guest shall see. */
	readonly dataReady?: boolean;
}

/** A node was told that a slot is being created, or is about to move or go. */
export interface SlotNotificationEvent extends SlotFields {
	readonly kind: 'create_slot' | 'flush_slot';
	readonly nodeId: number;
}
export interface PageFaultEvent extends Common, Place {
	readonly kind: 'page_fault';
	readonly errorCode: bigint;
	readonly rip?: bigint;
	readonly gva?: bigint;
}
/** An entry lost rights; `flush` says whether the walk asked for a TLB flush. */
export interface SpteProtectEvent extends Common, Place {
	readonly kind: 'spte_protect';
	readonly protect: 'read' | 'write' | 'exec';
	/** 1 = 4 KiB, 2 = 2 MiB, 3 = 1 GiB; absent if the source does not say. */
	readonly level?: number;
	readonly spte?: bigint;
	readonly flush?: boolean;
}
/** Without `vcpuId`: the TLBs of all vCPUs. */
export interface TlbFlushEvent extends Common {
	readonly kind: 'tlb_flush';
}
/** Something surprising that the kernel really does; `quirk` names the rule (`Q1` …). */
export interface AnomalyEvent extends Common {
	readonly kind: 'anomaly';
	readonly quirk: string;
	readonly text?: string;
	readonly gfn?: number;
	readonly npages?: number;
}
/** Events were lost in `[startNs, tsNs]`; without `count` nobody knows how many. */
export interface LossEvent extends Common {
	readonly kind: 'loss';
	readonly count?: number;
	readonly startNs?: number;
}
/** Everything is armed again (policy `rearm`). */
export interface EpochEvent extends Common {
	readonly kind: 'epoch';
	readonly epoch: number;
}
/** A named moment. */
export interface MarkEvent extends Common {
	readonly kind: 'mark';
	readonly name: string;
	readonly phase?: number;
}
/** Last event; the source's own totals are in `extra`. */
export interface EndEvent extends Common {
	readonly kind: 'end';
}

export type TraceEvent =
	| SessionEvent
	| VcpuEvent
	| MemslotCreateEvent
	| MemslotMoveEvent
	| MemslotFlagsEvent
	| MemslotDeleteEvent
	| RegisterEvent
	| UnregisterEvent
	| TrackAddEvent
	| TrackRemoveEvent
	| ShadowEvent
	| AccessEvent
	| SlotNotificationEvent
	| PageFaultEvent
	| SpteProtectEvent
	| TlbFlushEvent
	| AnomalyEvent
	| LossEvent
	| EpochEvent
	| MarkEvent
	| EndEvent;

/** An event with its number in the session. */
export type NumberedEvent = TraceEvent & { readonly seq: number };
