import type { KvmVcpu } from './kvm.ts';
import { KVM_MEM_READONLY, type KvmMemorySlot } from './memslot.ts';
import { kvmVcpuGfnToMemslot } from './memslots.ts';

export const PAGE_SIZE = 4096;
const EFAULT = -14;

/** Guest page number of a guest physical address. */
export const gpaToGfn = (gpa: number): number => Math.floor(gpa / PAGE_SIZE);

/** The slot whose memory a vCPU can read at a gfn, or null; the checks of `__gfn_to_hva_many` (kvm_main.c). */
export function readableSlot(vcpu: KvmVcpu, gfn: number): KvmMemorySlot | null {
	const slot = kvmVcpuGfnToMemslot(vcpu, gfn);
	return slot && !slot.invalid ? slot : null;
}

/** Same for writing: null for a read-only slot too. */
export function writableSlot(vcpu: KvmVcpu, gfn: number): KvmMemorySlot | null {
	const slot = readableSlot(vcpu, gfn);
	return slot && (slot.flags & KVM_MEM_READONLY) === 0 ? slot : null;
}

/** Host virtual address of a guest physical address in a slot. */
export const gpaToHva = (slot: KvmMemorySlot, gpa: number): number =>
	slot.userspaceAddr + (gpa - slot.baseGfn * PAGE_SIZE);

/** Marks a gfn dirty if its slot logs; follows `mark_page_dirty_in_slot` (kvm_main.c). */
export function markPageDirty(slot: KvmMemorySlot | null, gfn: number): void {
	if (slot?.dirtyBitmap) slot.dirtyBitmap.add(gfn - slot.baseGfn);
}

/**
 * Reads guest memory into `out[0..bytes)`; 0, or -14 (EFAULT) at the first page without memory, with the pages before
 * it read. Follows `kvm_vcpu_read_guest` (virt/kvm/kvm_main.c).
 */
export function kvmVcpuReadGuest(vcpu: KvmVcpu, gpa: number, out: Uint8Array, bytes: number): number {
	for (let done = 0; done < bytes;) {
		const at = gpa + done;
		const slot = readableSlot(vcpu, gpaToGfn(at));
		if (!slot) return EFAULT;
		const step = Math.min(bytes - done, PAGE_SIZE - (at % PAGE_SIZE));
		vcpu.kvm.memory.read(gpaToHva(slot, at), out, done, step);
		done += step;
	}
	return 0;
}

/**
 * Writes `data[0..bytes)` to guest memory without any notification; 0, or -14 (EFAULT) at the first page that cannot
 * be written, with the pages before it written. Follows `kvm_vcpu_write_guest` (virt/kvm/kvm_main.c).
 */
export function kvmVcpuWriteGuest(
	vcpu: KvmVcpu,
	gpa: number,
	data: Readonly<Uint8Array>,
	bytes: number
): number {
	for (let done = 0; done < bytes;) {
		const at = gpa + done;
		const gfn = gpaToGfn(at);
		const slot = writableSlot(vcpu, gfn);
		if (!slot) return EFAULT;
		const step = Math.min(bytes - done, PAGE_SIZE - (at % PAGE_SIZE));
		vcpu.kvm.memory.write(gpaToHva(slot, at), data, done, step);
		markPageDirty(slot, gfn);
		done += step;
	}
	return 0;
}
