import { FLAG, NO_VCPU } from '#lib/domain/batch.ts';
import { KIND_CODES } from '#lib/domain/kinds.ts';
import type { ScannerOptions } from '../format.ts';
import { LINE_LIMIT } from '../line-scanner.ts';
import { OTHER } from './context.ts';
import { bytesOf, Cursor, nameHash } from './cursor.ts';
import { HANDLERS } from './handlers.ts';
import { FtraceScanner } from './scanner.ts';
import { ALL_RIGHTS } from './sptes.ts';
import type { Thread } from './threads.ts';
import type { NoEvent } from '../text-scanner.ts';

const NEWLINE = 10;
const RETURN = 13;
const BLANK = 32;
const OPEN = 40;
const CLOSE = 41;
const CAPITAL_END = 91;

const PAGE_FAULT = nameHash('kvm_page_fault');
const EXIT = nameHash('kvm_exit');
const ENTRY = nameHash('kvm_entry');
const SET_SPTE = nameHash('kvm_mmu_set_spte');
const EMULATE = nameHash('kvm_emulate_insn');
const MMIO = nameHash('kvm_mmio');
/** What is looked for in lines. */
const TEXT = {
	KVM_PAGE_FAULT: bytesOf('kvm_page_fault'),
	KVM_EXIT: bytesOf('kvm_exit'),
	KVM_ENTRY: bytesOf('kvm_entry'),
	KVM_MMU_SET_SPTE: bytesOf('kvm_mmu_set_spte'),
	KVM_EMULATE_INSN: bytesOf('kvm_emulate_insn'),
	KVM_MMIO: bytesOf('kvm_mmio'),
	VCPU: bytesOf('vcpu '),
	RIP_0X: bytesOf(' rip 0x'),
	ADDRESS_0X: bytesOf(' address 0x'),
	ADDRESS: bytesOf('address '),
	SPACE: bytesOf(' '),
	REASON: bytesOf('reason '),
	COLON: bytesOf(':'),
	OPENING: bytesOf(' ('),
	GFN: bytesOf('gfn '),
	SPTE: bytesOf(' spte '),
	LEVEL: bytesOf(') level '),
	CODE: bytesOf(' error_code '),
	CODE_0X: bytesOf(' error_code 0x')
} as const;
/** Events that need their texts read; a name with another hash is surely none of them. */
const NEED_TEXT = new Set([...HANDLERS.keys(), 'function', 'funcgraph_entry'].map(nameHash));

/**
 * Reads the common lines straight from the bytes, exactly as `FtraceScanner` reads them from a text: page faults,
 * exits, entries, SPTEs that are set, and events that say nothing. Whatever is unusual in a line (a new thread, a
 * value out of range, a fault that turns out to be a notification) is left to the text.
 */
export class FastFtraceScanner extends FtraceScanner {
	readonly #cursor = new Cursor();
	readonly #mayRead: boolean;
	readonly #mayWrite: boolean;
	readonly #mayFetch: boolean;
	#chunk: Uint8Array | null = null;
	/** A chunk with NUL bytes is read as text throughout. */
	#clean = true;

	constructor(options: ScannerOptions, format: string) {
		super(options, format);
		this.#mayRead = this.mayFollow('preread');
		this.#mayWrite = this.mayFollow('write');
		this.#mayFetch = this.mayFollow('preexec');
	}

	protected override fast(bytes: Uint8Array, start: number): number {
		if (this.waiting || !this.stamped) return -1;
		if (bytes !== this.#chunk) {
			this.#chunk = bytes;
			this.#clean = bytes.indexOf(0) < 0;
		}
		const cursor = this.#cursor;
		if (!this.#clean || !cursor.head(bytes, start)) return -1;
		const thread = this.threads.find(cursor.pid);
		if (!thread || this.time.first === null) return -1;
		const tsNs = this.time.since(cursor.seconds, cursor.ns);
		if (!(tsNs >= this.lastNs)) return -1;
		const offset = cursor.at - start;
		const hash = cursor.name();
		const end = hash < 0 ? -1 : this.#event(hash, thread, tsNs, start);
		if (end < 0 || end - start > LINE_LIMIT) {
			const { pid, cpu, seconds, ns } = cursor;
			this.ready = { line: this.lines, offset, pid, cpu, seconds, ns };
			return -1;
		}
		this.lastOfCpu[cursor.cpu] = tsNs;
		this.before = end - start - (bytes[end - 2] === RETURN ? 2 : 1);
		return end;
	}

	#event(hash: number, thread: Thread, tsNs: number, start: number): number {
		const cursor = this.#cursor;
		switch (hash) {
			case PAGE_FAULT:
				return cursor.is(TEXT.KVM_PAGE_FAULT) ? this.#pageFault(thread, tsNs) : -1;
			case EXIT:
				return cursor.is(TEXT.KVM_EXIT) ? this.#exit(thread, start) : -1;
			case ENTRY:
				return cursor.is(TEXT.KVM_ENTRY) ? this.#entry(thread, start) : -1;
			case SET_SPTE:
				return cursor.is(TEXT.KVM_MMU_SET_SPTE) ? this.#setSpte(tsNs, start) : -1;
			case EMULATE:
				return cursor.is(TEXT.KVM_EMULATE_INSN) ? this.#emulate(thread, start) : -1;
			case MMIO:
				if (!cursor.is(TEXT.KVM_MMIO) || cursor.lineEnd() < 0) return -1;
				thread.kind = null;
				return this.#skip(OTHER, start);
			default:
				return NEED_TEXT.has(hash) || cursor.byte === OPEN ? -1 : this.#skip(OTHER, start);
		}
	}

