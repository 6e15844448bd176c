import { emulatorReadEmulated, emulatorWriteEmulated, kvmFetchGuestVirt } from '../emulator.ts';
import { X86EMUL_RETRY_INSTR } from '../emul-result.ts';
import { gpaToGfn, kvmVcpuReadGuest, kvmVcpuWriteGuest } from '../guest-access.ts';
import type { Allocation, Kvm, KvmVcpu } from '../kvm.ts';
import { kvmSetMemoryRegion } from '../memory-region.ts';
import type { KvmMemorySlot } from '../memslot.ts';
import {
	kvmPageTrackRegisterNotifier,
	kvmPageTrackUnregisterNotifier,
	type NotifierNode
} from '../notifier.ts';
import { kvmMmuPageFault } from '../page-fault.ts';
import { kvmSlotPageTrackAddPage, kvmSlotPageTrackRemovePage } from '../page-track.ts';
import {
	PFERR_FETCH_MASK,
	PFERR_GUEST_FINAL_MASK,
	PFERR_PRESENT_MASK,
	PFERR_RSVD_MASK,
	PFERR_USER_MASK,
	PFERR_WRITE_MASK
} from '../pferr.ts';
import type { HostRecorder } from '../recorder.ts';
import { isExecutablePte, isWritablePte, PT_PRESENT_MASK, type Spte } from '../spte.ts';
import { ramGfn, type NamedSlot } from './memory-map.ts';
import type { Random } from './random.ts';

/** Simulated costs: leaving and entering the guest, emulating an instruction, an access without a fault. */
const EXIT_NS = 1300;
const EMULATE_NS = 900;
const ACCESS_NS = 40;
/** Rounds after which a guest that makes no progress is left alone. */
const MAX_ROUNDS = 16;
/** The host maps all guest memory in pages of 4 KiB. */
const HOST_MAPPING = { hostLevel: 1, hostWritable: true, prefault: false };
const RWX = 7;
const INSTRUCTION_BYTES = 15;

/** A piece of code: where it is in guest memory and at which instruction pointer (32-bit halves) it runs. */
export interface Code {
	readonly gpa: number;
	readonly ripHi: number;
	readonly ripLo: number;
}

/** Gfn at which a Linux kernel's text begins. */
export const KERNEL_TEXT_GFN = 0x1000;
export const KERNEL_CODE: Code = { gpa: KERNEL_TEXT_GFN * 4096, ripHi: 0xffff_ffff, ripLo: 0x8100_0000 };

/** Code of a process whose text lies at a gfn. */
export const userCode = (gfn: number): Code => ({ gpa: gfn * 4096, ripHi: 0x5555, ripLo: 0x5555_4000 });

export type AccessKind = 'read' | 'write' | 'fetch';
const ERROR_BITS: Readonly<Record<AccessKind, number>> = {
	read: PFERR_USER_MASK,
	write: PFERR_WRITE_MASK,
	fetch: PFERR_FETCH_MASK
};

/**
 * What became of a guest's access: done; refused so often that the guest was left alone; or an entry the CPU cannot
 * use, which ends the VM on a real host.
 */
export type Outcome = 'done' | 'refused' | 'error';

interface GuestMemoryOptions {
	/** Pages of memory. */
	readonly pages: number;
	/** Told the name of every slot before it is set. */
	readonly nameSlot: (slot: NamedSlot) => void;
}

/** The guest and its CPUs: does accesses as the hardware would, so that faults, emulation and notifications follow. */
export class Guest {
	readonly kvm: Kvm;
	readonly recorder: HostRecorder;
	readonly random: Random;
	/** Pages of memory, without what is plugged in later. */
	readonly pages: number;
	/** The allocation that fails, if any. */
	failing: Allocation | null = null;
	readonly #instruction = new Uint8Array(INSTRUCTION_BYTES);
	readonly #scratch = new Uint8Array(64);
	readonly #nameSlot: (slot: NamedSlot) => void;
	#codeGpa = 0;
	/** Next page that nobody has asked for; the kernel's image comes before. */
	#free = 0x2000;

