import { HostInputError } from './errors.ts';
import { GuestMemory } from './guest-memory.ts';
import type { KvmMemorySlot } from './memslot.ts';
import { KvmMemslots } from './memslots.ts';
import { kvmPageTrackCleanup, kvmPageTrackInit, type DataReady, type NotifierHead } from './notifier.ts';
import { protectWalk } from './protect.ts';
import { tellQuirk } from './quirks.ts';
import { ShadowPages } from './shadow-page.ts';
import { shadowMasks, type PagingFeatures, type ShadowMasks } from './shadow-masks.ts';
import { SpteTable } from './spte-table.ts';
import type { HostTaps, ProtectKind } from './taps.ts';

/** An allocation a test may let fail, in the order a slot creation makes them. */
export type Allocation =
	| 'rmap-4k'
	| 'rmap-2m'
	| 'lpage-2m'
	| 'rmap-1g'
	| 'lpage-1g'
	| 'track-0'
	| 'track-1'
	| 'track-2'
	| 'track-3'
	| 'dirty-bitmap'
	| 'slots';

/** A range of guest bytes left to userspace, `struct kvm_mmio_fragment`. */
export interface MmioFragment {
	gpa: number;
	bytes: number;
}

/** The parts of `struct kvm_vcpu` the model needs. */
export interface KvmVcpu {
	readonly kvm: Kvm;
	readonly vcpuId: number;
	/** In System Management Mode: sees address space 1. */
	smm: boolean;
	/** The MMU is direct (EPT or NPT); false while it shadows page tables. */
	directMap: boolean;
	/** Where the emulator keeps a read's `data_ready`. */
	readonly ready: DataReady;
	/** What the last emulated access left to userspace. */
	mmioFragments: MmioFragment[];
	/** The last access that was refused, and its kind; -1 once one of that kind was let through. */
	refusedGpa: number;
	refusedKind: 'read' | 'write' | 'fetch';
}

/** How a VM and its host are built; everything has a default. */
export interface KvmOptions extends Partial<PagingFeatures> {
	readonly vcpus?: number;
	/** Start value of `directMap` for all vCPUs. */
	readonly directMap?: boolean;
	/** Map untracked neighbours on a fault, `direct_pte_prefetch`. Off by default. */
	readonly prefetch?: boolean;
	/** Answers protection walks in place of the real entries. */
	readonly protect?: (kind: ProtectKind, slot: KvmMemorySlot, gfn: number) => boolean;
	/** Lets an allocation fail. */
	readonly allocFails?: (what: Allocation) => boolean;
	/** Host page of a gfn. */
	readonly hostPfn?: (slot: KvmMemorySlot, gfn: number) => number;
	readonly taps?: HostTaps;
}

/** `struct kvm` with its arch part: one virtual machine on the simulated host. Single-threaded, no clock, no I/O. */
export class Kvm {
	readonly features: PagingFeatures;
	readonly masks: ShadowMasks;
	readonly taps: HostTaps;
	readonly prefetch: boolean;
	readonly vcpus: readonly KvmVcpu[];
	/** Slots of address space 0 (normal) and 1 (SMM). */
	readonly memslots: readonly [KvmMemslots, KvmMemslots] = [new KvmMemslots(), new KvmMemslots()];
	readonly track: NotifierHead = kvmPageTrackInit();
	/** Leaf entries of address space 0 and 1. */
	readonly sptes: readonly [SpteTable, SpteTable] = [new SpteTable(0), new SpteTable(1)];
	readonly shadowPages = new ShadowPages();
	readonly memory = new GuestMemory();
	readonly allocFails: (what: Allocation) => boolean;
	readonly hostPfn: (slot: KvmMemorySlot, gfn: number) => number;
	/** How many nodes were told of the slot that was created last; a failure afterwards is Q13. */
	createSlotTold = 0;
	/** `indirect_shadow_pages`, unsigned 32 bit. */
	indirectShadowPages = 0;
	readonly #protect: KvmOptions['protect'];

	constructor(options: KvmOptions = {}) {
		const { paging = 'ept', execOnly = true, adBits = true, directMap = true, vcpus = 1 } = options;
		if (!Number.isInteger(vcpus) || vcpus < 1) throw new HostInputError('vcpus', vcpus, 'must be at least 1');
		this.features = { paging, execOnly, adBits };
		this.masks = shadowMasks(this.features);
		this.taps = options.taps ?? {};
		this.prefetch = options.prefetch ?? false;
		this.#protect = options.protect;
		this.allocFails = options.allocFails ?? (() => false);
		this.hostPfn = options.hostPfn ?? ((_slot, gfn) => gfn + 0x1000000);
		this.vcpus = Array.from({ length: vcpus }, (_, vcpuId) => createVcpu(this, vcpuId, directMap));
	}

	/** One protection walk, told to the tap; true if the TLBs must be flushed. */
	protectGfn(kind: ProtectKind, slot: KvmMemorySlot, gfn: number): boolean {
		const flush = this.#protect ? this.#protect(kind, slot, gfn) : protectWalk(this, kind, slot, gfn);
		this.taps.spteProtect?.(kind, slot, gfn, flush);
		return flush;
	}

	/** vCPU by number; throws {@link HostInputError} for one the VM does not have. */
	vcpu(vcpuId: number): KvmVcpu {
		const vcpu = this.vcpus[vcpuId];
		if (!vcpu) throw new HostInputError('vcpu', vcpuId, `is none of the VM's ${this.vcpus.length} vCPUs`);
		return vcpu;
	}
}

const createVcpu = (kvm: Kvm, vcpuId: number, directMap: boolean): KvmVcpu => ({
	kvm,
	vcpuId,
	smm: false,
	directMap,
	ready: { dataReady: false },
	mmioFragments: [],
	refusedGpa: -1,
	refusedKind: 'write'
});

/**
 * Ends a VM: its slots go without any flush callback (Q13), the notifier list is not emptied. Follows
 * `kvm_arch_destroy_vm` and `kvm_free_memslots`.
 */
export function kvmDestroyVm(kvm: Kvm): void {
	kvmPageTrackCleanup(kvm);
	const heard = kvm.track.nodes.some((node) => node.trackFlushSlot !== undefined);
	for (const space of kvm.memslots)
		for (const slot of [...space.all()]) {
			if (heard) tellQuirk(kvm, 'Q13', slot, null);
			space.publish(slot.id, null);
			kvm.taps.memslotPublished?.('delete', null, slot);
			slot.arch.gfnTrack.fill(null);
			slot.arch.lpageInfo.fill(null);
			slot.arch.rmap.fill(null);
		}
}
