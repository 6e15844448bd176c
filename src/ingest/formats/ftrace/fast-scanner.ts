import { FLAG, NO_VCPU, type EventBatch } from '#lib/domain/batch.ts';
import { KIND_CODES } from '#lib/domain/kinds.ts';
import type { ScannerOptions } from '../format.ts';
import { OTHER } from './context.ts';
import { bytesOf, Cursor, nameHash } from './cursor.ts';
import { FastCalls } from './fast-calls.ts';
import { dirtyRingPush } from './fast-dirty-ring.ts';
import type { FastHost, FastReader } from './fast-line.ts';
import { getPage, zapPage } from './fast-shadow.ts';
import { setSpte, spteChanged } from './fast-sptes.ts';
import { HANDLERS } from './handlers.ts';
import { FtraceScanner } from './scanner.ts';
import type { Thread } from './threads.ts';
import type { NoEvent } from '../text-scanner.ts';

const NEWLINE = 10;
const RETURN = 13;
const BLANK = 32;
const OPEN = 40;
const EQUALS = 61;
const UNDERSCORE = 95;
const CAPITAL_END = 91;

const PAGE_FAULT = nameHash('kvm_page_fault');
const EXIT = nameHash('kvm_exit');
const ENTRY = nameHash('kvm_entry');
const EMULATE = nameHash('kvm_emulate_insn');
const MMIO = nameHash('kvm_mmio');
/** What is looked for in lines. */
const TEXT = {
	KVM_PAGE_FAULT: bytesOf('kvm_page_fault'),
	KVM_EXIT: bytesOf('kvm_exit'),
	KVM_ENTRY: bytesOf('kvm_entry'),
	KVM_EMULATE_INSN: bytesOf('kvm_emulate_insn'),
	KVM_MMIO: bytesOf('kvm_mmio'),
	VCPU: bytesOf('vcpu '),
	RIP_0X: bytesOf(' rip 0x'),
	ADDRESS_0X: bytesOf(' address 0x'),
	ADDRESS: bytesOf('address '),
	SPACE: bytesOf(' '),
	REASON: bytesOf('reason '),
	NPF: bytesOf('npf'),
	SVM: bytesOf('EXIT_'),
	TRAP: bytesOf('TRAP: HSR_EC: 0x'),
	IRQ: bytesOf('IRQ: HSR_EC: 0x'),
	COLON: bytesOf(':'),
	OPENING: bytesOf(' ('),
	CODE: bytesOf(' error_code '),
	CODE_0X: bytesOf(' error_code 0x')
} as const;
/** The modes of the CPU that an emulated instruction's line ends with. */
const EMULATED = ['prot64)', 'prot32)', 'prot16)', 'vm16)', 'real)'].map(bytesOf);
const FUNCTION = nameHash('function');
/** What reads other events from the bytes behind their names. */
const READERS: ReadonlyMap<number, { readonly name: Uint8Array; readonly read: FastReader }> = new Map(
	Object.entries({
		kvm_mmu_set_spte: setSpte,
		kvm_tdp_mmu_spte_changed: spteChanged,
		kvm_mmu_get_page: getPage,
		kvm_mmu_prepare_zap_page: zapPage,
		kvm_dirty_ring_push: dirtyRingPush
	}).map(([name, read]) => [nameHash(name), { name: bytesOf(name), read }])
);
/** Events that need their texts read; a name with another hash is surely none of them. */
const NEED_TEXT = new Set(
	[...HANDLERS.keys(), 'funcgraph_entry', 'PERF_RECORD_LOST', 'PERF_RECORD_LOST_SAMPLES'].map(nameHash)
);

/**
 * Reads the common lines straight from the bytes, exactly as `FtraceScanner` reads them from a text: page faults,
 * exits, entries, SPTEs that are set, and events that say nothing. Whatever is unusual in a line (a new thread, a
 * value out of range, a fault that turns out to be a notification) is left to the text.
 */
export class FastFtraceScanner extends FtraceScanner implements FastHost {
	readonly cursor = new Cursor();
	readonly #calls: FastCalls;
	readonly #mayRead: boolean;
	readonly #mayWrite: boolean;
	readonly #mayFetch: boolean;
	/** Where the line at hand begins, its time, and whether it gave an event. */
	#start = 0;
	#tsNs = 0;
	#wrote = false;
	/** A chunk with NUL bytes is read as text throughout. */
	#clean = true;

	constructor(options: ScannerOptions, format: string) {
		super(options, format);
		this.#mayRead = this.mayFollow('preread');
		this.#mayWrite = this.mayFollow('write');
		this.#mayFetch = this.mayFollow('preexec');
		this.#calls = new FastCalls(this, this.candidates);
	}

