import { HostBug } from './errors.ts';
import type { Kvm, KvmVcpu } from './kvm.ts';
import { PT_MAX_HUGEPAGE_LEVEL, PT_PAGE_TABLE_LEVEL } from './levels.ts';
import { rmapOf, type KvmMemorySlot } from './memslot.ts';
import { kvmVcpuGfnToMemslot } from './memslots.ts';
import { tellQuirk } from './quirks.ts';
import {
	isMmioSpte,
	isShadowPresentPte,
	isWritablePte,
	PT_PRESENT_MASK,
	PT_USER_MASK,
	spteCanLocklesslyBeMadeWritable,
	type Spte
} from './spte.ts';
import { spteExecProtect, spteReadProtect, spteWriteProtect } from './spte-update.ts';
import type { ProtectKind } from './taps.ts';

/** Dies if an entry of the rmap is not present any more, the BUG_ON of `rmap_get_first` and `rmap_get_next`. */
function requirePresent(kvm: Kvm, slot: KvmMemorySlot, sptep: Spte): void {
	if (isShadowPresentPte(kvm.masks, sptep.lo, sptep.hi)) return;
	if (isMmioSpte(kvm.masks, sptep.lo, sptep.hi)) tellQuirk(kvm, 'Q5', slot, sptep.gfn);
	throw new HostBug('rmap-spte-not-present', sptep.gfn);
}

/** Calls `protect` for every entry that maps the gfn, level 1 to 3; true if any wants a flush. */
function rmapProtect(kvm: Kvm, slot: KvmMemorySlot, gfn: number, protect: (sptep: Spte) => boolean): boolean {
	let flush = false;
	for (let level = PT_PAGE_TABLE_LEVEL; level <= PT_MAX_HUGEPAGE_LEVEL; level++) {
		const { rmap, index } = rmapOf(slot, level, gfn);
		for (const sptep of rmap.get(index)) {
			requirePresent(kvm, slot, sptep);
			if (protect(sptep)) flush = true;
		}
	}
	return flush;
}

/**
 * Takes write access to a gfn, tracking's way; true if the TLBs must be flushed. A huge entry is protected as a whole.
 * Follows `kvm_mmu_slot_gfn_write_protect` (arch/x86/kvm/mmu.c).
 */
export const kvmMmuSlotGfnWriteProtect = (kvm: Kvm, slot: KvmMemorySlot, gfn: number): boolean =>
	rmapProtect(kvm, slot, gfn, (sptep) => spteWriteProtect(kvm, sptep, true));

/** Takes read (and write) access to a gfn. Follows `kvm_mmu_slot_gfn_read_protect` (RFC v4 07/18). */
export function kvmMmuSlotGfnReadProtect(kvm: Kvm, slot: KvmMemorySlot, gfn: number): boolean {
	let staleRead = false;
	const flush = rmapProtect(kvm, slot, gfn, (sptep) => {
		const before = sptep.lo;
		const wants = spteReadProtect(kvm, sptep);
		const lostRead = (before & ~sptep.lo & PT_PRESENT_MASK) !== 0;
		const wasProtected = !isWritablePte(before) && !spteCanLocklesslyBeMadeWritable(before);
		if (lostRead && wasProtected) staleRead = true;
		tellProtect(kvm, slot, gfn, sptep, before);
		if (lostRead && !kvm.features.execOnly && kvm.features.paging === 'ept') tellQuirk(kvm, 'Q6', slot, gfn);
		return wants;
	});
	if (staleRead && !flush) tellQuirk(kvm, 'Q2', slot, gfn);
	return flush;
}

/** Takes execute access to a gfn. Follows `kvm_mmu_slot_gfn_exec_protect` (RFC v4 07/18). */
export function kvmMmuSlotGfnExecProtect(kvm: Kvm, slot: KvmMemorySlot, gfn: number): boolean {
	let staleExec = false;
	const flush = rmapProtect(kvm, slot, gfn, (sptep) => {
		const before = sptep.lo;
		const wants = spteExecProtect(kvm, sptep);
		if ((before & ~sptep.lo & PT_USER_MASK) !== 0) staleExec = true;
		tellProtect(kvm, slot, gfn, sptep, before);
		return wants;
	});
	if (staleExec && !flush) tellQuirk(kvm, 'Q1', slot, gfn);
	return flush;
}

/** What surprises about one protected entry: a whole huge leaf, or bits that mean something else. */
function tellProtect(kvm: Kvm, slot: KvmMemorySlot, gfn: number, sptep: Spte, before: number): void {
	if (before === sptep.lo) return;
	if (sptep.level > PT_PAGE_TABLE_LEVEL) tellQuirk(kvm, 'Q11', slot, gfn);
	if (kvm.features.paging !== 'ept') tellQuirk(kvm, 'Q19', slot, gfn);
}

const WALKS = {
	read: kvmMmuSlotGfnReadProtect,
	write: kvmMmuSlotGfnWriteProtect,
	exec: kvmMmuSlotGfnExecProtect
} as const;

/** The walk of a kind over real entries; what a VM uses unless it is given another. */
export const protectWalk = (kvm: Kvm, kind: ProtectKind, slot: KvmMemorySlot, gfn: number): boolean =>
	WALKS[kind](kvm, slot, gfn);

/**
 * Write-protects the entries of a gfn in the vCPU's address space; true if a flush is needed. Follows
 * `rmap_write_protect` (arch/x86/kvm/mmu.c).
 */
export function rmapWriteProtect(vcpu: KvmVcpu, gfn: number): boolean {
	const slot = kvmVcpuGfnToMemslot(vcpu, gfn);
	if (!slot) throw new HostBug('no-memslot', gfn);
	return vcpu.kvm.protectGfn('write', slot, gfn);
}

/**
 * Write-protects all entries of a slot, dirty logging's way, and flushes once if any wants it. Follows
 * `kvm_mmu_slot_remove_write_access` (arch/x86/kvm/mmu.c) on a host without PML.
 */
export function kvmMmuSlotRemoveWriteAccess(kvm: Kvm, slot: KvmMemorySlot): void {
	let flush = false;
	for (const rmap of slot.arch.rmap)
		for (const sptep of rmap?.entries() ?? []) {
			requirePresent(kvm, slot, sptep);
			if (spteWriteProtect(kvm, sptep, false)) flush = true;
		}
	if (flush) kvm.taps.tlbFlush?.();
}
