export const PAGE_SHIFT = 12;
export const PAGE_SIZE = 4096;
/** One past the largest gfn of a 52-bit guest physical address. */
export const GFN_LIMIT = 2 ** 40;
/** One past the largest number of pages of a memslot (KVM_MEM_MAX_NR_PAGES, virt/kvm/kvm_main.c). */
export const NPAGES_LIMIT = 2 ** 31;
/** vCPU ids below this are accepted; 0xffff stands for "no vCPU" in a batch. */
export const VCPU_LIMIT = 0xffff;

/** Lower-case hex with `0x`, no leading zeros, as all addresses and 64-bit values are written. */
export const hex = (value: number | bigint): string => '0x' + value.toString(16);