	protected override enter(bytes: Uint8Array): void {
		super.enter(bytes);
		this.cursor.enter(bytes);
		// a Buffer's is many times as fast as a Uint8Array's
		this.#clean = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).indexOf(0) < 0;
	}

	protected override fast(bytes: Uint8Array, start: number): number {
		if (this.waiting || !this.stamped || !this.#clean) return -1;
		const { cursor } = this;
		if (!cursor.head(start)) return -1;
		const thread = this.threads.find(cursor.pid);
		if (!thread || !this.time.begun) return -1;
		const tsNs = this.time.since(cursor.seconds, cursor.ns);
		if (!(tsNs >= this.lastNs)) return -1;
		const offset = cursor.at - start;
		this.#start = start;
		this.#tsNs = tsNs;
		this.#wrote = false;
		const hash = cursor.name();
		const end = hash < 0 ? this.#calls.traced(thread) : this.#event(hash, thread);
		if (end < 0) {
			const { pid, cpu, seconds, ns } = cursor;
			this.ready = { line: this.lines, offset, pid, cpu, seconds, ns };
			return -1;
		}
		if (this.#wrote) this.eventLines++;
		this.lastOfCpu[cursor.cpu] = tsNs;
		this.before = this.lengthOf(bytes, start, bytes[end - 2] === RETURN ? end - 2 : end - 1);
		return end;
	}

	#event(hash: number, thread: Thread): number {
		const { cursor } = this;
		switch (hash) {
			case PAGE_FAULT:
				return cursor.is(TEXT.KVM_PAGE_FAULT) ? this.#pageFault(thread) : -1;
			case EXIT:
				return cursor.is(TEXT.KVM_EXIT) ? this.#exit(thread) : -1;
			case ENTRY:
				return cursor.is(TEXT.KVM_ENTRY) ? this.#entry(thread) : -1;
			case EMULATE:
				return cursor.is(TEXT.KVM_EMULATE_INSN) ? this.#emulate(thread) : -1;
			case MMIO:
				if (!cursor.is(TEXT.KVM_MMIO) || cursor.lineEnd() < 0) return -1;
				thread.kind = null;
				return this.skip(OTHER);
			case FUNCTION:
				return this.#calls.traced(thread);
			default:
				return this.#otherEvent(hash, thread);
		}
	}

	#otherEvent(hash: number, thread: Thread): number {
		const { cursor } = this;
		const reader = READERS.get(hash);
		if (reader) return cursor.is(reader.name) ? reader.read(this, thread) : -1;
		if (NEED_TEXT.has(hash)) return -1;
		if (cursor.here(UNDERSCORE)) return -1; // a probe's raw fields
		return cursor.here(OPEN) ? this.#calls.probe(thread) : this.skip(OTHER);
	}

	get events(): EventBatch {
		return this.batch;
	}

