import type { Kvm } from './kvm.ts';
import {
	isAccessedSpte,
	isDirtySpte,
	isShadowPresentPte,
	isWritablePte,
	PT_PRESENT_MASK,
	PT_USER_MASK,
	PT_WRITABLE_MASK,
	SPTE_MMU_WRITEABLE,
	spteCanLocklesslyBeMadeWritable,
	spteToPfn,
	type Spte
} from './spte.ts';

/** Stores a value and tells the tap if it differs; follows `__set_spte` (arch/x86/kvm/mmu.c). */
export function setSpteValue(kvm: Kvm, sptep: Spte, lo: number, hi: number): void {
	const { lo: oldLo, hi: oldHi } = sptep;
	if (lo === oldLo && hi === oldHi) return;
	sptep.lo = lo;
	sptep.hi = hi;
	kvm.taps.spteChanged?.(sptep, oldLo, oldHi);
}

/**
 * Changes an entry and returns whether the TLBs must be flushed: when write access is lost that the fast path could
 * have used, or the accessed or dirty state. Losing R or X alone never asks (Q1, Q2). Follows `mmu_spte_update`
 * and `mmu_spte_update_no_track` (arch/x86/kvm/mmu.c), WARNs included.
 */
export function mmuSpteUpdate(kvm: Kvm, sptep: Spte, lo: number, hi: number): boolean {
	const { masks } = kvm;
	const { lo: oldLo, hi: oldHi } = sptep;
	if (!isShadowPresentPte(masks, lo, hi)) kvm.taps.warn?.('spte-not-present');
	setSpteValue(kvm, sptep, lo, hi);
	if (!isShadowPresentPte(masks, oldLo, oldHi)) return false;
	if (spteToPfn(oldLo, oldHi) !== spteToPfn(lo, hi)) kvm.taps.warn?.('spte-pfn-changed');
	return (
		(spteCanLocklesslyBeMadeWritable(oldLo) && !isWritablePte(lo)) ||
		(isAccessedSpte(masks, oldLo, oldHi) && !isAccessedSpte(masks, lo, hi)) ||
		(isDirtySpte(masks, oldLo, oldHi) && !isDirtySpte(masks, lo, hi))
	);
}

/**
 * Takes W, and the right to get it back without the lock if `ptProtect` (page tracking; dirty logging passes false).
 * Returns whether a flush is needed; follows `spte_write_protect` (arch/x86/kvm/mmu.c).
 */
export function spteWriteProtect(kvm: Kvm, sptep: Spte, ptProtect: boolean): boolean {
	let { lo } = sptep;
	if (!isWritablePte(lo) && !(ptProtect && spteCanLocklesslyBeMadeWritable(lo))) return false;
	if (ptProtect) lo &= ~SPTE_MMU_WRITEABLE;
	return mmuSpteUpdate(kvm, sptep, lo & ~PT_WRITABLE_MASK, sptep.hi);
}

/** Takes R and W, leaves bit 11 (Q4). Returns whether a flush is needed; `spte_read_protect`, RFC v4 07/18. */
export const spteReadProtect = (kvm: Kvm, sptep: Spte): boolean =>
	mmuSpteUpdate(kvm, sptep, sptep.lo & ~(PT_WRITABLE_MASK | PT_PRESENT_MASK), sptep.hi);

/** Takes bit 2, execute on EPT (Q19). Returns whether a flush is needed; `spte_exec_protect`, RFC v4 07/18. */
export const spteExecProtect = (kvm: Kvm, sptep: Spte): boolean =>
	mmuSpteUpdate(kvm, sptep, sptep.lo & ~PT_USER_MASK, sptep.hi);
