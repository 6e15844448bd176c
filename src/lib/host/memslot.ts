import { GfnOutsideSlotError, HostBug } from './errors.ts';
import { gfnToIndex } from './levels.ts';
import type { RmapLevel } from './rmap.ts';
import type { GfnTrack, LpageInfo } from './sparse.ts';

/** Slot flags of userspace (include/uapi/linux/kvm.h). */
export const KVM_MEM_LOG_DIRTY_PAGES = 1;
export const KVM_MEM_READONLY = 2;

/** What `struct kvm_arch_memory_slot` holds; a freed array is null. */
export interface KvmArchMemorySlot {
	/** Counters by mode. */
	readonly gfnTrack: (GfnTrack | null)[];
	/** `disallow_lpage` by level; only levels 2 and 3 are used. */
	readonly lpageInfo: (LpageInfo | null)[];
	/** Entries by level 1 to 3. */
	readonly rmap: (RmapLevel | null)[];
}

/** Fields of a slot that userspace gives. */
export interface MemslotFields {
	readonly id: number;
	readonly asId: number;
	readonly baseGfn: number;
	readonly npages: number;
	readonly userspaceAddr: number;
	readonly flags: number;
}

/** `struct kvm_memory_slot`: gfns `[baseGfn, baseGfn + npages)` of one address space, backed by `userspaceAddr`. */
export interface KvmMemorySlot extends MemslotFields {
	/** KVM_MEMSLOT_INVALID: being moved or deleted; lookups still find it. */
	invalid: boolean;
	/** Dirty gfns since logging began, by index; null when not logging. */
	readonly dirtyBitmap: Set<number> | null;
	readonly arch: KvmArchMemorySlot;
}

/** Arch part of a slot nothing has been allocated for. */
export const emptyArch = (): KvmArchMemorySlot => ({
	gfnTrack: [null, null, null, null],
	lpageInfo: [null, null, null, null],
	rmap: [null, null, null, null]
});

export const slotHolds = (slot: MemslotFields, gfn: number): boolean =>
	gfn >= slot.baseGfn && gfn < slot.baseGfn + slot.npages;

/** Throws when a gfn is not the slot's; the kernel would corrupt memory. */
export function requireInSlot(slot: MemslotFields, gfn: number): void {
	if (!slotHolds(slot, gfn)) throw new GfnOutsideSlotError(slot, gfn);
}

/** The counters of a mode; throws {@link HostBug} when the slot was freed. */
export function gfnTrackOf(slot: KvmMemorySlot, mode: number, gfn: number): GfnTrack {
	const track = slot.arch.gfnTrack[mode];
	if (!track) throw new HostBug('freed-memslot', gfn);
	return track;
}

/** Counts of a level (2 or 3), follows `lpage_info_slot` without the index. */
export function lpageInfoOf(slot: KvmMemorySlot, level: number, gfn: number): LpageInfo {
	const info = slot.arch.lpageInfo[level];
	if (!info) throw new HostBug('freed-memslot', gfn);
	return info;
}

/** Entries that map a gfn at a level, empty if none; follows `__gfn_to_rmap` (arch/x86/kvm/mmu.c). */
export function rmapOf(slot: KvmMemorySlot, level: number, gfn: number): { rmap: RmapLevel; index: number } {
	const rmap = slot.arch.rmap[level];
	if (!rmap) throw new HostBug('freed-memslot', gfn);
	return { rmap, index: gfnToIndex(gfn, slot.baseGfn, level) };
}

/** Counter of a mode for a gfn of the slot. */
export const trackCount = (slot: KvmMemorySlot, mode: number, gfn: number): number =>
	gfnTrackOf(slot, mode, gfn).get(gfn - slot.baseGfn);
