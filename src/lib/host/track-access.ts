import type { KvmVcpu } from './kvm.ts';
import { kvmPageTrackIsActive } from './page-track.ts';
import {
	KVM_PAGE_TRACK_PREEXEC,
	KVM_PAGE_TRACK_PREREAD,
	KVM_PAGE_TRACK_PREWRITE,
	KVM_PAGE_TRACK_WRITE
} from './track-mode.ts';

/** Rights a mapping may have (arch/x86/kvm/mmu.h): on EPT "user" is read. */
export const ACC_EXEC_MASK = 1;
export const ACC_WRITE_MASK = 2;
export const ACC_USER_MASK = 4;
export const ACC_ALL = 7;

/** Rights tracking leaves to a page, bits of ACC_*. Follows `kvm_mmu_page_track_acc` (RFC v4 07/18). */
export function kvmMmuPageTrackAcc(vcpu: KvmVcpu, gfn: number): number {
	let acc = ACC_ALL;
	if (kvmPageTrackIsActive(vcpu, gfn, KVM_PAGE_TRACK_PREREAD)) acc &= ~ACC_USER_MASK;
	if (
		kvmPageTrackIsActive(vcpu, gfn, KVM_PAGE_TRACK_PREWRITE) ||
		kvmPageTrackIsActive(vcpu, gfn, KVM_PAGE_TRACK_WRITE)
	)
		acc &= ~ACC_WRITE_MASK;
	if (kvmPageTrackIsActive(vcpu, gfn, KVM_PAGE_TRACK_PREEXEC)) acc &= ~ACC_EXEC_MASK;
	return acc;
}
