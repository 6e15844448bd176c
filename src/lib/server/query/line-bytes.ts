import { FLAG, NO_NODE, NO_VCPU, type EventBatch } from '#lib/domain/batch.ts';
import { isAccess, KINDS } from '#lib/domain/kinds.ts';

/** Bytes from which a piece is full. */
const PIECE_BYTES = 256 * 1024;
/** No line of a common access is longer: three numbers of 16 digits, two of 5, a kind and the keys. */
const LONGEST_ACCESS = 160;
/** What a common access says: where, by which instruction, and how many bytes, if those are told. */
const COMMON = FLAG.place | FLAG.offset | FLAG.rip;

const encoder = new TextEncoder();
const TIME = encoder.encode('{"t":');
const VCPU = encoder.encode(',"c":');
const KIND_AND_ADDRESS = KINDS.map((kind) => encoder.encode(`,"k":"${kind}","a":"0x`));
const QUOTE = '"'.charCodeAt(0);
const BYTES = encoder.encode(',"n":');
const RIP = encoder.encode(',"ip":"0x');
const END = encoder.encode('"}\n');
const DIGITS = encoder.encode('0123456789abcdef');
const ZERO = '0'.charCodeAt(0);

/** Lines one after another as UTF-8, taken away in pieces. */
export class LineBytes {
	#out = new Uint8Array(PIECE_BYTES);
	#at = 0;

	/** Whether there is enough for a piece. */
	get full(): boolean {
		return this.#at >= PIECE_BYTES - LONGEST_ACCESS;
	}

	/** What was written since the last piece; null if nothing was. */
	take(): Uint8Array | null {
		if (!this.#at) return null;
		const piece = this.#out.subarray(0, this.#at);
		this.#out = new Uint8Array(PIECE_BYTES);
		this.#at = 0;
		return piece;
	}

	/** Any line; it gets its end here. */
	text(line: string): void {
		this.#reserve(line.length * 3 + 1); // a UTF-16 unit takes at most three bytes
		this.#at += encoder.encodeInto(line, this.#out.subarray(this.#at)).written;
		this.#out[this.#at++] = 10;
	}

	/** The line of a common access, as `formatLine` gives it; false, and nothing written, for any other event. */
	access(batch: EventBatch, i: number): boolean {
		const flags = batch.flags[i] as number;
		const kind = batch.kind[i] as number;
		const vcpu = batch.vcpu[i] as number;
		if ((flags & ~FLAG.bytes) !== COMMON || !isAccess(kind)) return false;
		if (vcpu === NO_VCPU || batch.node[i] !== NO_NODE || batch.npages[i] !== 1) return false;
		this.#reserve(LONGEST_ACCESS);
		const out = this.#out;
		let at = put(out, this.#at, TIME);
		at = decimal(out, at, batch.tsNs[i] as number);
		at = put(out, at, VCPU);
		at = decimal(out, at, vcpu);
		at = put(out, at, KIND_AND_ADDRESS[kind] as Uint8Array);
		at = address(out, at, batch.gfn[i] as number, batch.offset[i] as number);
		out[at++] = QUOTE;
		if (flags & FLAG.bytes) at = decimal(out, put(out, at, BYTES), batch.bytes[i] as number);
		at = put(out, at, RIP);
		at = word(out, at, batch.ripHi[i] as number, batch.ripLo[i] as number);
		this.#at = put(out, at, END);
		return true;
	}

	#reserve(bytes: number): void {
		const needed = this.#at + bytes;
		if (needed <= this.#out.length) return;
		const larger = new Uint8Array(Math.max(needed, this.#out.length * 2));
		larger.set(this.#out.subarray(0, this.#at));
		this.#out = larger;
	}
}

function put(out: Uint8Array, at: number, bytes: Uint8Array): number {
	for (let i = 0; i < bytes.length; i++) out[at + i] = bytes[i] as number;
	return at + bytes.length;
}

/** A safe integer that is not negative. */
function decimal(out: Uint8Array, at: number, value: number): number {
	if (value > 0x7fff_ffff) {
		const upper = Math.floor(value / 1e9);
		const end = decimal(out, at, upper) + 9;
		lowDigits(out, end, value - upper * 1e9, 9);
		return end;
	}
	let count = 1;
	for (let limit = 10; limit <= value; limit *= 10) count++;
	lowDigits(out, at + count, value, count);
	return at + count;
}

/** The last `count` decimal digits of a value below 2^31, before `end`. */
function lowDigits(out: Uint8Array, end: number, value: number, count: number): void {
	let left = value | 0;
	for (let i = 1; i <= count; i++) {
		const next = (left / 10) | 0;
		out[end - i] = ZERO + left - next * 10;
		left = next;
	}
}

/** The last `count` hexadecimal digits of 32 bits. */
function hexDigits(out: Uint8Array, at: number, value: number, count: number): number {
	for (let i = 0; i < count; i++) out[at + i] = DIGITS[(value >>> ((count - 1 - i) * 4)) & 15] as number;
	return at + count;
}

/** 32 bits in hexadecimal without leading zeros. */
const hex = (out: Uint8Array, at: number, value: number): number =>
	hexDigits(out, at, value, Math.max(1, (35 - Math.clz32(value)) >> 2));

const word = (out: Uint8Array, at: number, high: number, low: number): number =>
	high ? hexDigits(out, hex(out, at, high), low, 8) : hex(out, at, low);

/** A page frame's number, then the three digits of the offset in the page. */
const address = (out: Uint8Array, at: number, gfn: number, offset: number): number =>
	gfn
		? hexDigits(out, word(out, at, Math.floor(gfn / 0x1_0000_0000), gfn >>> 0), offset, 3)
		: hex(out, at, offset);
