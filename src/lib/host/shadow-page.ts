import { HostBug } from './errors.ts';
import type { Kvm, KvmVcpu } from './kvm.ts';
import { PT_PAGE_TABLE_LEVEL } from './levels.ts';
import { kvmMmuGfnAllowLpage, kvmMmuGfnDisallowLpage } from './lpage.ts';
import type { KvmMemorySlot } from './memslot.ts';
import {
	kvmFlushRemoteTlbs,
	kvmPageTrackIsActive,
	kvmSlotPageTrackAddPage,
	kvmSlotPageTrackRemovePage
} from './page-track.ts';
import { rmapWriteProtect } from './protect.ts';
import { KVM_PAGE_TRACK_PREWRITE, KVM_PAGE_TRACK_WRITE } from './track-mode.ts';

/** KVM's copy of one guest page-table page, the indirect `struct kvm_mmu_page` (arch/x86/include/asm/kvm_host.h). */
export interface KvmMmuPage {
	readonly gfn: number;
	readonly level: number;
	/** Address space: `role.smm`. */
	readonly smm: boolean;
	/** The guest may write its page table; KVM looks again at the next flush. */
	unsync: boolean;
}

const NONE: readonly KvmMmuPage[] = [];

/** All shadow pages of a VM: `mmu_page_hash` and `active_mmu_pages`. */
export class ShadowPages {
	readonly #byGfn = new Map<number, KvmMmuPage[]>();
	readonly #active = new Set<KvmMmuPage>();

	/** Pages of a gfn, newest first, of any address space; `for_each_gfn_indirect_valid_sp`. */
	ofGfn(gfn: number): readonly KvmMmuPage[] {
		return this.#byGfn.get(gfn) ?? NONE;
	}

	/** All pages, oldest first. */
	oldestFirst(): KvmMmuPage[] {
		return [...this.#active];
	}

	has(page: KvmMmuPage): boolean {
		return this.#active.has(page);
	}

	insert(page: KvmMmuPage): void {
		this.#byGfn.set(page.gfn, [page, ...this.ofGfn(page.gfn)]);
		this.#active.add(page);
	}

	remove(page: KvmMmuPage): void {
		const rest = this.ofGfn(page.gfn).filter((other) => other !== page);
		if (rest.length > 0) this.#byGfn.set(page.gfn, rest);
		else this.#byGfn.delete(page.gfn);
		this.#active.delete(page);
	}
}

/** The slot of a shadow page, in the page's own address space; without one the kernel dereferences null. */
function slotOfPage(kvm: Kvm, page: KvmMmuPage): KvmMemorySlot {
	const slot = kvm.memslots[page.smm ? 1 : 0].search(page.gfn);
	if (!slot) throw new HostBug('no-memslot', page.gfn);
	return slot;
}

/**
 * Counts a new shadow page: above level 1 its gfn is write-tracked in both modes, at level 1 only huge mappings are
 * forbidden. Follows `account_shadowed` (arch/x86/kvm/mmu.c, RFC v4 07/18).
 */
export function accountShadowed(kvm: Kvm, page: KvmMmuPage): void {
	kvm.indirectShadowPages = (kvm.indirectShadowPages + 1) >>> 0;
	const slot = slotOfPage(kvm, page);
	kvm.taps.shadowAccounted?.(page, slot);
	if (page.level > PT_PAGE_TABLE_LEVEL) {
		kvmSlotPageTrackAddPage(kvm, slot, page.gfn, KVM_PAGE_TRACK_PREWRITE);
		kvmSlotPageTrackAddPage(kvm, slot, page.gfn, KVM_PAGE_TRACK_WRITE);
		return;
	}
	kvmMmuGfnDisallowLpage(kvm, slot, page.gfn);
}

/** Takes {@link accountShadowed} back. Follows `unaccount_shadowed` (arch/x86/kvm/mmu.c, RFC v4 07/18). */
export function unaccountShadowed(kvm: Kvm, page: KvmMmuPage, zap = false): void {
	kvm.indirectShadowPages = (kvm.indirectShadowPages - 1) >>> 0;
	const slot = slotOfPage(kvm, page);
	kvm.taps.shadowUnaccounted?.(page, slot, zap);
	if (page.level > PT_PAGE_TABLE_LEVEL) {
		kvmSlotPageTrackRemovePage(kvm, slot, page.gfn, KVM_PAGE_TRACK_PREWRITE);
		kvmSlotPageTrackRemovePage(kvm, slot, page.gfn, KVM_PAGE_TRACK_WRITE);
		return;
	}
	kvmMmuGfnAllowLpage(kvm, slot, page.gfn);
}

/**
 * A new shadow page of a guest page table, in the vCPU's address space. At level 1 its gfn is write-protected, with a
 * flush if needed. Follows `kvm_mmu_get_page` (arch/x86/kvm/mmu.c) where no page of the role exists.
 */
export function kvmMmuGetPage(vcpu: KvmVcpu, gfn: number, level: number): KvmMmuPage {
	const { kvm } = vcpu;
	const page: KvmMmuPage = { gfn, level, smm: vcpu.smm, unsync: false };
	kvm.shadowPages.insert(page);
	accountShadowed(kvm, page);
	if (level === PT_PAGE_TABLE_LEVEL && rmapWriteProtect(vcpu, gfn)) kvmFlushRemoteTlbs(kvm);
	return page;
}

/**
 * Removes a shadow page; `zap` says that the MMU does it by itself. Follows `kvm_mmu_prepare_zap_page`
 * (arch/x86/kvm/mmu.c). A page already removed is left alone.
 */
export function kvmMmuPrepareZapPage(kvm: Kvm, page: KvmMmuPage, zap = false): void {
	if (!kvm.shadowPages.has(page)) return;
	unaccountShadowed(kvm, page, zap);
	kvm.shadowPages.remove(page);
}

/**
 * Removes all shadow pages of a gfn, newest first, in both address spaces, so that the guest may write it. Returns
 * whether there were any. Follows `kvm_mmu_unprotect_page` (arch/x86/kvm/mmu.c).
 */
export function kvmMmuUnprotectPage(kvm: Kvm, gfn: number): boolean {
	const pages = kvm.shadowPages.ofGfn(gfn);
	for (const page of pages) kvmMmuPrepareZapPage(kvm, page, true);
	return pages.length > 0;
}

/**
 * Whether a page must stay write-protected: it is write-tracked, or shadowed and not allowed to go out of sync. Pages
 * that may are marked so. Follows `mmu_need_write_protect` (arch/x86/kvm/mmu.c, RFC v4 07/18).
 */
export function mmuNeedWriteProtect(vcpu: KvmVcpu, gfn: number, canUnsync: boolean): boolean {
	const { kvm } = vcpu;
	if (
		kvmPageTrackIsActive(vcpu, gfn, KVM_PAGE_TRACK_PREWRITE) ||
		kvmPageTrackIsActive(vcpu, gfn, KVM_PAGE_TRACK_WRITE)
	)
		return true;
	for (const page of kvm.shadowPages.ofGfn(gfn)) {
		if (!canUnsync) return true;
		if (page.unsync) continue;
		if (page.level !== PT_PAGE_TABLE_LEVEL) kvm.taps.warn?.('unsync-level');
		page.unsync = true;
		kvm.taps.unsync?.(page);
	}
	return false;
}