	/** Counts the line as one that gave no event; returns where the next one begins. */
	#skip(why: NoEvent, start: number): number {
		const { bytes } = this.#cursor;
		const end = this.#cursor.lineEnd();
		if (end < 0) return -1;
		if (!this.diagnostics.tally('skipped', why.reason)) {
			const stop = bytes[end - 2] === RETURN ? end - 2 : end - 1;
			this.diagnostics.example(why.reason, why.message, this.where(bytes, start, stop));
		}
		return end;
	}

	/** True if nothing needs to be said about the vCPU that a line names; -1 for none named. */
	#known(thread: Thread, vcpuId: number): boolean {
		return vcpuId < 0 ? thread.vcpuId < 0 || thread.announced : thread.announced && thread.vcpuId === vcpuId;
	}

	#pageFault(thread: Thread, tsNs: number): number {
		const cursor = this.#cursor;
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
		this.begin(tsNs);
		const { batch } = this;
		const i = batch.length++;
		batch.tsNs[i] = this.lastNs = tsNs;
		batch.kind[i] = KIND_CODES.page_fault;
		batch.vcpu[i] = thread.vcpuId < 0 ? NO_VCPU : thread.vcpuId;
		batch.flags[i] = flags;
		batch.gfn[i] = gfn;
		batch.offset[i] = offset;
		batch.ripLo[i] = ripLow;
		batch.ripHi[i] = ripHigh;
		batch.valueLo[i] = cursor.low;
		batch.valueHi[i] = cursor.high;
		this.#open(thread, cursor.low, ept, gfn, offset);
		this.eventLines++;
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

	#exit(thread: Thread, start: number): number {
		const cursor = this.#cursor;
		const { bytes } = cursor;
		if (this.vendor.vendor === null || this.vendor.assumed || this.faultsFromExit) return -1;
		if (thread.kind !== null && thread.emulated) return -1;
		const named = cursor.take(TEXT.VCPU) ? cursor.decimal(4) : -1;
		if (named >= 0 && !(this.#known(thread, named) && cursor.take(TEXT.SPACE))) return -1;
		if (!cursor.take(TEXT.REASON)) return -1;
		const capital = (bytes[cursor.at] as number) < CAPITAL_END;
		if (capital !== (this.vendor.vendor === 'intel') || !cursor.find(TEXT.RIP_0X, 60)) return -1;
		if (!cursor.hex64()) return -1;
		const end = this.#skip(OTHER, start);
		if (end >= 0) thread.kind = null;
		return end;
	}

	#entry(thread: Thread, start: number): number {
		const cursor = this.#cursor;
		if ((thread.kind !== null && thread.emulated) || !cursor.take(TEXT.VCPU)) return -1;
		const vcpuId = cursor.decimal(4);
		if (vcpuId < 0 || !this.#known(thread, vcpuId)) return -1;
		const after = cursor.byte;
		if (after !== NEWLINE && after !== RETURN && after !== 44 && after !== BLANK) return -1;
		const end = this.#skip(OTHER, start);
		if (end >= 0) thread.kind = null;
		return end;
	}

	#emulate(thread: Thread, start: number): number {
		const cursor = this.#cursor;
		if (!cursor.hex64() || !cursor.take(TEXT.COLON) || !cursor.hex64() || !cursor.take(TEXT.COLON)) return -1;
		const end = cursor.lineEnd();
		if (end < 0 || end - cursor.at > 300 || cursor.bytes[end - 2] !== CLOSE || !cursor.find(TEXT.OPENING, 60))
			return -1;
		if (this.#skip(OTHER, start) < 0) return -1;
		thread.emulated = thread.kind !== null;
		return end;
	}

	#setSpte(tsNs: number, start: number): number {
		const cursor = this.#cursor;
		if (!cursor.take(TEXT.GFN) || !cursor.hex64() || cursor.high >= 1 << 8) return -1;
		const gfn = cursor.high * 2 ** 32 + cursor.low;
		if (!cursor.take(TEXT.SPTE) || !cursor.hex64()) return -1;
		const { low, high, bytes } = cursor;
		if (!cursor.take(TEXT.OPENING)) return -1;
		const read = cursor.right(114);
		const write = cursor.right(119);
		const exec = cursor.right(120);
		const user = cursor.right(117);
		if (read < 0 || write < 0 || exec < 0 || user < 0 || !cursor.take(TEXT.LEVEL)) return -1;
		const level = cursor.decimal(1);
		if (level < 1 || level > 3 || bytes[cursor.at] !== BLANK) return -1;
		if (read && write && exec) return this.#skip(ALL_RIGHTS, start);
		const end = cursor.lineEnd();
		if (end < 0) return -1;
		this.begin(tsNs);
		if (!write) this.#protect(tsNs, gfn, 1, level, low, high);
		if (!read) this.#protect(tsNs, gfn, 0, level, low, high);
		if (!exec) this.#protect(tsNs, gfn, 2, level, low, high);
		this.eventLines++;
		return end;
	}

	/** An entry without a right; `right` as in the batch: 0 read, 1 write, 2 exec. */
	#protect(tsNs: number, gfn: number, right: number, level: number, low: number, high: number): void {
		const { batch } = this;
		const i = batch.length++;
		const pages = 512 ** (level - 1);
		batch.tsNs[i] = this.lastNs = tsNs;
		batch.kind[i] = KIND_CODES.spte_protect;
		batch.flags[i] = FLAG.place | FLAG.value | FLAG.derived;
		batch.gfn[i] = gfn - (gfn % pages);
		batch.npages[i] = pages;
		batch.detail[i] = right | (level << 2);
		batch.valueLo[i] = low;
		batch.valueHi[i] = high;
	}
}
