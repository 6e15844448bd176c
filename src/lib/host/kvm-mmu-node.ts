import type { Kvm } from './kvm.ts';
import type { NotifierNode } from './notifier.ts';
import { dropSpte } from './set-spte.ts';
import { kvmMmuPrepareZapPage } from './shadow-page.ts';

/** Drops all entries of a VM, then all shadow pages, oldest first. Follows `kvm_mmu_invalidate_zap_all_pages`. */
export function kvmMmuZapAll(kvm: Kvm): void {
	for (const table of kvm.sptes) for (const sptep of table.take()) dropSpte(kvm, sptep);
	for (const page of kvm.shadowPages.oldestFirst()) kvmMmuPrepareZapPage(kvm, page, true);
}

/**
 * KVM's own node, the first a real VM registers and therefore the last called. Follows `kvm_mmu_init_vm`
 * (arch/x86/kvm/mmu.c): a flushed slot drops all entries of the VM. Its `track_write` synchronises shadow entries with
 * the guest's table (`kvm_mmu_pte_write`); guest tables are not modelled, so it does nothing.
 */
export const createKvmMmuNode = (): NotifierNode => ({
	name: 'kvm-mmu',
	trackWrite: () => {},
	trackFlushSlot: (kvm) => kvmMmuZapAll(kvm)
});
