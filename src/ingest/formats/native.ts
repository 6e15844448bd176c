import { FLAG } from '#lib/domain/batch.ts';
import type { TraceEvent } from '#lib/domain/events.ts';
import { KIND_CODES } from '#lib/domain/kinds.ts';
import { NativeError, parseLine } from '#lib/domain/native.ts';
import { slotKey } from '#lib/domain/state.ts';
import type { Where } from '../diagnostics.ts';
import type { ScannerOptions, TraceFormat } from './format.ts';
import { LineScanner } from './line-scanner.ts';

const NEWLINE = 10;
const QUOTE = 34;
const bytesOf = (text: string) => Uint8Array.from(text, (char) => char.charCodeAt(0));
const HEAD = bytesOf('{"t":');
const VCPU = bytesOf(',"c":');
const KIND = bytesOf(',"k":"');
const ADDRESS = bytesOf('","a":"0x');
const SIZE = bytesOf(',"n":');
const RIP = bytesOf(',"ip":"0x');
const ACCESSES = (['preread', 'prewrite', 'write', 'preexec'] as const).map((kind) => ({
	code: KIND_CODES[kind],
	name: bytesOf(kind)
}));

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

	constructor(options: ScannerOptions) {
		super(options);
		for (const { asId, slotId, baseGfn: base, npages } of options.memslots ?? [])
			this.#slots.set(slotKey(asId, slotId), { base, end: base + npages, asId });
		this.#seenSlot = options.memslots !== undefined;
	}

	/** Reads a canonical access line into the batch; returns where the next line begins, -1 if it is none. */
	protected override fast(bytes: Uint8Array, start: number): number {
		let at = start;
		for (let i = 0; i < 5; i++) if (bytes[at++] !== HEAD[i]) return -1;
		let tsNs = 0;
		const timeAt = at;
		for (let digit = (bytes[at] as number) - 48; digit >= 0 && digit <= 9;) {
			tsNs = tsNs * 10 + digit;
			digit = (bytes[++at] as number) - 48;
		}
		if (at === timeAt || at - timeAt > 15 || tsNs < this.lastNs) return -1;
		for (let i = 0; i < 5; i++) if (bytes[at++] !== VCPU[i]) return -1;
		let vcpu = 0;
		const vcpuAt = at;
		for (let digit = (bytes[at] as number) - 48; digit >= 0 && digit <= 9;) {
			vcpu = vcpu * 10 + digit;
			digit = (bytes[++at] as number) - 48;
		}
		if (at === vcpuAt || at - vcpuAt > 4) return -1;
		for (let i = 0; i < 6; i++) if (bytes[at++] !== KIND[i]) return -1;
		// p-r-e-r, p-r-e-w, p-r-e-e differ at the fourth letter, write at the first
		const letter = bytes[at] === 119 ? 119 : bytes[at + 3];
		const access = ACCESSES[
			letter === 114 ? 0 : bytes[at] === 119 ? 2 : letter === 119 ? 1 : 3
		] as (typeof ACCESSES)[number];
		const { name } = access;
		for (let i = 0; i < name.length; i++) if (bytes[at++] !== name[i]) return -1;
		for (let i = 0; i < 9; i++) if (bytes[at++] !== ADDRESS[i]) return -1;
		let gpa = 0;
		const gpaAt = at;
		for (let digit = hexDigit(bytes[at] as number); digit >= 0;) {
			gpa = gpa * 16 + digit;
			digit = hexDigit(bytes[++at] as number);
		}
		if (at === gpaAt || at - gpaAt > 13 || bytes[at++] !== QUOTE) return -1;
		let size = 0;
		let flags = FLAG.place | FLAG.offset | FLAG.rip;
		if (bytes[at + 2] === 110) {
			for (let i = 0; i < 5; i++) if (bytes[at++] !== SIZE[i]) return -1;
			const sizeAt = at;
			for (let digit = (bytes[at] as number) - 48; digit >= 0 && digit <= 9;) {
				size = size * 10 + digit;
				digit = (bytes[++at] as number) - 48;
			}
			if (at === sizeAt || at - sizeAt > 4) return -1;
			flags |= FLAG.bytes;
		}
		for (let i = 0; i < 9; i++) if (bytes[at++] !== RIP[i]) return -1;
		let low = 0;
		let high = 0;
		const ripAt = at;
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
		batch.kind[i] = access.code;
		batch.vcpu[i] = vcpu;
		batch.flags[i] = flags;
		const offset = gpa % 4096;
		batch.gfn[i] = (gpa - offset) / 4096;
		batch.offset[i] = offset;
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

/** Value of a lower-case hexadecimal digit's byte; -1 if it is none. */
function hexDigit(byte: number): number {
	if (byte >= 48 && byte <= 57) return byte - 48;
	if (byte >= 97 && byte <= 102) return byte - 87;
	return -1;
}
