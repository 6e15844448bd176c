import { directMap, mappingOf, walkDown, type HostMapping } from './direct-map.ts';
import { fastPageFault } from './fast-page-fault.ts';
import { gpaToGfn, readableSlot } from './guest-access.ts';
import type { KvmVcpu } from './kvm.ts';
import { PT_PAGE_TABLE_LEVEL } from './levels.ts';
import { KVM_MEM_READONLY } from './memslot.ts';
import { kvmPageTrackIsActive } from './page-track.ts';
import {
	isNestedGuestPage,
	lower32Bits,
	PFERR_FETCH_MASK,
	PFERR_PRESENT_MASK,
	PFERR_RSVD_MASK,
	PFERR_USER_MASK,
	PFERR_WRITE_MASK
} from './pferr.ts';
import { dropSpte } from './set-spte.ts';
import { kvmMmuUnprotectPage } from './shadow-page.ts';
import { isExecutablePte, isMmioSpte, isWritablePte, pfnHi, pfnLo, PT_PRESENT_MASK } from './spte.ts';
import { setSpteValue } from './spte-update.ts';
import {
	KVM_PAGE_TRACK_PREEXEC,
	KVM_PAGE_TRACK_PREREAD,
	KVM_PAGE_TRACK_PREWRITE,
	KVM_PAGE_TRACK_WRITE
} from './track-mode.ts';

/**
 * Who answered a fault: page tracking, the fast path, a new mapping, no memory there (`mmio`), a write to a read-only
 * slot, or an entry the CPU cannot use (`misconfig`).
 */
export type FaultStage = 'tracked' | 'fast' | 'mapped' | 'mmio' | 'read-only' | 'misconfig';

/** What becomes of a faulting access. */
export interface FaultResult {
	/** Re-enter the guest, emulate the instruction, or end with an error to userspace. */
	readonly ret: 'resume' | 'emulate' | 'error';
	readonly stage: FaultStage;
	/** Level and rights (bits of ACC_*) of the mapping; only if `stage` is `mapped`. */
	readonly level?: number;
	readonly acc?: number;
	/** The shadow pages of the gfn were removed instead of emulating. */
	readonly unprotected?: true;
	/** Emulation must not re-execute on failure (EMULTYPE_NO_REEXECUTE, RFC v4 11/18). */
	readonly noReexecute?: true;
}

/**
 * Whether a fault is an access that tracking wants emulated: the entry is present and lacks a right that a mode of the
 * page took away. `error` is the lower half of the code. Follows `page_fault_handle_page_track` (RFC v4 07/18).
 */
export function pageFaultHandlePageTrack(vcpu: KvmVcpu, error: number, gfn: number): boolean {
	if (error & PFERR_RSVD_MASK || !(error & PFERR_PRESENT_MASK)) return false;
	return (
		((error & PFERR_USER_MASK) !== 0 && kvmPageTrackIsActive(vcpu, gfn, KVM_PAGE_TRACK_PREREAD)) ||
		((error & PFERR_WRITE_MASK) !== 0 &&
			(kvmPageTrackIsActive(vcpu, gfn, KVM_PAGE_TRACK_PREWRITE) ||
				kvmPageTrackIsActive(vcpu, gfn, KVM_PAGE_TRACK_WRITE))) ||
		((error & PFERR_FETCH_MASK) !== 0 && kvmPageTrackIsActive(vcpu, gfn, KVM_PAGE_TRACK_PREEXEC))
	);
}

/**
 * Whether a write of the guest's own table walk is let through by removing the shadow pages of the gfn instead of
 * emulating it: the MMU is direct and nobody tracks the page. The condition in `kvm_mmu_page_fault` (RFC v4 07/18).
 */
export const nestedPageBypass = (vcpu: KvmVcpu, gpa: number, errorCode: number): boolean =>
	vcpu.directMap &&
	isNestedGuestPage(errorCode) &&
	!kvmPageTrackIsActive(vcpu, gpaToGfn(gpa), KVM_PAGE_TRACK_PREREAD) &&
	!kvmPageTrackIsActive(vcpu, gpaToGfn(gpa), KVM_PAGE_TRACK_PREWRITE) &&
	!kvmPageTrackIsActive(vcpu, gpaToGfn(gpa), KVM_PAGE_TRACK_WRITE) &&
	!kvmPageTrackIsActive(vcpu, gpaToGfn(gpa), KVM_PAGE_TRACK_PREEXEC);