	skip(why: NoEvent): number {
		const { bytes } = this.cursor;
		const end = this.cursor.lineEnd();
		if (end < 0) return -1;
		if (!this.diagnostics.tally('skipped', why.reason)) {
			const stop = bytes[end - 2] === RETURN ? end - 2 : end - 1;
			this.diagnostics.example(why.reason, why.message, this.where(bytes, this.#start, stop));
		}
		return end;
	}

	put(kind: number, flags: number): number {
		this.begin(this.#tsNs);
		const { batch } = this;
		const i = batch.length++;
		batch.tsNs[i] = this.lastNs = this.#tsNs;
		batch.kind[i] = kind;
		batch.flags[i] = flags;
		this.#wrote = true;
		return i;
	}

	/** True if nothing needs to be said about the vCPU that a line names; -1 for none named. */
	#known(thread: Thread, vcpuId: number): boolean {
		return vcpuId < 0 ? thread.vcpuId < 0 || thread.announced : thread.announced && thread.vcpuId === vcpuId;
	}

	#pageFault(thread: Thread): number {
		const { cursor } = this;
		const { faultCode, assumed } = this.vendor;
		const ept = faultCode === 'ept';
		if ((!ept && faultCode !== 'pferr') || this.virtualFaults || this.faultsFromExit) return -1;
		if ((assumed && !this.vendorNoted) || (thread.kind !== null && thread.emulated)) return -1;
		let vcpuId = -1;
		let flags = FLAG.place | FLAG.offset | FLAG.value;
		let ripLow = 0;
		let ripHigh = 0;
		if (cursor.take(TEXT.VCPU)) {
			vcpuId = cursor.decimal(4);
			if (vcpuId < 0 || !cursor.take(TEXT.RIP_0X) || !cursor.hex64()) return -1;
			ripLow = cursor.low;
			ripHigh = cursor.high;
			flags |= FLAG.rip;
			if (!cursor.take(TEXT.ADDRESS_0X)) return -1;
		} else if (!cursor.take(TEXT.ADDRESS)) return -1;
		if (!this.#known(thread, vcpuId) || !cursor.hex64() || cursor.high >= 1 << 20) return -1;
		const offset = cursor.low & 4095;
		const gfn = cursor.high * 2 ** 20 + (cursor.low >>> 12);
		if (!cursor.take(vcpuId < 0 ? TEXT.CODE : TEXT.CODE_0X) || !cursor.hex64()) return -1;
		const end = cursor.endOfLine();
		if (end < 0) return -1;
		const i = this.put(KIND_CODES.page_fault, flags);
		const { batch } = this;
		batch.vcpu[i] = thread.vcpuId < 0 ? NO_VCPU : thread.vcpuId;
		batch.gfn[i] = gfn;
		batch.offset[i] = offset;
		batch.ripLo[i] = ripLow;
		batch.ripHi[i] = ripHigh;
		batch.valueLo[i] = cursor.low;
		batch.valueHi[i] = cursor.high;
		this.#open(thread, cursor.low, ept, gfn, offset);
		return end;
	}

	#open(thread: Thread, code: number, ept: boolean, gfn: number, offset: number): void {
		thread.emulated = false;
		thread.gfn = gfn;
		thread.offset = offset;
		thread.kind = null;
		if (!(code & (ept ? 0x38 : 1))) return;
		if (code & 2) thread.kind = this.#mayWrite ? 'write' : null;
		else if (code & (ept ? 4 : 16)) thread.kind = this.#mayFetch ? 'preexec' : null;
		else thread.kind = this.#mayRead ? 'preread' : null;
	}

	#exit(thread: Thread): number {
		const { cursor } = this;
		const { bytes } = cursor;
		if (this.vendor.vendor === null || this.vendor.assumed) return -1;
		if (thread.kind !== null && thread.emulated) return -1;
		const named = cursor.take(TEXT.VCPU) ? cursor.decimal(4) : -1;
		if (named >= 0 && !(this.#known(thread, named) && cursor.take(TEXT.SPACE))) return -1;
		if (!cursor.take(TEXT.REASON)) return named < 0 ? this.#armExit() : -1;
		if (this.faultsFromExit && this.#nested()) return -1;
		const intel = (bytes[cursor.at] as number) < CAPITAL_END && !cursor.startsWith(TEXT.SVM, cursor.at);
		if (intel !== (this.vendor.vendor === 'intel') || !cursor.find(TEXT.RIP_0X, 60)) return -1;
		if (!cursor.hex64()) return -1;
		const end = this.skip(OTHER);
		if (end >= 0) thread.kind = null;
		return end;
	}

	/** True if the reason that is here may be a nested page fault. */
	#nested(): boolean {
		const { cursor } = this;
		return cursor.startsWith(TEXT.NPF, cursor.at) || cursor.startsWith(TEXT.SVM, cursor.at);
	}

	#armExit(): number {
		const { cursor } = this;
		if (this.vendor.vendor !== 'arm64' || !(cursor.take(TEXT.TRAP) || cursor.take(TEXT.IRQ))) return -1;
		if (!cursor.hex64()) return -1;
		const end = cursor.lineEnd();
		return end < 0 || cursor.bytes.subarray(cursor.at, end).includes(EQUALS) ? -1 : this.skip(OTHER); // with fields it is raw
	}

	#entry(thread: Thread): number {
		const { cursor } = this;
		if ((thread.kind !== null && thread.emulated) || !cursor.take(TEXT.VCPU)) return -1;
		const vcpuId = cursor.decimal(4);
		if (vcpuId < 0 || !this.#known(thread, vcpuId)) return -1;
		const after = cursor.bytes[cursor.at];
		if (after !== NEWLINE && after !== RETURN && after !== 44 && after !== BLANK) return -1;
		const end = this.skip(OTHER);
		if (end >= 0) thread.kind = null;
		return end;
	}

	#emulate(thread: Thread): number {
		const { cursor } = this;
		if (!cursor.hex64() || !cursor.take(TEXT.COLON) || !cursor.hex64() || !cursor.take(TEXT.COLON)) return -1;
		if (!cursor.find(TEXT.OPENING, 60) || !EMULATED.some((mode) => cursor.take(mode))) return -1;
		if (cursor.endOfLine() < 0) return -1;
		thread.emulated = thread.kind !== null;
		return this.skip(OTHER);
	}
}
