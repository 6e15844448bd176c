import type { Kvm, KvmVcpu } from './kvm.ts';
import type { KvmMemorySlot } from './memslot.ts';
import type { DataReady, NotifierNode } from './notifier.ts';
import { tellQuirk } from './quirks.ts';

/*
 * The fan-outs of arch/x86/kvm/page_track.c after RFC v4 07/18. All have one shape: every node that has the callback is
 * called, newest first, a false never stops the others, and nobody looks at counters or slots: an access to any gpa is
 * told, each node picks what it tracks.
 */

/**
 * Tells all nodes that a read is about to happen; false means: do not emulate it, let the guest retry. Sets
 * `ready.dataReady` to false first; each node may fill `buf` and change the flag, the next sees both and may override
 * them, so the oldest writer wins. Follows `kvm_page_track_preread`.
 */
export function kvmPageTrackPreread(
	vcpu: KvmVcpu,
	gpa: number,
	buf: Uint8Array,
	bytes: number,
	ready: DataReady
): boolean {
	const { kvm } = vcpu;
	const { track, taps } = kvm;
	const { nodes } = track;
	let ret = true;
	ready.dataReady = false;
	if (nodes.length === 0) return ret;
	track.readers++;
	try {
		for (const node of nodes) {
			if (!node.trackPreread) continue;
			const verdict = node.trackPreread(vcpu, gpa, buf, bytes, ready);
			if (!verdict) ret = false;
			taps.preread?.(node, vcpu, gpa, buf, bytes, verdict, ready.dataReady);
		}
	} finally {
		track.readers--;
	}
	if (ready.dataReady && !ret) tellQuirk(kvm, 'Q16', null, Math.floor(gpa / 4096));
	return ret;
}

/**
 * Tells all nodes that `bytes` bytes are about to be written; false means: do not write, let the guest retry. Follows
 * `kvm_page_track_prewrite`.
 */
export function kvmPageTrackPrewrite(vcpu: KvmVcpu, gpa: number, data: Uint8Array, bytes: number): boolean {
	const { track, taps } = vcpu.kvm;
	const { nodes } = track;
	let ret = true;
	if (nodes.length === 0) return ret;
	track.readers++;
	try {
		for (const node of nodes) {
			if (!node.trackPrewrite) continue;
			const verdict = node.trackPrewrite(vcpu, gpa, data, bytes);
			if (!verdict) ret = false;
			taps.prewrite?.(node, vcpu, gpa, data, bytes, verdict);
		}
	} finally {
		track.readers--;
	}
	return ret;
}

/** Tells all nodes that a write was intercepted and its emulation is finished. Follows `kvm_page_track_write`. */
export function kvmPageTrackWrite(vcpu: KvmVcpu, gpa: number, data: Uint8Array, bytes: number): void {
	const { track, taps } = vcpu.kvm;
	const { nodes } = track;
	if (nodes.length === 0) return;
	track.readers++;
	try {
		for (const node of nodes) {
			if (!node.trackWrite) continue;
			taps.write?.(node, vcpu, gpa, data, bytes);
			node.trackWrite(vcpu, gpa, data, bytes);
		}
	} finally {
		track.readers--;
	}
}

/**
 * Tells all nodes that an instruction is about to be fetched, once a chunk; false means: stop with
 * X86EMUL_RETRY_INSTR. Follows `kvm_page_track_preexec`.
 */
export function kvmPageTrackPreexec(vcpu: KvmVcpu, gpa: number): boolean {
	const { track, taps } = vcpu.kvm;
	const { nodes } = track;
	let ret = true;
	if (nodes.length === 0) return ret;
	track.readers++;
	try {
		for (const node of nodes) {
			if (!node.trackPreexec) continue;
			const verdict = node.trackPreexec(vcpu, gpa);
			if (!verdict) ret = false;
			taps.preexec?.(node, vcpu, gpa, verdict);
		}
	} finally {
		track.readers--;
	}
	return ret;
}

/** Calls `tell` for every node inside the read side of `track_srcu`; for the rare slot notifications. */
function forEachNode(kvm: Kvm, tell: (node: NotifierNode) => void): void {
	const { track } = kvm;
	track.readers++;
	try {
		track.nodes.forEach(tell);
	} finally {
		track.readers--;
	}
}

/**
 * Tells all nodes of a slot that is being created. It is not published yet: lookups do not find it, but adding and
 * removing pages of it works and lasts. Returns how many were told. The second half of
 * `kvm_page_track_create_memslot`.
 */
export function kvmPageTrackCreateSlot(kvm: Kvm, slot: KvmMemorySlot, npages: number): number {
	let told = 0;
	forEachNode(kvm, (node) => {
		if (!node.trackCreateSlot) return;
		told++;
		kvm.taps.createSlot?.(node, slot, npages);
		node.trackCreateSlot(kvm, slot, npages);
	});
	return told;
}

/**
 * Tells all nodes that a slot is being moved or removed, so that they can stop tracking its pages; `slot` is the old
 * one. Follows `kvm_page_track_flush_slot`.
 */
export function kvmPageTrackFlushSlot(kvm: Kvm, slot: KvmMemorySlot): void {
	forEachNode(kvm, (node) => {
		if (!node.trackFlushSlot) return;
		kvm.taps.flushSlot?.(node, slot);
		node.trackFlushSlot(kvm, slot);
	});
}