	constructor(kvm: Kvm, recorder: HostRecorder, random: Random, { pages, nameSlot }: GuestMemoryOptions) {
		this.kvm = kvm;
		this.recorder = recorder;
		this.random = random;
		this.pages = pages;
		this.#nameSlot = nameSlot;
	}

	/** Lets time pass. */
	pass(ns: number): void {
		this.recorder.now += ns;
	}

	/** Lets a random time of up to `ns` pass. */
	think(ns: number): void {
		this.recorder.now += this.random.below(ns);
	}

	/** Any vCPU. */
	anyVcpu(): KvmVcpu {
		return this.kvm.vcpu(this.random.below(this.kvm.vcpus.length));
	}

	/** The instruction that does the next accesses. */
	at(code: Code, offset: number): void {
		this.#codeGpa = code.gpa + offset;
		this.recorder.ripHi = code.ripHi;
		this.recorder.ripLo = code.ripLo + offset;
		this.recorder.hasRip = true;
	}

	/** Pages that nobody else has: first gfn of `npages` in a row. Throws when the memory is used up. */
	allocate(npages: number): number {
		const first = this.#free;
		const gfn = ramGfn(first);
		this.#free += npages;
		// a run of pages must not reach over the hole for devices
		if (ramGfn(this.#free - 1) !== gfn + npages - 1) {
			this.#free = 0xc0000;
			return this.allocate(npages);
		}
		if (this.#free > this.pages) throw new RangeError(`the guest has no ${npages} pages left`);
		return gfn;
	}

	/** `count` gfns spread evenly over the memory that nobody has asked for. */
	scatter(count: number): number[] {
		const stride = Math.max(1, Math.floor((this.pages - this.#free) / count));
		const gfns = Array.from({ length: count }, (_, i) => ramGfn(this.#free + i * stride));
		return gfns.filter((gfn) => this.kvm.memslots[0].search(gfn) !== null);
	}

	/** Reads into `buf`; what nodes forge is in it afterwards. */
	read(vcpu: KvmVcpu, gpa: number, buf: Uint8Array): Outcome {
		return this.#access(vcpu, 'read', gpa, buf, buf.length);
	}

	/** Writes `data`. */
	write(vcpu: KvmVcpu, gpa: number, data: Uint8Array): Outcome {
		return this.#access(vcpu, 'write', gpa, data, data.length);
	}

	/** An access of 8 bytes that nobody looks at; memory keeps no copy unless it is emulated. */
	touch(vcpu: KvmVcpu, kind: 'read' | 'write', gpa: number): Outcome {
		return this.#access(vcpu, kind, gpa, null, 8);
	}

	/** Executes the instruction at which `at` is. */
	execute(vcpu: KvmVcpu): Outcome {
		return this.#access(vcpu, 'fetch', this.#codeGpa, null, 0);
	}

	/** Repeats the instruction until the hardware, the host and all nodes let it pass. */
	#access(vcpu: KvmVcpu, kind: AccessKind, gpa: number, buf: Uint8Array | null, bytes: number): Outcome {
		const gfn = gpaToGfn(gpa);
		const table = this.kvm.sptes[vcpu.smm ? 1 : 0];
		for (let round = 0; round < MAX_ROUNDS; round++) {
			const leaf = table.leaf(gfn);
			if (leaf && allows(this.kvm, leaf, kind)) {
				this.recorder.now += ACCESS_NS;
				if (buf && kind === 'write') kvmVcpuWriteGuest(vcpu, gpa, buf, bytes);
				else if (buf && kind === 'read') kvmVcpuReadGuest(vcpu, gpa, buf, bytes);
				return 'done';
			}
			this.recorder.now += EXIT_NS;
			const { ret } = kvmMmuPageFault(vcpu, gpa, errorCode(this.kvm, leaf, kind), HOST_MAPPING);
			if (ret === 'error') return 'error';
			if (ret === 'emulate' && this.#emulate(vcpu, kind, gpa, buf, bytes)) return 'done';
		}
		return 'refused';
	}

	/** Fetches the instruction and does its access; false if it must be executed again. */
	#emulate(vcpu: KvmVcpu, kind: AccessKind, gpa: number, buf: Uint8Array | null, bytes: number): boolean {
		this.recorder.now += EMULATE_NS;
		const fetched = kvmFetchGuestVirt(vcpu, this.#codeGpa, this.#instruction, INSTRUCTION_BYTES);
		if (fetched === X86EMUL_RETRY_INSTR) return false;
		if (kind === 'fetch') return true;
		const data = buf ?? this.#scratch;
		const emulated =
			kind === 'write'
				? emulatorWriteEmulated(vcpu, gpa, data, bytes)
				: emulatorReadEmulated(vcpu, gpa, data, bytes);
		return emulated !== X86EMUL_RETRY_INSTR;
	}

	/** Registers the recorder's own node once, for a workload in which nobody else hears the accesses. */
	listen(): void {
		const { node } = this.recorder;
		if (!this.kvm.track.nodes.includes(node)) this.register(node);
	}

	register(node: NotifierNode): void {
		kvmPageTrackRegisterNotifier(this.kvm, node);
	}

	unregister(node: NotifierNode): void {
		kvmPageTrackUnregisterNotifier(this.kvm, node);
	}

	/** A node tracks a page once more in a mode; a gfn without memory is left alone. */
	track(node: NotifierNode, gfn: number, mode: number, slot = this.#slotOf(gfn)): void {
		if (slot) this.#as(node, () => kvmSlotPageTrackAddPage(this.kvm, slot, gfn, mode));
	}

	/** A node takes one `track` back. */
	untrack(node: NotifierNode, gfn: number, mode: number, slot = this.#slotOf(gfn)): void {
		if (slot) this.#as(node, () => kvmSlotPageTrackRemovePage(this.kvm, slot, gfn, mode));
	}

	#slotOf(gfn: number): KvmMemorySlot | null {
		return this.kvm.memslots[0].search(gfn);
	}

	#as(node: NotifierNode, change: () => void): void {
		const former = this.recorder.actor;
		this.recorder.actor = node;
		change();
		this.recorder.actor = former;
	}

	/** Userspace sets a memory region; 0 or a negative errno. */
	setRegion(slot: NamedSlot): number {
		this.#nameSlot(slot);
		return kvmSetMemoryRegion(this.kvm, slot);
	}

	/** Names the present moment. */
	mark(name: string): void {
		this.recorder.push({ kind: 'mark', tsNs: 0, name });
	}
}

/** Whether the CPU lets an access pass with this entry. */
function allows(kvm: Kvm, { lo, hi }: Spte, kind: AccessKind): boolean {
	if (isIllegal(kvm, lo, hi)) return false;
	if (kind === 'read') return (lo & PT_PRESENT_MASK) !== 0;
	return kind === 'write' ? isWritablePte(lo) : isExecutablePte(kvm.masks, lo, hi);
}

/** EPT entries that the CPU reports as misconfigured: write without read, and execute alone where it cannot do that. */
function isIllegal(kvm: Kvm, lo: number, hi: number): boolean {
	if (kvm.features.paging !== 'ept' || (lo & PT_PRESENT_MASK) !== 0) return false;
	return isWritablePte(lo) || (!kvm.features.execOnly && isExecutablePte(kvm.masks, lo, hi));
}

/** Error code of a violation, built as handle_ept_violation (arch/x86/kvm/vmx.c) does. */
function errorCode(kvm: Kvm, leaf: Spte | undefined, kind: AccessKind): number {
	if (leaf && isIllegal(kvm, leaf.lo, leaf.hi)) return PFERR_RSVD_MASK;
	const present = leaf && (leaf.lo & RWX) !== 0 ? PFERR_PRESENT_MASK : 0;
	return ERROR_BITS[kind] + present + PFERR_GUEST_FINAL_MASK;
}
