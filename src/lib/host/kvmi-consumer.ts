import type { Kvm } from './kvm.ts';
import type { KvmMemorySlot } from './memslot.ts';
import type { NotifierNode } from './notifier.ts';
import { kvmSlotPageTrackAddPage, kvmSlotPageTrackRemovePage } from './page-track.ts';
import { tellQuirk } from './quirks.ts';
import { KVM_PAGE_TRACK_PREEXEC, KVM_PAGE_TRACK_PREREAD, KVM_PAGE_TRACK_PREWRITE } from './track-mode.ts';

/** Rights an introspection tool leaves the guest (arch/x86/include/uapi/asm/kvmi.h, RFC v4). */
export const KVMI_PAGE_ACCESS_R = 1;
export const KVMI_PAGE_ACCESS_W = 2;
export const KVMI_PAGE_ACCESS_X = 4;
const FULL_ACCESS = KVMI_PAGE_ACCESS_R | KVMI_PAGE_ACCESS_W | KVMI_PAGE_ACCESS_X;

const TRACK_MODES = [
	[KVMI_PAGE_ACCESS_R, KVM_PAGE_TRACK_PREREAD],
	[KVMI_PAGE_ACCESS_W, KVM_PAGE_TRACK_PREWRITE],
	[KVMI_PAGE_ACCESS_X, KVM_PAGE_TRACK_PREEXEC]
] as const;

/** `struct kvmi_mem_access`. */
interface MemAccess {
	readonly gfn: number;
	access: number;
	readonly active: boolean[];
	slot: KvmMemorySlot | null;
}

/**
 * The first public consumer of pre-access tracking (RFC v4 08/18, `virt/kvm/kvmi.c`), with its faults: one node for all
 * VMs, and a loop that forgets the slot after the first removed mode, so that further modes of the page are never
 * removed (Q18).
 */
export class KvmiConsumer {
	readonly node: NotifierNode;
	readonly #pages = new Map<number, MemAccess>();

	constructor() {
		this.node = {
			name: 'kvmi',
			trackCreateSlot: (kvm, slot) => this.#eachPage(slot, (m) => this.#apply(kvm, slot, m)),
			trackFlushSlot: (kvm, slot) => this.#eachPage(slot, (m) => this.#release(kvm, slot, m))
		};
	}

	/**
	 * Leaves the guest only the rights `access` (bits of KVMI_PAGE_ACCESS_*) to a page of the normal address space.
	 * Follows `kvmi_set_mem_access`.
	 */
	setMemAccess(kvm: Kvm, gfn: number, access: number): void {
		const m = this.#pages.get(gfn) ?? { gfn, access, active: [], slot: null };
		m.access = access;
		this.#pages.set(gfn, m);
		const slot = kvm.memslots[0].search(gfn);
		if (slot) this.#apply(kvm, slot, m);
	}

	/** Follows `kvmi_apply_mem_access`. */
	#apply(kvm: Kvm, slot: KvmMemorySlot, m: MemAccess): void {
		for (const [allowBit, mode] of TRACK_MODES) {
			if (m.access & allowBit) {
				if (!m.active[mode]) continue;
				if (m.slot !== slot) {
					tellQuirk(kvm, 'Q18', slot, m.gfn);
					continue;
				}
				kvmSlotPageTrackRemovePage(kvm, slot, m.gfn, mode);
				m.active[mode] = false;
				m.slot = null;
			} else if (!m.active[mode] || m.slot !== slot) {
				kvmSlotPageTrackAddPage(kvm, slot, m.gfn, mode);
				m.active[mode] = true;
				m.slot = slot;
			}
		}
	}

	/** Follows `kvmi_track_flush_slot`. */
	#release(kvm: Kvm, slot: KvmMemorySlot, m: MemAccess): void {
		const { access } = m;
		m.access = FULL_ACCESS;
		this.#apply(kvm, slot, m);
		m.access = access;
	}

	#eachPage(slot: KvmMemorySlot, apply: (m: MemAccess) => void): void {
		const held = [...this.#pages.values()].filter(
			({ gfn }) => gfn >= slot.baseGfn && gfn < slot.baseGfn + slot.npages
		);
		held.sort((a, b) => a.gfn - b.gfn).forEach(apply);
	}
}