/** Marks an address without memory in the tables; follows `mark_mmio_spte` (arch/x86/kvm/mmu.c), generation 0. */
function setMmioSpte(vcpu: KvmVcpu, gfn: number): FaultResult {
	const { kvm } = vcpu;
	const { masks } = kvm;
	walkDown(vcpu, gfn, PT_PAGE_TABLE_LEVEL);
	const sptep = kvm.sptes[vcpu.smm ? 1 : 0].entry(PT_PAGE_TABLE_LEVEL, gfn);
	dropSpte(kvm, sptep);
	setSpteValue(kvm, sptep, masks.mmioValue | pfnLo(gfn), masks.mmioValueHi | pfnHi(gfn));
	return { ret: 'emulate', stage: 'mmio' };
}

/** Handles a fault of a direct MMU. Follows `tdp_page_fault` (arch/x86/kvm/mmu.c). */
function tdpPageFault(vcpu: KvmVcpu, gpa: number, error: number, host: HostMapping): FaultResult {
	const faultGfn = gpaToGfn(gpa);
	if (pageFaultHandlePageTrack(vcpu, error, faultGfn)) return { ret: 'emulate', stage: 'tracked' };
	const { gfn, level } = mappingOf(vcpu, gpa, host.hostLevel);
	if (fastPageFault(vcpu, faultGfn, level, error)) return { ret: 'resume', stage: 'fast' };
	const write = (error & PFERR_WRITE_MASK) !== 0;
	const slot = readableSlot(vcpu, gfn);
	if (!slot) return setMmioSpte(vcpu, gfn);
	const readOnly = (slot.flags & KVM_MEM_READONLY) !== 0;
	if (readOnly && write) return { ret: 'emulate', stage: 'read-only' };
	const { emulate, acc } = directMap(vcpu, {
		slot,
		gfn,
		level,
		faultGfn,
		write,
		present: (error & PFERR_PRESENT_MASK) !== 0,
		hostWritable: host.hostWritable && !readOnly,
		prefault: host.prefault
	});
	return { ret: emulate ? 'emulate' : 'resume', stage: 'mapped', level, acc };
}

/**
 * A misconfiguration exit: an entry KVM wrote for MMIO is emulated, any other the CPU cannot use ends in an error
 * (Q3, Q4, Q6), a missing one is retried. Follows `handle_mmio_page_fault` (arch/x86/kvm/mmu.c).
 */
function handleMmioPageFault(vcpu: KvmVcpu, gpa: number): FaultResult {
	const { masks, features, sptes } = vcpu.kvm;
	const sptep = sptes[vcpu.smm ? 1 : 0].leaf(gpaToGfn(gpa));
	if (!sptep) return { ret: 'resume', stage: 'mmio' };
	const { lo, hi } = sptep;
	if (isMmioSpte(masks, lo, hi)) return { ret: 'emulate', stage: 'mmio' };
	const readable = (lo & PT_PRESENT_MASK) !== 0;
	const illegal = !readable && (isWritablePte(lo) || (isExecutablePte(masks, lo, hi) && !features.execOnly));
	return features.paging === 'ept' && illegal
		? { ret: 'error', stage: 'misconfig' }
		: { ret: 'resume', stage: 'mmio' };
}

/** What remains to be done with a fault the handler wants emulated. */
function emulateOrUnprotect(
	vcpu: KvmVcpu,
	gpa: number,
	errorCode: number,
	handled: FaultResult
): FaultResult {
	if (nestedPageBypass(vcpu, gpa, errorCode)) {
		kvmMmuUnprotectPage(vcpu.kvm, gpaToGfn(gpa));
		return { ...handled, ret: 'resume', unprotected: true };
	}
	if (kvmPageTrackIsActive(vcpu, gpaToGfn(gpa), KVM_PAGE_TRACK_PREEXEC))
		return { ...handled, noReexecute: true };
	return handled;
}

/**
 * Handles a fault of the guest: tracking first, then the fast path, then a mapping; what must be emulated may instead
 * be let through. Follows `kvm_mmu_page_fault` (arch/x86/kvm/mmu.c, RFC v4 07/18). The MMU is taken as EPT or NPT;
 * `directMap` of the vCPU only decides about the bypass.
 */
export function kvmMmuPageFault(
	vcpu: KvmVcpu,
	gpa: number,
	errorCode: number,
	host: HostMapping
): FaultResult {
	const error = lower32Bits(errorCode);
	vcpu.kvm.taps.pageFaultBegan?.(vcpu, gpa, errorCode);
	let result =
		error & PFERR_RSVD_MASK ? handleMmioPageFault(vcpu, gpa) : tdpPageFault(vcpu, gpa, error, host);
	if (result.ret === 'emulate' && !(error & PFERR_RSVD_MASK))
		result = emulateOrUnprotect(vcpu, gpa, errorCode, result);
	vcpu.kvm.taps.pageFault?.(vcpu, gpa, errorCode, result);
	return result;
}
