import type { Kvm } from './kvm.ts';
import { PT_PAGE_TABLE_LEVEL } from './levels.ts';
import { rmapOf, type KvmMemorySlot } from './memslot.ts';
import { kvmFlushRemoteTlbs } from './page-track.ts';
import { spteWriteProtect } from './spte-update.ts';

/**
 * Write-protects the 4K entries of a gfn dirty logging's way: the fast path may make them writable again. Follows one
 * bit of `kvm_mmu_write_protect_pt_masked` (arch/x86/kvm/mmu.c).
 */
function kvmMmuWriteProtectPt(kvm: Kvm, slot: KvmMemorySlot, gfn: number): boolean {
	const { rmap, index } = rmapOf(slot, PT_PAGE_TABLE_LEVEL, gfn);
	let flush = false;
	for (const sptep of rmap.get(index)) if (spteWriteProtect(kvm, sptep, false)) flush = true;
	kvm.taps.spteProtect?.('write', slot, gfn, flush);
	return flush;
}

/**
 * Takes the dirty pages of a slot since the last call, lowest first, and write-protects them so that the next write
 * is seen again; one TLB flush if there was any. Empty for a slot that does not log. Follows
 * `kvm_vm_ioctl_get_dirty_log` (arch/x86/kvm/x86.c) and `kvm_get_dirty_log_protect` (virt/kvm/kvm_main.c) on a host
 * without PML.
 */
export function kvmVmIoctlGetDirtyLog(kvm: Kvm, slot: KvmMemorySlot): number[] {
	const dirty = [...(slot.dirtyBitmap ?? [])].sort((a, b) => a - b).map((index) => slot.baseGfn + index);
	slot.dirtyBitmap?.clear();
	for (const gfn of dirty) kvmMmuWriteProtectPt(kvm, slot, gfn);
	if (dirty.length > 0) kvmFlushRemoteTlbs(kvm);
	return dirty;
}
