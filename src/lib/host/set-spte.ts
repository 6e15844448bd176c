import { markPageDirty } from './guest-access.ts';
import { HostBug } from './errors.ts';
import type { Kvm, KvmVcpu } from './kvm.ts';
import { PT_PAGE_TABLE_LEVEL } from './levels.ts';
import { mmuGfnLpageIsDisallowed } from './lpage.ts';
import { rmapOf } from './memslot.ts';
import { kvmVcpuGfnToMemslot } from './memslots.ts';
import { kvmFlushRemoteTlbs } from './page-track.ts';
import { tellQuirk } from './quirks.ts';
import { HI_SPECIAL } from './shadow-masks.ts';
import { mmuNeedWriteProtect } from './shadow-page.ts';
import {
	isMmioSpte,
	isShadowPresentPte,
	isWritablePte,
	markSpteForAccessTrack,
	pfnHi,
	pfnLo,
	PT_PAGE_SIZE_MASK,
	PT_WRITABLE_MASK,
	SPTE_HOST_WRITEABLE,
	SPTE_MMU_WRITEABLE,
	spteToPfn,
	type Spte,
	type SpteValue
} from './spte.ts';
import { mmuSpteUpdate, setSpteValue } from './spte-update.ts';
import { ACC_EXEC_MASK, ACC_USER_MASK, ACC_WRITE_MASK } from './track-access.ts';

/** What an entry shall map, and how. */
export interface SpteRequest {
	/** Bits of ACC_*. */
	readonly acc: number;
	readonly level: number;
	readonly gfn: number;
	readonly pfn: number;
	/** The guest has not asked for it: leave the accessed bit clear. */
	readonly speculative: boolean;
	/** Shadow pages of the gfn may go out of sync. */
	readonly canUnsync: boolean;
	/** The host may write the page. */
	readonly hostWritable: boolean;
}

/** What `set_spte` returns as two bits. */
export interface SetSpteResult {
	/** Write access was refused: the page is tracked or shadowed. */
	readonly writeProtected: boolean;
	readonly flush: boolean;
}

/** All bits but the write ones, in the order of `set_spte`. */
function baseValue(kvm: Kvm, request: SpteRequest): SpteValue {
	const { masks } = kvm;
	const { acc, level, pfn } = request;
	const adDisabled = masks.accessed === 0;
	let lo = masks.present | masks.memoryType | pfnLo(pfn);
	let hi = pfnHi(pfn) | (adDisabled ? HI_SPECIAL : 0);
	if (!request.speculative) lo |= masks.accessed;
	if (acc & ACC_EXEC_MASK) lo |= masks.x;
	else hi |= masks.nxHi;
	if (acc & ACC_USER_MASK) lo |= masks.user;
	if (level > PT_PAGE_TABLE_LEVEL) lo |= PT_PAGE_SIZE_MASK;
	if (request.hostWritable) lo |= SPTE_HOST_WRITEABLE;
	return { lo, hi };
}

/**
 * Builds the value of an entry and stores it. A writable huge entry over an index that forbids huge pages is left as
 * it was. Follows `set_spte` (arch/x86/kvm/mmu.c) for guest memory.
 */
export function setSpte(vcpu: KvmVcpu, sptep: Spte, request: SpteRequest): SetSpteResult {
	const { kvm } = vcpu;
	const { level, gfn, canUnsync } = request;
	const value = baseValue(kvm, request);
	let writable = request.hostWritable && (request.acc & ACC_WRITE_MASK) !== 0;
	let writeProtected = false;
	if (writable) {
		if (level > PT_PAGE_TABLE_LEVEL && mmuGfnLpageIsDisallowed(vcpu, gfn, level))
			return { writeProtected, flush: false };
		value.lo |= PT_WRITABLE_MASK | SPTE_MMU_WRITEABLE;
		if (!canUnsync && isWritablePte(sptep.lo))
			return { writeProtected, flush: mmuSpteUpdate(kvm, sptep, value.lo, value.hi) };
		if (mmuNeedWriteProtect(vcpu, gfn, canUnsync)) {
			writeProtected = true;
			writable = false;
			value.lo &= ~(PT_WRITABLE_MASK | SPTE_MMU_WRITEABLE);
		}
	}
	if (writable) {
		markPageDirty(kvmVcpuGfnToMemslot(vcpu, gfn), gfn);
		value.lo |= kvm.masks.dirty;
	}
	if (request.speculative) markSpteForAccessTrack(kvm.masks, value);
	return { writeProtected, flush: mmuSpteUpdate(kvm, sptep, value.lo, value.hi) };
}

/** The rmap list an entry belongs in, by the slot of its address space. */
function gfnToRmap(kvm: Kvm, sptep: Spte) {
	const slot = kvm.memslots[sptep.asId === 1 ? 1 : 0].search(sptep.gfn);
	if (!slot) throw new HostBug('no-memslot', sptep.gfn);
	return rmapOf(slot, sptep.level, sptep.gfn);
}

/** Clears an entry and takes it from the rmap if it was present. Follows `drop_spte` (arch/x86/kvm/mmu.c). */
export function dropSpte(kvm: Kvm, sptep: Spte): void {
	const present = isShadowPresentPte(kvm.masks, sptep.lo, sptep.hi);
	setSpteValue(kvm, sptep, 0, 0);
	if (!present) return;
	const { rmap, index } = gfnToRmap(kvm, sptep);
	rmap.remove(index, sptep);
}

/**
 * Maps a page at an entry: drops a former mapping of another page, sets the entry, asks for the flushes and enters it
 * in the rmap. Returns true if the access must be emulated: a write that is refused, or an entry that looks like MMIO
 * (Q5). Follows `mmu_set_spte` (arch/x86/kvm/mmu.c).
 */
export function mmuSetSpte(vcpu: KvmVcpu, sptep: Spte, request: SpteRequest, writeFault: boolean): boolean {
	const { kvm } = vcpu;
	const { masks, taps } = kvm;
	let flush = kvm.sptes[sptep.asId === 1 ? 1 : 0].unlink(sptep.level, sptep.gfn);
	let wasRmapped = false;
	let emulate = false;
	if (isShadowPresentPte(masks, sptep.lo, sptep.hi)) {
		if (spteToPfn(sptep.lo, sptep.hi) === request.pfn) wasRmapped = true;
		else {
			dropSpte(kvm, sptep);
			flush = true;
		}
	}
	const result = setSpte(vcpu, sptep, request);
	if (result.writeProtected) {
		emulate = writeFault;
		taps.tlbRequest?.(vcpu);
	}
	if (result.flush || flush) kvmFlushRemoteTlbs(kvm);
	if (isMmioSpte(masks, sptep.lo, sptep.hi)) {
		tellQuirk(kvm, 'Q5', kvmVcpuGfnToMemslot(vcpu, request.gfn), request.gfn);
		return true;
	}
	if (!wasRmapped && isShadowPresentPte(masks, sptep.lo, sptep.hi)) {
		const { rmap, index } = gfnToRmap(kvm, sptep);
		rmap.add(index, sptep);
	}
	return emulate;
}
