import { kvmPageTrackCreateSlot } from './fan-out.ts';
import type { Kvm, KvmVcpu } from './kvm.ts';
import { kvmMmuGfnAllowLpage, kvmMmuGfnDisallowLpage } from './lpage.ts';
import { gfnTrackOf, requireInSlot, type KvmMemorySlot } from './memslot.ts';
import { kvmVcpuGfnToMemslot } from './memslots.ts';
import { tellQuirk } from './quirks.ts';
import { GfnTrack } from './sparse.ts';
import type { ProtectKind } from './taps.ts';
import {
	KVM_PAGE_TRACK_MAX,
	KVM_PAGE_TRACK_PREEXEC,
	KVM_PAGE_TRACK_PREREAD,
	pageTrackModeIsValid
} from './track-mode.ts';

const COUNTER_MAX = 65535;
const ENOMEM = -12;

/**
 * Frees the counter arrays of `free` that `dont` does not hold too (all, if `dont` is null) and returns them in the
 * order of the modes; a freed entry becomes null, `dont` stays. Follows `kvm_page_track_free_memslot`
 * (arch/x86/kvm/page_track.c).
 */
export function kvmPageTrackFreeMemslot<T>(free: (T | null)[], dont: readonly (T | null)[] | null): T[] {
	const freed: T[] = [];
	for (let mode = 0; mode < KVM_PAGE_TRACK_MAX; mode++) {
		const array = free[mode] ?? null;
		if (dont && array === (dont[mode] ?? null)) continue;
		if (array !== null) freed.push(array);
		free[mode] = null;
	}
	return freed;
}

/**
 * Allocates the counters of all modes, then tells the nodes of the new slot. Returns 0, or -12 (ENOMEM) with nothing
 * left allocated and nobody told. Follows `kvm_page_track_create_memslot` (RFC v4 07/18).
 */
export function kvmPageTrackCreateMemslot(kvm: Kvm, slot: KvmMemorySlot, npages: number): number {
	const { gfnTrack } = slot.arch;
	for (let mode = 0; mode < KVM_PAGE_TRACK_MAX; mode++) {
		if (kvm.allocFails(`track-${mode as 0 | 1 | 2 | 3}`)) {
			kvmPageTrackFreeMemslot(gfnTrack, null);
			return ENOMEM;
		}
		gfnTrack[mode] = new GfnTrack(npages);
	}
	kvm.createSlotTold = kvmPageTrackCreateSlot(kvm, slot, npages);
	return 0;
}

/**
 * Adds to a counter and returns the new value. A result outside 0..65535 is a WARN and leaves the counter, and the
 * caller goes on all the same (Q10). Follows `update_gfn_track` (arch/x86/kvm/page_track.c).
 */
function updateGfnTrack(kvm: Kvm, slot: KvmMemorySlot, gfn: number, mode: number, count: 1 | -1): number {
	const track = gfnTrackOf(slot, mode, gfn);
	const index = gfn - slot.baseGfn;
	const value = track.get(index) + count;
	if (value < 0 || value > COUNTER_MAX) {
		kvm.taps.warn?.('counter-range');
		tellQuirk(kvm, 'Q10', slot, gfn);
		return value - count;
	}
	track.set(index, value);
	return value;
}

function protectKind(mode: number): ProtectKind {
	if (mode === KVM_PAGE_TRACK_PREREAD) return 'read';
	return mode === KVM_PAGE_TRACK_PREEXEC ? 'exec' : 'write';
}

/**
 * Tracks a page in one more mode or once more in the same: counter up, huge mappings of the page forbidden once more,
 * existing entries protected, and one TLB flush if that asks for it. Callers hold `mmu_lock`. Follows
 * `kvm_slot_page_track_add_page` (RFC v4 07/18). An invalid mode is a WARN; throws for a gfn outside the slot.
 */
export function kvmSlotPageTrackAddPage(kvm: Kvm, slot: KvmMemorySlot, gfn: number, mode: number): void {
	if (!pageTrackModeIsValid(mode)) {
		kvm.taps.warn?.('invalid-mode');
		return;
	}
	requireInSlot(slot, gfn);
	const count = updateGfnTrack(kvm, slot, gfn, mode, 1);
	kvm.taps.trackAdded?.(slot, gfn, mode, count);
	kvmMmuGfnDisallowLpage(kvm, slot, gfn);
	if (kvm.protectGfn(protectKind(mode), slot, gfn)) kvmFlushRemoteTlbs(kvm);
}

/**
 * Takes one add back: counter down, huge mappings forbidden once less. Rights come back only with the next fault on
 * the page. Follows `kvm_slot_page_track_remove_page` (arch/x86/kvm/page_track.c). An invalid mode is a WARN; throws
 * for a gfn outside the slot.
 */
export function kvmSlotPageTrackRemovePage(kvm: Kvm, slot: KvmMemorySlot, gfn: number, mode: number): void {
	if (!pageTrackModeIsValid(mode)) {
		kvm.taps.warn?.('invalid-mode');
		return;
	}
	requireInSlot(slot, gfn);
	const count = updateGfnTrack(kvm, slot, gfn, mode, -1);
	kvm.taps.trackRemoved?.(slot, gfn, mode, count);
	kvmMmuGfnAllowLpage(kvm, slot, gfn);
}

/**
 * Whether anybody tracks a page in a mode, in the vCPU's current address space; false without a slot. Follows
 * `kvm_page_track_is_active` (arch/x86/kvm/page_track.c): the mode is checked first, an invalid one is a WARN.
 */
export function kvmPageTrackIsActive(vcpu: KvmVcpu, gfn: number, mode: number): boolean {
	if (!pageTrackModeIsValid(mode)) {
		vcpu.kvm.taps.warn?.('invalid-mode');
		return false;
	}
	const slot = kvmVcpuGfnToMemslot(vcpu, gfn);
	return slot !== null && gfnTrackOf(slot, mode, gfn).get(gfn - slot.baseGfn) !== 0;
}

/** Flushes the TLBs of all vCPUs; follows `kvm_flush_remote_tlbs` (virt/kvm/kvm_main.c). */
export function kvmFlushRemoteTlbs(kvm: Kvm): void {
	kvm.taps.tlbFlush?.();
}
