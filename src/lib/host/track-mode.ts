/**
 * Tracking modes, `enum kvm_page_track_mode` (arch/x86/include/asm/kvm_page_track.h, RFC v4 07/18). The enum is
 * unsigned in C, so -1 counts as too big.
 */
export const KVM_PAGE_TRACK_PREREAD = 0;
export const KVM_PAGE_TRACK_PREWRITE = 1;
export const KVM_PAGE_TRACK_WRITE = 2;
export const KVM_PAGE_TRACK_PREEXEC = 3;
export const KVM_PAGE_TRACK_MAX = 4;

/** True for 0..3; follows `page_track_mode_is_valid` (arch/x86/kvm/page_track.c), the caller does the WARN. */
export const pageTrackModeIsValid = (mode: number): boolean =>
	Number.isInteger(mode) && mode >= 0 && mode < KVM_PAGE_TRACK_MAX;
