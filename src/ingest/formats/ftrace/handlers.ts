import { damonAggregated } from '../damon.ts';
import type { Handler } from './context.ts';
import { kvmDirtyRingPush } from './dirty-ring.ts';
import { kvmEntry, kvmExit } from './exits.ts';
import { kvmEmulateInsn, kvmGuestFault, kvmMmio, kvmPageFault } from './faults.ts';
import { kvmiEventPfSend, kvmiSetGfnAccess } from './kvmi.ts';
import { kvmMmuGetPage, kvmMmuPrepareZapPage, kvmMmuZapAll } from './shadow-pages.ts';
import { kvmMmuSetSpte, kvmTdpMmuSpteChanged } from './sptes.ts';

/** What reads each tracepoint's text; tracepoints not named here say nothing about page tracking. */
export const HANDLERS: ReadonlyMap<string, Handler> = new Map([
	['kvm_page_fault', kvmPageFault],
	['kvm_guest_fault', kvmGuestFault],
	['kvm_exit', kvmExit],
	['kvm_entry', kvmEntry],
	['kvm_emulate_insn', kvmEmulateInsn],
	['kvm_mmio', kvmMmio],
	['kvm_mmu_get_page', kvmMmuGetPage],
	['kvm_mmu_prepare_zap_page', kvmMmuPrepareZapPage],
	['kvm_mmu_set_spte', kvmMmuSetSpte],
	['kvm_tdp_mmu_spte_changed', kvmTdpMmuSpteChanged],
	['kvm_mmu_invalidate_zap_all_pages', kvmMmuZapAll],
	['kvm_mmu_zap_all_fast', kvmMmuZapAll],
	['kvm_dirty_ring_push', kvmDirtyRingPush],
	['kvmi_set_gfn_access', kvmiSetGfnAccess],
	['kvmi_event_pf_send', kvmiEventPfSend],
	['damon_aggregated', damonAggregated]
]);
