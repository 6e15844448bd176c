import type { Kvm, KvmVcpu } from './kvm.ts';
import { gfnToIndex, pagesPerHpage, PT_DIRECTORY_LEVEL, PT_MAX_HUGEPAGE_LEVEL } from './levels.ts';
import { lpageInfoOf, type KvmMemorySlot } from './memslot.ts';
import { kvmVcpuGfnToMemslot } from './memslots.ts';
import { LpageInfo } from './sparse.ts';

/**
 * Adds to the counts that forbid a huge mapping of the gfn's 2M and 1G index; a WARN for each that is below zero
 * afterwards, the value stays. Follows `update_gfn_disallow_lpage_count` (arch/x86/kvm/mmu.c).
 */
function updateGfnDisallowLpageCount(kvm: Kvm, slot: KvmMemorySlot, gfn: number, count: 1 | -1): void {
	kvm.taps.lpageChanged?.(slot, gfn, count);
	for (let level = PT_DIRECTORY_LEVEL; level <= PT_MAX_HUGEPAGE_LEVEL; level++) {
		const info = lpageInfoOf(slot, level, gfn);
		const index = gfnToIndex(gfn, slot.baseGfn, level);
		const value = info.get(index) + count;
		info.set(index, value);
		if (value < 0) kvm.taps.warn?.('lpage-negative');
	}
}

/** Follows `kvm_mmu_gfn_disallow_lpage`. */
export const kvmMmuGfnDisallowLpage = (kvm: Kvm, slot: KvmMemorySlot, gfn: number): void =>
	updateGfnDisallowLpageCount(kvm, slot, gfn, 1);

/** Follows `kvm_mmu_gfn_allow_lpage`. */
export const kvmMmuGfnAllowLpage = (kvm: Kvm, slot: KvmMemorySlot, gfn: number): void =>
	updateGfnDisallowLpageCount(kvm, slot, gfn, -1);

/** `disallow_lpage` of the index that holds a gfn. */
export const disallowLpage = (slot: KvmMemorySlot, level: number, gfn: number): number =>
	lpageInfoOf(slot, level, gfn).get(gfnToIndex(gfn, slot.baseGfn, level));

/** Whether a huge mapping of a level is forbidden; any count but zero forbids. `mmu_gfn_lpage_is_disallowed`. */
export function mmuGfnLpageIsDisallowed(vcpu: KvmVcpu, gfn: number, level: number): boolean {
	const slot = kvmVcpuGfnToMemslot(vcpu, gfn);
	return slot === null || disallowLpage(slot, level, gfn) !== 0;
}

/** Indexes a slot needs at a level. */
export const lpages = (baseGfn: number, npages: number, level: number): number =>
	gfnToIndex(baseGfn + npages - 1, baseGfn, level) + 1;

/**
 * The counts of a new slot: 1 on an end that is not aligned to the level, 1 everywhere if guest and userspace pages
 * differ modulo the level. Follows `kvm_arch_create_memslot` (arch/x86/kvm/x86.c).
 */
export function createLpageInfo(slot: KvmMemorySlot, level: number): LpageInfo {
	const pages = pagesPerHpage(level);
	const { baseGfn, npages } = slot;
	const ugfn = Math.floor(slot.userspaceAddr / 4096);
	const info = new LpageInfo(lpages(baseGfn, npages, level), baseGfn % pages === ugfn % pages ? 0 : 1);
	if (baseGfn % pages !== 0) info.set(0, 1);
	if ((baseGfn + npages) % pages !== 0) info.set(info.length - 1, 1);
	return info;
}
