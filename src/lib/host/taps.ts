import type { KvmVcpu } from './kvm.ts';
import type { KvmMemorySlot } from './memslot.ts';
import type { NotifierNode } from './notifier.ts';
import type { FaultResult } from './page-fault.ts';
import type { Quirk } from './quirks.ts';
import type { KvmMmuPage } from './shadow-page.ts';
import type { Spte } from './spte.ts';

/** Kind of a published slot change, `enum kvm_mr_change` (include/linux/kvm_host.h). */
export type MrChange = 'create' | 'delete' | 'move' | 'flags';

/** Which right a protection walk takes. */
export type ProtectKind = 'read' | 'write' | 'exec';

/** The plain WARN_ON()s on the modelled paths; each occurrence counts. */
export type WarnReason =
	| 'invalid-mode'
	| 'counter-range'
	| 'lpage-negative'
	| 'unsync-level'
	| 'spte-not-present'
	| 'spte-pfn-changed';

/**
 * What an observer may hear, in the order it happens. All members are optional and cost one test when absent. Buffers
 * and objects belong to the host: copy what must outlive the call. `count` is the counter after the change. Callbacks
 * with an answer are told after the call, with the answer; the others before, so that what they do follows.
 */
export interface HostTaps {
	/** A slot change is visible to lookups; `old` is null on create, `slot` null on delete. */
	memslotPublished?(change: MrChange, slot: KvmMemorySlot | null, old: KvmMemorySlot | null): void;
	/** A creation failed after the nodes were told of the slot: it never appears, its counters are freed. */
	memslotDiscarded?(slot: KvmMemorySlot): void;
	registered?(node: NotifierNode): void;
	unregistered?(node: NotifierNode): void;
	trackAdded?(slot: KvmMemorySlot, gfn: number, mode: number, count: number): void;
	trackRemoved?(slot: KvmMemorySlot, gfn: number, mode: number, count: number): void;
	/** After one node's `trackPreread`; `buf[0..bytes)` is what the next node will see. */
	preread?(
		node: NotifierNode,
		vcpu: KvmVcpu,
		gpa: number,
		buf: Uint8Array,
		bytes: number,
		verdict: boolean,
		dataReady: boolean
	): void;
	prewrite?(
		node: NotifierNode,
		vcpu: KvmVcpu,
		gpa: number,
		data: Uint8Array,
		bytes: number,
		verdict: boolean
	): void;
	write?(node: NotifierNode, vcpu: KvmVcpu, gpa: number, data: Uint8Array, bytes: number): void;
	preexec?(node: NotifierNode, vcpu: KvmVcpu, gpa: number, verdict: boolean): void;
	createSlot?(node: NotifierNode, slot: KvmMemorySlot, npages: number): void;
	flushSlot?(node: NotifierNode, slot: KvmMemorySlot): void;
	/** A fault is about to be handled; what it causes follows. `errorCode` holds PFERR bits. */
	pageFaultBegan?(vcpu: KvmVcpu, gpa: number, errorCode: number): void;
	/** A fault was handled; `errorCode` holds PFERR bits. */
	pageFault?(vcpu: KvmVcpu, gpa: number, errorCode: number, result: FaultResult): void;
	/** A protection walk over one gfn ended; `flush` is whether it wants the TLBs flushed. */
	spteProtect?(kind: ProtectKind, slot: KvmMemorySlot, gfn: number, flush: boolean): void;
	/** All entries of a slot were write-protected for dirty logging and some lost the right; `flush` as above. */
	slotWriteProtected?(slot: KvmMemorySlot, flush: boolean): void;
	/** An entry has a new value; `oldLo` and `oldHi` are the halves of the former one. */
	spteChanged?(spte: Spte, oldLo: number, oldHi: number): void;
	/** `kvm_flush_remote_tlbs`: all vCPUs. */
	tlbFlush?(): void;
	/** `KVM_REQ_TLB_FLUSH` for one vCPU. */
	tlbRequest?(vcpu: KvmVcpu): void;
	/** The huge-page counts of the gfn's 2M and 1G index changed by `delta`. */
	lpageChanged?(slot: KvmMemorySlot, gfn: number, delta: number): void;
	/** A shadow page of a gfn of `slot` was made; the changes of its counters follow. */
	shadowAccounted?(page: KvmMmuPage, slot: KvmMemorySlot): void;
	/** A shadow page is about to be removed, by the MMU itself if `zap`; the changes of its counters follow. */
	shadowUnaccounted?(page: KvmMmuPage, slot: KvmMemorySlot, zap: boolean): void;
	unsync?(page: KvmMmuPage): void;
	warn?(reason: WarnReason): void;
	anomaly?(quirk: Quirk, slot: KvmMemorySlot | null, gfn: number | null, text: string): void;
}
