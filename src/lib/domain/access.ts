import type { MemslotState } from './state.ts';

/** Access bits as KVM has them (arch/x86/kvm/mmu.h): execute, write, read ("user" on shadow tables). */
export const ACC_EXEC = 1;
export const ACC_WRITE = 2;
export const ACC_READ = 4;
export const ACC_ALL = 7;

/** Rights each mode takes away, in mode order (kvm_mmu_page_track_acc, arch/x86/kvm/mmu.c, RFC v4 07/18). */
const TAKES = [ACC_READ, ACC_WRITE, ACC_WRITE, ACC_EXEC] as const;

/** What the guest may still do to a page before the next fault: bits of ACC_*. */
export function accessMask(slot: MemslotState, gfn: number): number {
	let mask = ACC_ALL;
	TAKES.forEach((taken, mode) => {
		if (slot.counters[mode]?.get(gfn - slot.baseGfn)) mask &= ~taken;
	});
	return mask;
}

/** A run of pages with the same rights. */
export interface AccessRun {
	readonly gfn: number;
	readonly npages: number;
	readonly access: number;
}

/** The pages of a slot whose rights are reduced, as runs in gfn order. */
export function accessRuns(slot: MemslotState): AccessRun[] {
	const edges = new Set<number>();
	for (const counter of slot.counters)
		counter.forEach((start, end) => {
			edges.add(start);
			edges.add(end);
		});
	const sorted = [...edges].sort((a, b) => a - b);
	const runs: AccessRun[] = [];
	for (let i = 0; i + 1 < sorted.length; i++) {
		const start = sorted[i] as number;
		const npages = (sorted[i + 1] as number) - start;
		const access = accessMask(slot, slot.baseGfn + start);
		const last = runs.at(-1);
		if (access === ACC_ALL) continue;
		if (last && last.access === access && last.gfn + last.npages === slot.baseGfn + start)
			runs[runs.length - 1] = { ...last, npages: last.npages + npages };
		else runs.push({ gfn: slot.baseGfn + start, npages, access });
	}
	return runs;
}

/** `rwx` with `-` for each right taken away. */
export const accessText = (access: number): string =>
	(access & ACC_READ ? 'r' : '-') + (access & ACC_WRITE ? 'w' : '-') + (access & ACC_EXEC ? 'x' : '-');
