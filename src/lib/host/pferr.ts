/** Page-fault error code bits (arch/x86/include/asm/kvm_host.h). Codes are numbers below 2^53. */
export const PFERR_PRESENT_MASK = 1;
export const PFERR_WRITE_MASK = 2;
/** A data read, on EPT. */
export const PFERR_USER_MASK = 4;
export const PFERR_RSVD_MASK = 8;
export const PFERR_FETCH_MASK = 16;
export const PFERR_PK_MASK = 32;
/** The access was to the final page. */
export const PFERR_GUEST_FINAL_MASK = 2 ** 32;
/** The access was made by the guest's own table walk. */
export const PFERR_GUEST_PAGE_MASK = 2 ** 33;

const GUEST_PAGE_HI = 2;
const PRESENT_WRITE = PFERR_PRESENT_MASK | PFERR_WRITE_MASK;

/** Bits 0..31, follows `lower_32_bits`. */
export const lower32Bits = (errorCode: number): number => errorCode | 0;

/** PRESENT, WRITE and GUEST_PAGE all set: `PFERR_NESTED_GUEST_PAGE`. */
export const isNestedGuestPage = (errorCode: number): boolean =>
	(errorCode & PRESENT_WRITE) === PRESENT_WRITE && (Math.floor(errorCode / 2 ** 32) & GUEST_PAGE_HI) !== 0;
