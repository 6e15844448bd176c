import { Kvm, type KvmOptions } from '#lib/host/kvm.ts';
import { kvmSetMemoryRegion } from '#lib/host/memory-region.ts';
import type { KvmMemorySlot, MemslotFields } from '#lib/host/memslot.ts';
import { kvmPageTrackRegisterNotifier, type NotifierNode } from '#lib/host/notifier.ts';
import { kvmMmuPageFault, type FaultResult } from '#lib/host/page-fault.ts';
import { spteHex } from '#lib/host/spte.ts';
import type { HostTaps } from '#lib/host/taps.ts';

/** First gfn of the slot {@link createSlot} makes, aligned to 2M; its 1024 pages are two 2M indexes. */
export const BASE = 0x1000;
export const USERSPACE = 0x7f00_0100_0000;

/** A VM and what its taps heard, as words: `Q1`, `flush`, `warn counter-range`. */
export interface Machine {
	readonly kvm: Kvm;
	readonly heard: string[];
}

export function machine(options: KvmOptions = {}): Machine {
	const heard: string[] = [];
	const taps: HostTaps = {
		anomaly: (quirk) => heard.push(quirk),
		tlbFlush: () => heard.push('flush'),
		warn: (why) => heard.push(`warn ${why}`)
	};
	return { kvm: new Kvm({ ...options, taps: { ...taps, ...options.taps } }), heard };
}

export const region = (fields: Partial<MemslotFields> = {}): MemslotFields => ({
	id: 1,
	asId: 0,
	baseGfn: BASE,
	npages: 1024,
	userspaceAddr: USERSPACE,
	flags: 0,
	...fields
});

/** Creates a slot and returns it as lookups see it. */
export function createSlot(kvm: Kvm, fields: Partial<MemslotFields> = {}): KvmMemorySlot {
	const mem = region(fields);
	const ret = kvmSetMemoryRegion(kvm, mem);
	const slot = kvm.memslots[mem.asId as 0 | 1].byId(mem.id);
	if (ret !== 0 || !slot) throw new Error(`slot not created: ${ret}`);
	return slot;
}

/** The slot that now holds a gfn of the normal address space. */
export function slotAt(kvm: Kvm, gfn: number): KvmMemorySlot {
	const slot = kvm.memslots[0].search(gfn);
	if (!slot) throw new Error(`no slot at ${gfn}`);
	return slot;
}

/** Registers a node; `name` is for messages only. */
export function register(kvm: Kvm, node: Partial<NotifierNode>): NotifierNode {
	const named: NotifierNode = { name: 'test', ...node };
	kvmPageTrackRegisterNotifier(kvm, named);
	return named;
}

/** A fault of vCPU 0 on a gfn. */
export const fault = (kvm: Kvm, gfn: number, errorCode: number, hostLevel = 1): FaultResult =>
	kvmMmuPageFault(kvm.vcpu(0), gfn * 4096, errorCode, { hostLevel, hostWritable: true, prefault: false });

/** The leaf that maps a gfn in the normal address space, as hex. */
export function entry(kvm: Kvm, gfn: number): string {
	const leaf = kvm.sptes[0].leaf(gfn);
	return leaf ? spteHex(leaf.lo, leaf.hi) : 'none';
}

/** Error codes of an EPT violation on an entry that is not present. */
export const READ = 4;
export const WRITE = 2;
export const FETCH = 16;
/** The same on a present entry. */
export const PRESENT = 1;
export const RSVD = 8;
