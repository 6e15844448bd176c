import { HI_SPECIAL, type ShadowMasks } from './shadow-masks.ts';

/**
 * One leaf entry. Its 64 bits are kept as two signed 32-bit halves, `lo` (bits 0..31) and `hi` (bits 32..63): bits 62
 * and 63 are in use, so the value does not fit a number, and bigint would allocate on every change.
 *
 * ```
 * hi: 63 NX  62 special  54,52 saved X,R (access tracking)  51..32 frame
 * lo: 31..12 frame  11 MMU_WRITEABLE  10 HOST_WRITEABLE  9 D  8 A  7 huge  6..3 memory type  2 X  1 W  0 R
 * ```
 */
export class Spte {
	lo = 0;
	hi = 0;
	readonly asId: number;
	readonly level: number;
	/** First gfn the entry maps. */
	readonly gfn: number;

	constructor(asId: number, level: number, gfn: number) {
		this.asId = asId;
		this.level = level;
		this.gfn = gfn;
	}
}

/** The two halves of an entry's value. */
export type SpteValue = Pick<Spte, 'lo' | 'hi'>;

export const PT_PRESENT_MASK = 1;
export const PT_WRITABLE_MASK = 2;
/** Execute on EPT, user on NPT and shadow tables. */
export const PT_USER_MASK = 4;
export const PT_PAGE_SIZE_MASK = 1 << 7;
export const SPTE_HOST_WRITEABLE = 1 << 10;
export const SPTE_MMU_WRITEABLE = 1 << 11;

const LOCKLESS = SPTE_HOST_WRITEABLE | SPTE_MMU_WRITEABLE;
const SAVED_RX = 5;
/** Saved bits sit at 52 and up, 20 in the upper half. */
const SAVED_SHIFT = 20;
const FRAME_HI = 0xfffff;
const FRAME_SPLIT = 2 ** 20;

/** True for the pattern KVM writes for MMIO; follows `is_mmio_spte` (arch/x86/kvm/mmu.c). */
export const isMmioSpte = (m: ShadowMasks, lo: number, hi: number): boolean =>
	(lo & m.mmioMask) === m.mmioValue && (hi & m.mmioMaskHi) === m.mmioValueHi;

/** Present for KVM, which includes entries without any right; follows `is_shadow_present_pte`. */
export const isShadowPresentPte = (m: ShadowMasks, lo: number, hi: number): boolean =>
	(lo !== 0 || hi !== 0) && !isMmioSpte(m, lo, hi);

/** Follows `is_writable_pte`. */
export const isWritablePte = (lo: number): boolean => (lo & PT_WRITABLE_MASK) !== 0;

/** Follows `is_large_pte`. */
export const isLargePte = (lo: number): boolean => (lo & PT_PAGE_SIZE_MASK) !== 0;

/** Follows `is_executable_pte`. */
export const isExecutablePte = (m: ShadowMasks, lo: number, hi: number): boolean =>
	(lo & m.x) === m.x && (hi & m.nxHi) === 0;

/** Both writable bits set: the fast path may set W without the lock; `spte_can_locklessly_be_made_writable`. */
export const spteCanLocklesslyBeMadeWritable = (lo: number): boolean => (lo & LOCKLESS) === LOCKLESS;

/** Follows `spte_ad_enabled`: bit 62 marks an entry without accessed and dirty bits. */
export const spteAdEnabled = (hi: number): boolean => (hi & HI_SPECIAL) === 0;

/** An entry whose rights wait in bits 52 and 54; follows `is_access_track_spte`. */
export const isAccessTrackSpte = (m: ShadowMasks, lo: number, hi: number): boolean =>
	!spteAdEnabled(hi) && (lo & m.accTrack) === 0;

/** Follows `is_accessed_spte`. */
export function isAccessedSpte(m: ShadowMasks, lo: number, hi: number): boolean {
	const mask = spteAdEnabled(hi) ? m.accessed : 0;
	return mask ? (lo & mask) !== 0 : !isAccessTrackSpte(m, lo, hi);
}

/** Follows `is_dirty_spte`. */
export function isDirtySpte(m: ShadowMasks, lo: number, hi: number): boolean {
	const mask = spteAdEnabled(hi) ? m.dirty : 0;
	return (lo & (mask || PT_WRITABLE_MASK)) !== 0;
}

/** Moves R and X to the saved bits, or drops the accessed bit; follows `mark_spte_for_access_track`. */
export function markSpteForAccessTrack(m: ShadowMasks, value: SpteValue): void {
	if (spteAdEnabled(value.hi)) {
		value.lo &= ~m.accessed;
		return;
	}
	if (isAccessTrackSpte(m, value.lo, value.hi)) return;
	value.hi |= (value.lo & SAVED_RX) << SAVED_SHIFT;
	value.lo &= ~m.accTrack;
}

/** Puts R and X back; follows `restore_acc_track_spte`. */
export function restoreAccTrackSpte(m: ShadowMasks, value: SpteValue): void {
	const saved = (value.hi >> SAVED_SHIFT) & SAVED_RX;
	value.hi &= ~(SAVED_RX << SAVED_SHIFT);
	value.lo = (value.lo & ~m.accTrack) | saved;
}

/** Host page number in an entry; follows `spte_to_pfn`. */
export const spteToPfn = (lo: number, hi: number): number => (hi & FRAME_HI) * FRAME_SPLIT + (lo >>> 12);

/** Lower half of an entry that maps `pfn`. */
export const pfnLo = (pfn: number): number => (pfn % FRAME_SPLIT) << 12;

/** Upper half of an entry that maps `pfn`. */
export const pfnHi = (pfn: number): number => Math.floor(pfn / FRAME_SPLIT) & FRAME_HI;

/** `0x…` without leading zeros, as the trace formats print an entry. */
export function spteHex(lo: number, hi: number): string {
	const low = (lo >>> 0).toString(16);
	return hi === 0 ? `0x${low}` : `0x${(hi >>> 0).toString(16)}${low.padStart(8, '0')}`;
}

/** Halves of a `0x…` text of at most 16 digits. */
export function parseSpte(text: string): SpteValue {
	const digits = text.replace(/^0x/i, '').padStart(16, '0');
	return { lo: Number.parseInt(digits.slice(8), 16) | 0, hi: Number.parseInt(digits.slice(0, 8), 16) | 0 };
}
