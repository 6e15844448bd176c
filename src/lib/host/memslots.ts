import type { KvmVcpu } from './kvm.ts';
import { slotHolds, type KvmMemorySlot } from './memslot.ts';

/** At most this many slots per address space, the last three private to KVM. */
export const KVM_USER_MEM_SLOTS = 509;
export const KVM_MEM_SLOTS_NUM = 512;
export const KVM_ADDRESS_SPACE_NUM = 2;

/** The slots of one address space, `struct kvm_memslots` (include/linux/kvm_host.h), in the order of their base gfn. */
export class KvmMemslots {
	readonly #byId = new Map<number, KvmMemorySlot>();
	#sorted: KvmMemorySlot[] = [];
	#lru: KvmMemorySlot | null = null;

	/** Follows `id_to_memslot`; undefined for an id without pages. */
	byId(id: number): KvmMemorySlot | undefined {
		return this.#byId.get(id);
	}

	/** All slots, lowest base gfn first. */
	all(): readonly KvmMemorySlot[] {
		return this.#sorted;
	}

	/** Puts a slot in place of the one with its id, or removes the id; follows `update_memslots` (kvm_main.c). */
	publish(id: number, slot: KvmMemorySlot | null): void {
		if (slot) this.#byId.set(id, slot);
		else this.#byId.delete(id);
		this.#sorted = [...this.#byId.values()].sort((a, b) => a.baseGfn - b.baseGfn);
		this.#lru = null;
	}

	/** The slot that holds a gfn, invalid ones included, or null; follows `search_memslots` with its last hit. */
	search(gfn: number): KvmMemorySlot | null {
		const last = this.#lru;
		if (last && slotHolds(last, gfn)) return last;
		let start = 0;
		let end = this.#sorted.length;
		while (start < end) {
			const middle = (start + end) >> 1;
			const slot = this.#sorted[middle] as KvmMemorySlot;
			if (gfn < slot.baseGfn) end = middle;
			else if (gfn < slot.baseGfn + slot.npages) return (this.#lru = slot);
			else start = middle + 1;
		}
		return null;
	}
}

/** The slot a vCPU sees at a gfn in its current address space, or null; `kvm_vcpu_gfn_to_memslot` (kvm_main.c). */
export const kvmVcpuGfnToMemslot = (vcpu: KvmVcpu, gfn: number): KvmMemorySlot | null =>
	vcpu.kvm.memslots[vcpu.smm ? 1 : 0].search(gfn);
