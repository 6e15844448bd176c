import { HostInputError } from './errors.ts';
import { kvmPageTrackFlushSlot } from './fan-out.ts';
import type { Kvm } from './kvm.ts';
import { PT_DIRECTORY_LEVEL, PT_MAX_HUGEPAGE_LEVEL } from './levels.ts';
import { createLpageInfo, lpages } from './lpage.ts';
import {
	emptyArch,
	KVM_MEM_LOG_DIRTY_PAGES,
	KVM_MEM_READONLY,
	type KvmMemorySlot,
	type MemslotFields
} from './memslot.ts';
import { KVM_ADDRESS_SPACE_NUM, KVM_MEM_SLOTS_NUM, KVM_USER_MEM_SLOTS } from './memslots.ts';
import { kvmPageTrackCreateMemslot, kvmPageTrackFreeMemslot } from './page-track.ts';
import { kvmMmuSlotRemoveWriteAccess } from './protect.ts';
import { tellQuirk } from './quirks.ts';
import { RmapLevel } from './rmap.ts';
import type { MrChange } from './taps.ts';

const EINVAL = -22;
const EEXIST = -17;
const ENOMEM = -12;
const PAGE_SIZE = 4096;
const KVM_MEM_MAX_NR_PAGES = 2 ** 31 - 1;
/** Pages a 64-bit address can name. */
const GFN_LIMIT = 2 ** 52;
const KNOWN_FLAGS = KVM_MEM_LOG_DIRTY_PAGES | KVM_MEM_READONLY;

/** The check of flags and of the values alone; false is EINVAL. */
function isSane({ id, asId, baseGfn, npages, userspaceAddr, flags }: MemslotFields): boolean {
	if ((flags & ~KNOWN_FLAGS) !== 0 || flags > 0xffffffff) return false;
	if (id < KVM_USER_MEM_SLOTS && userspaceAddr % PAGE_SIZE !== 0) return false;
	if (asId >= KVM_ADDRESS_SPACE_NUM || id >= KVM_MEM_SLOTS_NUM) return false;
	return npages <= KVM_MEM_MAX_NR_PAGES && (npages === 0 || baseGfn + npages < GFN_LIMIT);
}

/** What a call changes: null nothing, a number an error. */
function classify(mem: MemslotFields, old: KvmMemorySlot | undefined): MrChange | null | number {
	if (mem.npages === 0) return old ? 'delete' : EINVAL;
	if (!old) return 'create';
	if (mem.userspaceAddr !== old.userspaceAddr || mem.npages !== old.npages) return EINVAL;
	if (((mem.flags ^ old.flags) & KVM_MEM_READONLY) !== 0) return EINVAL;
	if (mem.baseGfn !== old.baseGfn) return 'move';
	return mem.flags !== old.flags ? 'flags' : null;
}

const overlaps = (kvm: Kvm, mem: MemslotFields): boolean =>
	kvm.memslots[mem.asId as 0 | 1]
		.all()
		.some(
			(slot) =>
				slot.id !== mem.id &&
				mem.baseGfn + mem.npages > slot.baseGfn &&
				mem.baseGfn < slot.baseGfn + slot.npages
		);

/** Frees what `free` holds and `dont` does not. Follows `kvm_free_memslot` and `kvm_arch_free_memslot`. */
function kvmFreeMemslot(free: KvmMemorySlot, dont: KvmMemorySlot | null): void {
	kvmPageTrackFreeMemslot(free.arch.gfnTrack, dont?.arch.gfnTrack ?? null);
	if (dont?.arch === free.arch) return;
	free.arch.rmap.fill(null);
	free.arch.lpageInfo.fill(null);
}

/**
 * Allocates what a new slot needs, then tells the nodes. 0, or -12 with nothing left allocated. Follows
 * `kvm_arch_create_memslot` (arch/x86/kvm/x86.c, RFC v4 07/18).
 */
function kvmArchCreateMemslot(kvm: Kvm, slot: KvmMemorySlot): number {
	const { arch } = slot;
	const failed =
		kvm.allocFails('rmap-4k') ||
		kvm.allocFails('rmap-2m') ||
		kvm.allocFails('lpage-2m') ||
		kvm.allocFails('rmap-1g') ||
		kvm.allocFails('lpage-1g');
	if (failed) return ENOMEM;
	for (let level = 1; level <= PT_MAX_HUGEPAGE_LEVEL; level++) arch.rmap[level] = new RmapLevel();
	for (let level = PT_DIRECTORY_LEVEL; level <= PT_MAX_HUGEPAGE_LEVEL; level++)
		arch.lpageInfo[level] = createLpageInfo(slot, level);
	const ret = kvmPageTrackCreateMemslot(kvm, slot, slot.npages);
	if (ret !== 0) kvmFreeMemslot(slot, null);
	return ret;
}

