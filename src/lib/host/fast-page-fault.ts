import { markPageDirty } from './guest-access.ts';
import type { KvmVcpu } from './kvm.ts';
import { PT_PAGE_TABLE_LEVEL } from './levels.ts';
import { kvmVcpuGfnToMemslot } from './memslots.ts';
import { PFERR_FETCH_MASK, PFERR_PRESENT_MASK, PFERR_RSVD_MASK, PFERR_WRITE_MASK } from './pferr.ts';
import { tellQuirk } from './quirks.ts';
import type { ShadowMasks } from './shadow-masks.ts';
import {
	isAccessTrackSpte,
	isExecutablePte,
	isMmioSpte,
	isShadowPresentPte,
	isWritablePte,
	PT_PRESENT_MASK,
	PT_WRITABLE_MASK,
	restoreAccTrackSpte,
	spteCanLocklesslyBeMadeWritable,
	type Spte,
	type SpteValue
} from './spte.ts';
import { setSpteValue } from './spte-update.ts';

const PRESENT_FETCH = PFERR_PRESENT_MASK | PFERR_FETCH_MASK;
const PRESENT_WRITE = PFERR_PRESENT_MASK | PFERR_WRITE_MASK;

/** Follows `page_fault_can_be_fast` (arch/x86/kvm/mmu.c). */
function pageFaultCanBeFast(masks: ShadowMasks, error: number): boolean {
	if (error & PFERR_RSVD_MASK || (error & PRESENT_FETCH) === PRESENT_FETCH) return false;
	return masks.accTrack !== 0 || (error & PRESENT_WRITE) === PRESENT_WRITE;
}

/** Whether an entry allows the access that faulted. Follows `is_access_allowed` (arch/x86/kvm/mmu.c). */
function isAccessAllowed(masks: ShadowMasks, error: number, { lo, hi }: SpteValue): boolean {
	if (error & PFERR_FETCH_MASK) return isExecutablePte(masks, lo, hi);
	return error & PFERR_WRITE_MASK ? isWritablePte(lo) : (lo & PT_PRESENT_MASK) !== 0;
}

/** The value that would allow the access, or null if the slow path must find it. */
function repaired(masks: ShadowMasks, error: number, sptep: Spte): SpteValue | null {
	const value = { lo: sptep.lo, hi: sptep.hi };
	if (isAccessTrackSpte(masks, value.lo, value.hi)) restoreAccTrackSpte(masks, value);
	if (error & PFERR_WRITE_MASK && spteCanLocklesslyBeMadeWritable(sptep.lo)) {
		value.lo |= PT_WRITABLE_MASK;
		if (sptep.level > PT_PAGE_TABLE_LEVEL) return null;
	}
	if ((value.lo === sptep.lo && value.hi === sptep.hi) || !isAccessAllowed(masks, error, value)) return null;
	return value;
}

/** Stores the value and marks the page dirty if it became writable. Follows `fast_pf_fix_direct_spte`. */
function fastPfFixDirectSpte(vcpu: KvmVcpu, sptep: Spte, value: SpteValue): void {
	const { kvm } = vcpu;
	const becomesWritable = isWritablePte(value.lo) && !isWritablePte(sptep.lo);
	setSpteValue(kvm, sptep, value.lo, value.hi);
	if (!becomesWritable) return;
	const slot = kvmVcpuGfnToMemslot(vcpu, sptep.gfn);
	markPageDirty(slot, sptep.gfn);
	if (kvm.features.paging !== 'ept' || (value.lo & PT_PRESENT_MASK) !== 0) return;
	tellQuirk(kvm, 'Q4', slot, sptep.gfn);
	if (isMmioSpte(kvm.masks, value.lo, value.hi)) tellQuirk(kvm, 'Q5', slot, sptep.gfn);
}

/**
 * Repairs a fault without the lock if the leaf already allows the access, or if only W (taken by dirty logging) or the
 * saved rights are missing; true if the guest may go on. Never asks page tracking (Q4). `level` is the level the gfn
 * would be mapped with. Follows `fast_page_fault` (arch/x86/kvm/mmu.c).
 */
export function fastPageFault(vcpu: KvmVcpu, gfn: number, level: number, error: number): boolean {
	const { kvm } = vcpu;
	const { masks } = kvm;
	if (!pageFaultCanBeFast(masks, error)) return false;
	const sptep = kvm.sptes[vcpu.smm ? 1 : 0].leaf(gfn);
	if (!sptep || sptep.level < level - 1 || !isShadowPresentPte(masks, sptep.lo, sptep.hi)) return false;
	if (isAccessAllowed(masks, error, sptep)) return true;
	const value = repaired(masks, error, sptep);
	if (!value) return false;
	fastPfFixDirectSpte(vcpu, sptep, value);
	return true;
}
