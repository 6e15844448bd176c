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

/** The entries that map a gfn at a level; dies on one that is not present any more. */
function entriesOf(kvm: Kvm, slot: KvmMemorySlot, gfn: number, level: number): readonly Spte[] {
	const { rmap, index } = rmapOf(slot, level, gfn);
	const entries = rmap.get(index);
	for (const sptep of entries) requirePresent(kvm, slot, sptep);
	return entries;
}

/** What a walk over one list of entries found. */
interface RmapProtected {
	/** The TLBs must be flushed. */
	flush: boolean;
	/** A translation that is still cached allows what the entry does not any more. */
	stale: boolean;
}

/** Takes write access from the entries of one list, tracking's way. Follows `__rmap_write_protect`. */
function rmapWriteProtectLevel(kvm: Kvm, slot: KvmMemorySlot, gfn: number, level: number): RmapProtected {
	const found: RmapProtected = { flush: false, stale: false };
	for (const sptep of entriesOf(kvm, slot, gfn, level))
		if (spteWriteProtect(kvm, sptep, true)) found.flush = true;
	return found;
}

/**
 * Takes read (and write) access from the entries of one list. Follows `__rmap_read_protect` (RFC v4 07/18), whose
 * `pt_protect` argument nobody looks at.
 */
function rmapReadProtect(kvm: Kvm, slot: KvmMemorySlot, gfn: number, level: number): RmapProtected {
	const found: RmapProtected = { flush: false, stale: false };
	for (const sptep of entriesOf(kvm, slot, gfn, level)) {
		const before = sptep.lo;
		if (spteReadProtect(kvm, sptep)) found.flush = true;
		const lostRead = (before & ~sptep.lo & PT_PRESENT_MASK) !== 0;
		if (lostRead && !isWritablePte(before) && !spteCanLocklesslyBeMadeWritable(before)) found.stale = true;
		tellProtect(kvm, slot, gfn, sptep, before);
		if (lostRead && !kvm.features.execOnly && kvm.features.paging === 'ept') tellQuirk(kvm, 'Q6', slot, gfn);
	}
	return found;
}

/** Takes execute access from the entries of one list. Follows `__rmap_exec_protect` (RFC v4 07/18). */
function rmapExecProtect(kvm: Kvm, slot: KvmMemorySlot, gfn: number, level: number): RmapProtected {
	const found: RmapProtected = { flush: false, stale: false };
	for (const sptep of entriesOf(kvm, slot, gfn, level)) {
		const before = sptep.lo;
		if (spteExecProtect(kvm, sptep)) found.flush = true;
		if ((before & ~sptep.lo & PT_USER_MASK) !== 0) found.stale = true;
		tellProtect(kvm, slot, gfn, sptep, before);
	}
	return found;
}

type RmapProtect = (kvm: Kvm, slot: KvmMemorySlot, gfn: number, level: number) => RmapProtected;

/** Applies a walk to the lists of all levels, 1 to 3. */
function allLevels(protect: RmapProtect, kvm: Kvm, slot: KvmMemorySlot, gfn: number): RmapProtected {
	const all: RmapProtected = { flush: false, stale: false };
	for (let level = PT_PAGE_TABLE_LEVEL; level <= PT_MAX_HUGEPAGE_LEVEL; level++) {
		const one = protect(kvm, slot, gfn, level);
		all.flush ||= one.flush;
		all.stale ||= one.stale;
	}
	return all;
}

/**
 * Takes write access to a gfn, tracking's way; true if the TLBs must be flushed. A huge entry is protected as a whole.
 * Follows `kvm_mmu_slot_gfn_write_protect` (arch/x86/kvm/mmu.c).
 */
export const kvmMmuSlotGfnWriteProtect = (kvm: Kvm, slot: KvmMemorySlot, gfn: number): boolean =>
	allLevels(rmapWriteProtectLevel, kvm, slot, gfn).flush;

/** Takes read (and write) access to a gfn. Follows `kvm_mmu_slot_gfn_read_protect` (RFC v4 07/18). */
export function kvmMmuSlotGfnReadProtect(kvm: Kvm, slot: KvmMemorySlot, gfn: number): boolean {
	const { flush, stale } = allLevels(rmapReadProtect, kvm, slot, gfn);
	if (stale && !flush) tellQuirk(kvm, 'Q2', slot, gfn);
	return flush;
}

/** Takes execute access to a gfn. Follows `kvm_mmu_slot_gfn_exec_protect` (RFC v4 07/18). */
export function kvmMmuSlotGfnExecProtect(kvm: Kvm, slot: KvmMemorySlot, gfn: number): boolean {
	const { flush, stale } = allLevels(rmapExecProtect, kvm, slot, gfn);
	if (stale && !flush) tellQuirk(kvm, 'Q1', slot, gfn);
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
	let changed = false;
	for (const rmap of slot.arch.rmap)
		for (const sptep of rmap?.entries() ?? []) {
			requirePresent(kvm, slot, sptep);
			const before = sptep.lo;
			if (spteWriteProtect(kvm, sptep, false)) flush = true;
			if (sptep.lo !== before) changed = true;
		}
	if (changed) kvm.taps.slotWriteProtected?.(slot, flush);
	if (flush) kvm.taps.tlbFlush?.();
}
