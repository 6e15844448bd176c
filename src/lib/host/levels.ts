/** Mapping levels: 4 KiB, 2 MiB and 1 GiB (`PT_PAGE_TABLE_LEVEL` to `PT_MAX_HUGEPAGE_LEVEL`). */
export const PT_PAGE_TABLE_LEVEL = 1;
export const PT_DIRECTORY_LEVEL = 2;
export const PT_MAX_HUGEPAGE_LEVEL = 3;

/** Pages one entry of a level maps; follows `KVM_PAGES_PER_HPAGE` (arch/x86/include/asm/kvm_host.h). */
export const pagesPerHpage = (level: number): number => (level === 1 ? 1 : level === 2 ? 512 : 262144);

/** Index of a gfn in a slot's array of a level; follows `gfn_to_index` (include/linux/kvm_host.h). */
export function gfnToIndex(gfn: number, baseGfn: number, level: number): number {
	const pages = pagesPerHpage(level);
	return Math.floor(gfn / pages) - Math.floor(baseGfn / pages);
}

/** First gfn of the entry that maps `gfn` at a level. */
export const alignGfn = (gfn: number, level: number): number => gfn - (gfn % pagesPerHpage(level));