/** The slot as it will be, with a dirty bitmap if it has one to keep. */
function nextSlot(mem: MemslotFields, old: KvmMemorySlot | undefined): KvmMemorySlot {
	const logs = (mem.flags & KVM_MEM_LOG_DIRTY_PAGES) !== 0;
	const { id, asId, baseGfn, npages, userspaceAddr, flags } = mem;
	return {
		id,
		asId,
		baseGfn,
		npages,
		userspaceAddr,
		flags,
		invalid: false,
		dirtyBitmap: logs ? (old?.dirtyBitmap ?? null) : null,
		arch: old?.arch ?? emptyArch()
	};
}

/**
 * The allocations after the arrays: a dirty bitmap if newly wanted, a copy of the slot table. The slot to publish is
 * another object than the one the nodes were told of. Null if one fails.
 */
function allocateRest(kvm: Kvm, next: KvmMemorySlot): KvmMemorySlot | null {
	const wantsBitmap = (next.flags & KVM_MEM_LOG_DIRTY_PAGES) !== 0 && !next.dirtyBitmap;
	if (wantsBitmap && kvm.allocFails('dirty-bitmap')) return null;
	if (kvm.allocFails('slots')) return null;
	return { ...next, dirtyBitmap: wantsBitmap ? new Set() : next.dirtyBitmap };
}

/** A move keeps all arrays by index; told if something is in them, or if the new base needs more (Q12). */
function tellMove(kvm: Kvm, next: KvmMemorySlot): void {
	const tracked = next.arch.gfnTrack.some((track) => track?.some());
	const short = [PT_DIRECTORY_LEVEL, PT_MAX_HUGEPAGE_LEVEL].some(
		(level) => lpages(next.baseGfn, next.npages, level) > (next.arch.lpageInfo[level]?.length ?? 0)
	);
	if (tracked || short) tellQuirk(kvm, 'Q12', next, null);
}

/** Publishes a change and does what follows it. Follows `kvm_arch_commit_memory_region` (arch/x86/kvm/x86.c). */
function commit(kvm: Kvm, change: MrChange, next: KvmMemorySlot, old: KvmMemorySlot | undefined): void {
	const published = change === 'delete' ? null : next;
	kvm.memslots[next.asId as 0 | 1].publish(next.id, published);
	kvm.taps.memslotPublished?.(change, published, old ?? null);
	if (!published) return;
	if (change === 'move') tellMove(kvm, published);
	if ((published.flags & (KVM_MEM_READONLY | KVM_MEM_LOG_DIRTY_PAGES)) !== 0)
		kvmMmuSlotRemoveWriteAccess(kvm, published);
}

function requireNumbers(mem: MemslotFields): void {
	for (const field of ['id', 'asId', 'baseGfn', 'npages', 'userspaceAddr', 'flags'] as const)
		if (!Number.isSafeInteger(mem[field]) || mem[field] < 0)
			throw new HostInputError(field, mem[field], 'must be an unsigned integer below 2^53');
}

/** Marks the published slot invalid and tells the nodes to let go of it. */
function flushOldSlot(kvm: Kvm, old: KvmMemorySlot): void {
	old.invalid = true;
	kvmPageTrackFlushSlot(kvm, old);
}

/** Applies a change that passed all checks; 0 or -12. */
function apply(kvm: Kvm, change: MrChange, mem: MemslotFields, old: KvmMemorySlot | undefined): number {
	const wanted = nextSlot(change === 'delete' ? { ...mem, baseGfn: 0, flags: 0 } : mem, old);
	if (change === 'create' && kvmArchCreateMemslot(kvm, wanted) !== 0) return ENOMEM;
	const next = allocateRest(kvm, wanted);
	if (!next) {
		if (change === 'create') {
			if (kvm.createSlotTold > 0) {
				tellQuirk(kvm, 'Q13', wanted, null);
				kvm.taps.memslotDiscarded?.(wanted);
			}
			kvmFreeMemslot(wanted, null);
		}
		return ENOMEM;
	}
	if (old && (change === 'delete' || change === 'move')) flushOldSlot(kvm, old);
	commit(kvm, change, next, old);
	if (old && change === 'delete') kvmFreeMemslot(old, null);
	return 0;
}

/**
 * Creates, moves, changes or deletes a slot, all in pages (so sizes and guest addresses are aligned by themselves).
 * Returns 0, -22 (EINVAL), -17 (EEXIST: overlap in the same address space) or -12 (ENOMEM). Follows
 * `__kvm_set_memory_region` (virt/kvm/kvm_main.c). Throws {@link HostInputError} for what is no unsigned number.
 *
 * ```
 * create: allocate, track_create_slot, publish            delete: invalid, track_flush_slot, publish, free
 * move:   invalid, track_flush_slot (old base), publish   flags:  publish
 * ```
 */
export function kvmSetMemoryRegion(kvm: Kvm, mem: MemslotFields): number {
	requireNumbers(mem);
	if (!isSane(mem)) return EINVAL;
	const old = kvm.memslots[mem.asId as 0 | 1].byId(mem.id);
	const change = classify(mem, old);
	if (change === null) return 0;
	if (typeof change === 'number') return change;
	if ((change === 'create' || change === 'move') && overlaps(kvm, mem)) return EEXIST;
	return apply(kvm, change, mem, old);
}
