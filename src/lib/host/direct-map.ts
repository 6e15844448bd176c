import { gpaToGfn } from './guest-access.ts';
import type { KvmVcpu } from './kvm.ts';
import { alignGfn, PT_DIRECTORY_LEVEL, PT_MAX_HUGEPAGE_LEVEL, PT_PAGE_TABLE_LEVEL } from './levels.ts';
import { disallowLpage } from './lpage.ts';
import type { KvmMemorySlot } from './memslot.ts';
import { kvmVcpuGfnToMemslot } from './memslots.ts';
import { kvmFlushRemoteTlbs } from './page-track.ts';
import { directPtePrefetch } from './pte-prefetch.ts';
import { tellQuirk } from './quirks.ts';
import { dropSpte, mmuSetSpte } from './set-spte.ts';
import { isLargePte, isMmioSpte, isWritablePte, PT_PRESENT_MASK, type Spte } from './spte.ts';
import { ACC_ALL, ACC_USER_MASK, ACC_WRITE_MASK, kvmMmuPageTrackAcc } from './track-access.ts';

const RWX = 7;

/** What the host offers for a faulting page. */
export interface HostMapping {
	/** Largest level the host maps the page with. */
	readonly hostLevel: number;
	readonly hostWritable: boolean;
	/** Nobody waits for the page: map it speculatively. */
	readonly prefault: boolean;
}

/**
 * Level a gfn is mapped with: 4K without a slot or with dirty logging, else the largest up to the host's with no count
 * that forbids it on the way. Follows `mapping_level` (arch/x86/kvm/mmu.c).
 */
export function mappingLevel(vcpu: KvmVcpu, gfn: number, hostLevel: number): number {
	const slot = kvmVcpuGfnToMemslot(vcpu, gfn);
	if (!slot || slot.invalid || slot.dirtyBitmap) return PT_PAGE_TABLE_LEVEL;
	const maxLevel = Math.min(PT_MAX_HUGEPAGE_LEVEL, hostLevel);
	let level = PT_DIRECTORY_LEVEL;
	while (level <= maxLevel && disallowLpage(slot, level, gfn) === 0) level++;
	return level - 1;
}

/** Drops the huge leaves above a level, a flush each, and links tables in their place; the walk of `__direct_map`. */
export function walkDown(vcpu: KvmVcpu, gfn: number, level: number): void {
	const { kvm } = vcpu;
	const table = kvm.sptes[vcpu.smm ? 1 : 0];
	for (let above = PT_MAX_HUGEPAGE_LEVEL; above > level; above--) {
		const sptep = table.find(above, gfn);
		if (sptep && isLargePte(sptep.lo)) {
			dropSpte(kvm, sptep);
			kvmFlushRemoteTlbs(kvm);
		}
		table.link(above, gfn);
	}
}

/** A leaf to map for a fault. */
export interface DirectMapRequest {
	readonly slot: KvmMemorySlot;
	/** First gfn of the entry to map. */
	readonly gfn: number;
	readonly level: number;
	/** The access that faulted. */
	readonly faultGfn: number;
	readonly write: boolean;
	readonly present: boolean;
	readonly hostWritable: boolean;
	readonly prefault: boolean;
}

/**
 * Maps a page with the rights tracking leaves it. Returns whether the access must be emulated, and the rights. Follows
 * `__direct_map` (arch/x86/kvm/mmu.c, RFC v4 07/18).
 */
export function directMap(vcpu: KvmVcpu, request: DirectMapRequest): { emulate: boolean; acc: number } {
	const { kvm } = vcpu;
	const { slot, gfn, level } = request;
	walkDown(vcpu, gfn, level);
	const sptep = kvm.sptes[vcpu.smm ? 1 : 0].entry(level, gfn);
	const oldLo = sptep.lo;
	const acc = kvmMmuPageTrackAcc(vcpu, gfn);
	const emulate = mmuSetSpte(
		vcpu,
		sptep,
		{
			acc,
			level,
			gfn,
			pfn: kvm.hostPfn(slot, gfn),
			speculative: request.prefault,
			canUnsync: true,
			hostWritable: request.hostWritable
		},
		request.write
	);
	if (acc !== ACC_ALL) tellMapped(vcpu, request, sptep, acc, oldLo);
	if (level > PT_PAGE_TABLE_LEVEL) tellHugeOverTracked(vcpu, request);
	if (kvm.prefetch) directPtePrefetch(vcpu, sptep);
	return { emulate, acc };
}

/** What surprises about a mapping with reduced rights: Q3, Q6, Q7, Q8. */
function tellMapped(vcpu: KvmVcpu, request: DirectMapRequest, sptep: Spte, acc: number, oldLo: number): void {
	const { kvm } = vcpu;
	const { slot, faultGfn } = request;
	if (kvm.features.paging !== 'ept') return;
	const { lo, hi } = sptep;
	const readable = (lo & PT_PRESENT_MASK) !== 0;
	const hidden = isMmioSpte(kvm.masks, lo, hi);
	if (!readable && isWritablePte(lo) && !hidden) tellQuirk(kvm, 'Q3', slot, faultGfn);
	if (readable && (acc & ACC_USER_MASK) === 0) tellQuirk(kvm, 'Q6', slot, faultGfn);
	if (acc === 0 && (lo & RWX) === 0 && lo === oldLo) tellQuirk(kvm, 'Q7', slot, faultGfn);
	if (request.write && !request.present && (acc & ACC_WRITE_MASK) === 0) tellQuirk(kvm, 'Q8', slot, faultGfn);
}

/** A huge leaf over a tracked page has the rights of its first gfn: only drifted counts allow it (Q10). */
function tellHugeOverTracked(vcpu: KvmVcpu, { slot, gfn, faultGfn }: DirectMapRequest): void {
	if (faultGfn !== gfn && kvmMmuPageTrackAcc(vcpu, faultGfn) !== ACC_ALL)
		tellQuirk(vcpu.kvm, 'Q10', slot, faultGfn);
}

/** First gfn and level a fault at `gpa` is mapped with; the start of `tdp_page_fault` (arch/x86/kvm/mmu.c). */
export function mappingOf(vcpu: KvmVcpu, gpa: number, hostLevel: number): { gfn: number; level: number } {
	const faultGfn = gpaToGfn(gpa);
	const level = mappingLevel(vcpu, faultGfn, hostLevel);
	return { level, gfn: alignGfn(faultGfn, level) };
}
