/** Bits 62 and 63 of an entry, as they sit in its upper half. */
export const HI_SPECIAL = 1 << 30;
export const HI_NX = 1 << 31;

/**
 * The masks `kvm_mmu_set_mask_ptes` and `kvm_mmu_set_mmio_spte_mask` set (arch/x86/kvm/mmu.c): they say what the bits
 * of an entry mean on this CPU. Numbers are the lower 32 bits, names ending in `Hi` the upper 32.
 */
export interface ShadowMasks {
	readonly user: number;
	readonly accessed: number;
	readonly dirty: number;
	readonly nxHi: number;
	readonly x: number;
	readonly present: number;
	readonly accTrack: number;
	/** Memory type in every built leaf, `get_mt_mask`. */
	readonly memoryType: number;
	readonly mmioMask: number;
	readonly mmioMaskHi: number;
	readonly mmioValue: number;
	readonly mmioValueHi: number;
}

/** What the CPU can do; `ept` is Intel, `npt` AMD. */
export interface PagingFeatures {
	readonly paging: 'ept' | 'npt';
	/** Execute-only EPT entries. */
	readonly execOnly: boolean;
	/** EPT accessed and dirty bits. */
	readonly adBits: boolean;
}

function eptMasks({ execOnly, adBits }: PagingFeatures): ShadowMasks {
	return {
		user: 1,
		accessed: adBits ? 1 << 8 : 0,
		dirty: adBits ? 1 << 9 : 0,
		nxHi: 0,
		x: 4,
		present: execOnly ? 0 : 1,
		accTrack: 7,
		memoryType: 0x70,
		mmioMask: 7,
		mmioMaskHi: HI_SPECIAL,
		mmioValue: 6,
		mmioValueHi: HI_SPECIAL
	};
}

/** The masks of `mmu.c`'s start (`kvm_mmu_module_init`) with 48 physical address bits. */
const NPT_MASKS: ShadowMasks = {
	user: 4,
	accessed: 1 << 5,
	dirty: 1 << 6,
	nxHi: HI_NX,
	x: 0,
	present: 1,
	accTrack: 0,
	memoryType: 0,
	mmioMask: 1,
	mmioMaskHi: HI_SPECIAL | 0xf0000,
	mmioValue: 1,
	mmioValueHi: HI_SPECIAL | 0xf0000
};

/** The masks of a CPU, as `ept_set_mmu_mask_ptes` (arch/x86/kvm/vmx.c) and the SVM defaults choose them. */
export const shadowMasks = (features: PagingFeatures): ShadowMasks =>
	features.paging === 'ept' ? eptMasks(features) : NPT_MASKS;
