import { FLAG } from '#lib/domain/batch.ts';
import type { TraceEvent } from '#lib/domain/events.ts';
import { KIND_CODES } from '#lib/domain/kinds.ts';
import { NativeError, parseLine } from '#lib/domain/native.ts';
import { slotKey } from '#lib/domain/state.ts';
import type { Where } from '../diagnostics.ts';
import { decimal4, hex4, hexDigit } from './digits.ts';
import type { ScannerOptions, TraceFormat } from './format.ts';
import { LineScanner } from './line-scanner.ts';

const NEWLINE = 10;
const QUOTE = 34;
const COLON = 58;
const ZERO = 48;
/** No canonical access line is longer, with a word's reading past its end. */
const LONGEST = 112;
/** An access's name and what follows it, as two words of four bytes. */
const PRE = 0x7072_6500;
const READ = 0x6561_6422; // ead"
const RITE = 0x7269_7465; // rite
const EXEC = 0x7865_6322; // xec"
const WRIT = 0x7772_6974; // writ
const code = KIND_CODES;

/** Our own NDJSON (docs/format.md). */
export const native: TraceFormat = {
	name: 'native',
	title: 'native lines (NDJSON), as the capture tools and `pagetrail export` write them',
	seekable: true,
	detect: ({ lines: [line = ''], text }) =>
		/^\s*\{/.test(line) && (/"k"\s*:\s*"/.test(text) || line.length >= 4096),
	create: (options) => new NativeScanner(options)
};

/**
 * Reads native lines from bytes into batches. Access lines in canonical form are read without making a text of
 * them; every other line goes through JSON.parse.
 */
export class NativeScanner extends LineScanner {
	readonly #decoder = new TextDecoder();
	#firstAccess: { line: number; byte: number } | null = null;
	#accessesBefore = 0;
	readonly #slots = new Map<number, { base: number; end: number; asId: number }>();
	#seenSlot: boolean;
	/** A view of the bytes at hand. */
	#view: DataView = new DataView(new ArrayBuffer(0));

	constructor(options: ScannerOptions) {
		super(options);
		for (const { asId, slotId, baseGfn: base, npages } of options.memslots ?? [])
			this.#slots.set(slotKey(asId, slotId), { base, end: base + npages, asId });
		this.#seenSlot = options.memslots !== undefined;
	}

	protected override enter(bytes: Uint8Array): void {
		this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
	}

	/**
	 * Reads a canonical access line into the batch; returns where the next line begins, -1 if it is none. Compares
	 * four bytes at a time.
	 */
	protected override fast(bytes: Uint8Array, start: number): number {
		if (start + LONGEST > bytes.length) return -1;
		const view = this.#view;
		// {"t":
		if (view.getUint32(start) !== 0x7b22_7422 || bytes[start + 4] !== COLON) return -1;
		let at = start + 5;
		let tsNs = 0;
		const timeAt = at;
		for (let four = decimal4(view.getUint32(at)); four >= 0; four = decimal4(view.getUint32(at))) {
			tsNs = tsNs * 10_000 + four;
			at += 4;
			if (at - timeAt > 15) return -1;
		}
		for (let digit = (bytes[at] as number) - 48; digit >= 0 && digit <= 9;) {
			tsNs = tsNs * 10 + digit;
			digit = (bytes[++at] as number) - 48;
		}
		if (at === timeAt || at - timeAt > 15 || tsNs < this.lastNs) return -1;
		if (bytes[timeAt] === ZERO && at - timeAt > 1) return -1;
		// ,"c":
		if (view.getUint32(at) !== 0x2c22_6322 || bytes[at + 4] !== COLON) return -1;
		at += 5;
		let vcpu = 0;
		const vcpuAt = at;
		for (let digit = (bytes[at] as number) - 48; digit >= 0 && digit <= 9;) {
			vcpu = vcpu * 10 + digit;
			digit = (bytes[++at] as number) - 48;
		}
		if (at === vcpuAt || at - vcpuAt > 4) return -1;
		if (bytes[vcpuAt] === ZERO && at - vcpuAt > 1) return -1;
		// ,"k":"
		if (view.getUint32(at) !== 0x2c22_6b22 || view.getUint16(at + 4) !== 0x3a22) return -1;
		at += 6;
		const first = view.getUint32(at);
		const second = view.getUint32(at + 4);
		let kind: number;
		if (first === PRE + 0x72 && second === READ) kind = code.preread;
		else if (first === PRE + 0x77 && second === RITE) kind = code.prewrite;
		else if (first === PRE + 0x65 && second === EXEC) kind = code.preexec;
		else if (first === WRIT && bytes[at + 4] === 101) kind = code.write;
		else return -1;
		at += kind === code.prewrite ? 8 : kind === code.write ? 5 : 7;
		// ","a":"0x
		if (view.getUint32(at) !== 0x222c_2261 || view.getUint32(at + 4) !== 0x223a_2230) return -1;
		if (bytes[at + 8] !== 120) return -1;
		at += 9;
		let gpa = 0;
		const gpaAt = at;
		for (let four = hex4(view.getUint32(at)); four >= 0; four = hex4(view.getUint32(at))) {
			gpa = gpa * 65_536 + four;
			at += 4;
			if (at - gpaAt > 13) return -1;
		}
		for (let digit = hexDigit(bytes[at] as number); digit >= 0;) {
			gpa = gpa * 16 + digit;
			digit = hexDigit(bytes[++at] as number);
		}
		if (at === gpaAt || at - gpaAt > 13 || bytes[at++] !== QUOTE) return -1;
		let size = 0;
		let flags = FLAG.place | FLAG.offset | FLAG.rip;
		// ,"n":
		if (view.getUint32(at) === 0x2c22_6e22) {
			if (bytes[at + 4] !== COLON) return -1;
			at += 5;
			const sizeAt = at;
			for (let digit = (bytes[at] as number) - 48; digit >= 0 && digit <= 9;) {
				size = size * 10 + digit;
				digit = (bytes[++at] as number) - 48;
			}
			if (at === sizeAt || at - sizeAt > 4) return -1;
			if (bytes[sizeAt] === ZERO && at - sizeAt > 1) return -1;
			flags |= FLAG.bytes;
		}
		// ,"ip":"0x
		if (view.getUint32(at) !== 0x2c22_6970 || view.getUint32(at + 4) !== 0x223a_2230) return -1;
		if (bytes[at + 8] !== 120) return -1;
		at += 9;
		let low = 0;
		let high = 0;
		const ripAt = at;
		for (let four = hex4(view.getUint32(at)); four >= 0; four = hex4(view.getUint32(at))) {
			high = (high << 16) | (low >>> 16);
			low = (low << 16) | four;
			at += 4;
			if (at - ripAt > 16) return -1;
		}
		for (let digit = hexDigit(bytes[at] as number); digit >= 0;) {
			high = (high << 4) | (low >>> 28);
			low = (low << 4) | digit;
			digit = hexDigit(bytes[++at] as number);
		}
		if (at === ripAt || at - ripAt > 16) return -1;
		if (bytes[at] !== QUOTE || bytes[at + 1] !== 125 || bytes[at + 2] !== NEWLINE) return -1;
		const { batch } = this;
		const i = batch.length++;
		batch.tsNs[i] = this.lastNs = tsNs;
		batch.kind[i] = kind;
		batch.vcpu[i] = vcpu;
		batch.flags[i] = flags;
		const gfn = Math.floor(gpa / 4096);
		batch.gfn[i] = gfn;
		batch.offset[i] = gpa - gfn * 4096;
		batch.bytes[i] = size;
		batch.ripLo[i] = low;
		batch.ripHi[i] = high;
		if (!this.#seenSlot) this.#noteEarly(this.lines + 1, this.byte);
		this.eventLines++;
		return at + 3;
	}

	#noteEarly(line: number, byte: number): void {
		this.#firstAccess ??= { line, byte };
		this.#accessesBefore++;
	}

	protected override slow(bytes: Uint8Array, start: number, stop: number): void {
		const where = () => this.where(bytes, start, stop);
		if (stop === start) return this.diagnostics.add('skipped', 'blank', 'a blank line', where());
		try {
			const event = parseLine(this.#decoder.decode(bytes.subarray(start, stop)));
			this.pushInOrder(event, where);
			this.eventLines++;
			this.#checkSlots(event, where);
		} catch (error) {
			if (!(error instanceof NativeError)) throw error;
			const message =
				error.reason === 'not-json' && bytes.subarray(start, stop).includes(0)
					? 'the line holds NUL bytes'
					: error.message;
			this.diagnostics.add('rejected', error.reason, message, where());
		}
	}

	#checkSlots(event: TraceEvent, where: () => Where): void {
		if (event.kind === 'memslot_delete') this.#slots.delete(slotKey(event.asId ?? 0, event.slotId));
		if (event.kind !== 'memslot_create' && event.kind !== 'memslot_move') {
			if (!this.#seenSlot && 'bytes' in event) this.#noteEarly(this.lines + 1, this.byte);
			return;
		}
		const { baseGfn: base, npages, slotId, asId = 0 } = event;
		const end = base + npages;
		if (!this.#seenSlot && this.#firstAccess) {
			const message = `${this.#accessesBefore.toLocaleString('en')} accesses came before the first memslot: they are kept, outside every slot`;
			this.diagnostics.add('note', 'access-before-memslot', message, {
				...this.#firstAccess,
				text: ''
			});
		}
		this.#seenSlot = true;
		const own = slotKey(asId, slotId);
		for (const [key, slot] of this.#slots) {
			if (key === own || slot.asId !== asId || slot.base >= end || slot.end <= base) continue;
			const message = `memslot ${slotId} overlaps memslot ${key & 0xffff}: the newer one counts`;
			this.diagnostics.add('note', 'overlapping-memslots', message, where());
		}
		this.#slots.set(own, { base, end, asId });
	}
}
