import { writableSlot } from './guest-access.ts';
import type { KvmVcpu } from './kvm.ts';
import { PT_PAGE_TABLE_LEVEL } from './levels.ts';
import { slotHolds } from './memslot.ts';
import { tellQuirk } from './quirks.ts';
import { mmuSetSpte } from './set-spte.ts';
import { isShadowPresentPte, type Spte } from './spte.ts';
import { ACC_ALL, ACC_EXEC_MASK, ACC_USER_MASK, kvmMmuPageTrackAcc } from './track-access.ts';

/** Entries that are mapped around a faulting one. */
const PTE_PREFETCH_NUM = 8;

/**
 * Maps a run of neighbours with full access, whatever tracks them (Q9); false at a page that cannot be had. Follows
 * `direct_pte_prefetch_many` (arch/x86/kvm/mmu.c).
 */
function directPtePrefetchMany(vcpu: KvmVcpu, start: number, end: number): boolean {
	const { kvm } = vcpu;
	const table = kvm.sptes[vcpu.smm ? 1 : 0];
	const slot = writableSlot(vcpu, start);
	if (!slot || slot.dirtyBitmap) return false;
	for (let gfn = start; gfn < end && slotHolds(slot, gfn); gfn++) {
		const acc = kvmMmuPageTrackAcc(vcpu, gfn);
		const pfn = kvm.hostPfn(slot, gfn);
		const sptep = table.entry(PT_PAGE_TABLE_LEVEL, gfn);
		const request = {
			acc: ACC_ALL,
			level: 1,
			gfn,
			pfn,
			speculative: true,
			canUnsync: true,
			hostWritable: true
		};
		mmuSetSpte(vcpu, sptep, request, false);
		if ((acc & (ACC_USER_MASK | ACC_EXEC_MASK)) !== (ACC_USER_MASK | ACC_EXEC_MASK))
			tellQuirk(kvm, 'Q9', slot, gfn);
	}
	return true;
}

/**
 * Maps the empty entries before mapped ones within the eight around a new 4K entry. Needs accessed bits. Follows
 * `direct_pte_prefetch` (arch/x86/kvm/mmu.c), which leaves a run at the end alone.
 */
export function directPtePrefetch(vcpu: KvmVcpu, sptep: Spte): void {
	const { masks, sptes } = vcpu.kvm;
	if (masks.accessed === 0 || sptep.level > PT_PAGE_TABLE_LEVEL) return;
	const table = sptes[vcpu.smm ? 1 : 0];
	const first = sptep.gfn - (sptep.gfn % PTE_PREFETCH_NUM);
	let start = -1;
	for (let gfn = first; gfn < first + PTE_PREFETCH_NUM; gfn++) {
		const other = table.find(PT_PAGE_TABLE_LEVEL, gfn);
		const mapped = other === sptep || (other && isShadowPresentPte(masks, other.lo, other.hi));
		if (!mapped) {
			if (start < 0) start = gfn;
		} else if (start >= 0) {
			if (!directPtePrefetchMany(vcpu, start, gfn)) return;
			start = -1;
		}
	}
}
