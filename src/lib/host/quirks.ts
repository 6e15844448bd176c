import type { Kvm } from './kvm.ts';
import type { KvmMemorySlot } from './memslot.ts';

/** What each surprise is, in one sentence; the model keeps all of them and tells `HostTaps.anomaly`. */
export const QUIRK_TEXT = {
	Q1: 'execute permission removed without a TLB flush: stale translations still execute',
	Q2: 'read permission removed from a write-protected entry without a TLB flush: stale translations still read',
	Q3: 'read tracking alone maps the page write-only, an illegal EPT entry (misconfiguration exit)',
	Q4: 'the fast path made a read-protected entry writable again, an illegal EPT entry (misconfiguration exit)',
	Q5: 'without A/D bits a write-and-execute entry looks like MMIO to KVM itself',
	Q6: 'without execute-only EPT read tracking does not hold: new mappings stay readable, protected ones are illegal',
	Q7: 'an entry without any right reports "not present": it is rebuilt for ever and no notifier hears of it',
	Q8: 'the first write to an unmapped write-tracked page is not emulated: it maps read-only and faults again',
	Q9: 'prefetch mapped a tracked neighbour with full access',
	Q10: 'tracking counters and huge-page counts have drifted apart',
	Q11: 'protecting one page took the right from all pages of a huge leaf',
	Q12: 'a moved slot keeps counters, huge-page counts and rmaps by index: they now hold for other gfns',
	Q13: 'the slot notifications do not pair: created without a slot, or gone without a flush',
	Q14: 'the first half of a cross-page write stands although the second half must be retried',
	Q15: 'a compare-exchange told prewrite about a write that did not happen',
	Q16: 'preread offered data and refused the read at once: the data is dropped',
	Q17: 'a refused fetch reaches its target only because RETRY_INSTR and EMULATION_USER_EXIT are both 3',
	Q18: 'the first public consumer shares one node between VMs and forgets the slot after one removed mode',
	Q19: 'outside EPT bit 0 means present and bit 2 means user: the protect helpers do something else',
	Q20: 'a refused access re-executes and is refused again: the vCPU is live-locked, all nodes hear every round'
} as const;

/** Number of a surprise, `Q1` to `Q20`. */
export type Quirk = keyof typeof QUIRK_TEXT;

/** Tells the tap of a surprise; `slot` and `gfn` are null where none is meant. Costs one test when nobody listens. */
export function tellQuirk(kvm: Kvm, quirk: Quirk, slot: KvmMemorySlot | null, gfn: number | null): void {
	kvm.taps.anomaly?.(quirk, slot, gfn, QUIRK_TEXT[quirk]);
}
