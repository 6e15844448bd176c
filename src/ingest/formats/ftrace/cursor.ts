import { decimal4, hex4, hexDigit } from '../digits.ts';

const NEWLINE = 10;
const RETURN = 13;
const BLANK = 32;
const DASH = 45;
const DOT = 46;
const COLON = 58;
const OPEN_BRACKET = 91;
const CLOSE_BRACKET = 93;
/** Bytes before the bracket of a head. */
const OWNER_REACH = 64;

/** Bytes of a line that are looked for its end; longer ones are rare and left to the slow way. */
const LINE_REACH = 4096;

const isDigit = (byte: number | undefined): boolean => byte !== undefined && byte >= 48 && byte <= 57;
const isPrintable = (byte: number | undefined): boolean => byte !== undefined && byte >= BLANK && byte < 127;
/** Neither white space of any kind nor a line's end; what is not ASCII may be. */
const isVisible = (byte: number | undefined): boolean => byte !== BLANK && isPrintable(byte);

/** Hash of an event's name; never negative. */
export function nameHash(name: string): number {
	let hash = 0;
	for (let i = 0; i < name.length; i++) hash = (hash * 31 + name.charCodeAt(i)) & 0x3fff_ffff;
	return hash;
}

/** The bytes of an ASCII text. */
export const bytesOf = (text: string): Uint8Array => Uint8Array.from(text, (char) => char.charCodeAt(0));

/** Letters, digits, underscores and dots: what names are made of. */
const IN_NAME = Uint8Array.from({ length: 256 }, (_, byte) =>
	/[\w.]/.test(String.fromCharCode(byte)) ? 1 : 0
);

/** Reads a trace line from bytes without making texts; every method moves on only if it found what it wants. */
export class Cursor {
	bytes: Uint8Array = new Uint8Array(0);
	at = 0;
	pid = 0;
	cpu = 0;
	seconds = 0;
	ns = 0;
	/** Halves of the last `hex64`. */
	low = 0;
	high = 0;
	/** The last `page`. */
	gfn = 0;
	#name = 0;
	#nameEnd = 0;
	#view: DataView = new DataView(new ArrayBuffer(0));
	/** The last place where four bytes are. */
	#lastFour = -1;

	/** From here on places are of these bytes. */
	enter(bytes: Uint8Array): void {
		this.bytes = bytes;
		this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
		this.#lastFour = bytes.length - 4;
	}

	/** Reads a head with a process, `[cpu]` and a stamp of 6 or 9 digits; false if the line has none such. */
	head(start: number): boolean {
		const { bytes } = this;
		let at = start;
		while (bytes[at] !== OPEN_BRACKET) {
			const byte = bytes[at];
			if (byte === undefined || byte === NEWLINE || byte > 126 || at - start > OWNER_REACH) return false;
			at++;
		}
		if (!this.#owner(start, at)) return false;
		this.at = at + 1;
		this.cpu = this.decimal(4);
		if (this.cpu < 0 || bytes[this.at] !== CLOSE_BRACKET || bytes[this.at + 1] !== BLANK) return false;
		this.at++;
		this.blanks();
		if (!isDigit(bytes[this.at])) {
			const flags = this.at;
			while (bytes[this.at] !== BLANK) {
				const byte = bytes[this.at];
				if (byte === undefined || byte < BLANK || byte > 126 || this.at - flags > 8) return false;
				this.at++;
			}
			if (this.at - flags < 3) return false;
			this.blanks();
		}
		return this.#stamp();
	}

	/** The pid stands before the bracket, after the last dash (ftrace) or blank (perf). */
	#owner(start: number, bracket: number): boolean {
		const { bytes } = this;
		let back = bracket - 1;
		while (back > start && bytes[back] === BLANK) back--;
		if (back === bracket - 1) return false;
		const last = back;
		let pid = 0;
		let scale = 1;
		while (back > start && isDigit(bytes[back])) {
			pid += ((bytes[back] as number) - 48) * scale;
			scale *= 10;
			back--;
		}
		if (back === last || last - back > 9 || (bytes[back] !== DASH && bytes[back] !== BLANK)) return false;
		this.pid = pid;
		return true;
	}

	#stamp(): boolean {
		const { bytes } = this;
		const seconds = this.decimal(12);
		if (seconds < 0 || bytes[this.at] !== DOT) return false;
		const from = ++this.at;
		const fraction = this.decimal(9);
		const digits = this.at - from;
		if (fraction < 0 || (digits !== 6 && digits !== 9) || bytes[this.at] !== COLON) return false;
		this.seconds = seconds;
		this.ns = digits === 6 ? fraction * 1000 : fraction;
		this.at++;
		this.blanks();
		return isVisible(bytes[this.at]);
	}

	/** Hash of the event's name, its group left out, the blanks after it skipped; -1 if no name, colon and text is here. */
	name(): number {
		const { bytes } = this;
		let from = this.at;
		let hash = 0;
		for (let at = from; at - from < 48; at++) {
			const byte = bytes[at] as number;
			if (byte === COLON) {
				if (at === from) return -1;
				const next = bytes[at + 1];
				if (next === BLANK) {
					this.#name = from;
					this.#nameEnd = at;
					this.at = at + 1;
					this.blanks();
					return isVisible(bytes[this.at]) ? hash : -1;
				}
				if (from !== this.at) return -1; // a second group
				from = at + 1;
				hash = 0;
				continue;
			}
			const letter = (byte >= 97 && byte <= 122) || (byte >= 65 && byte <= 90) || byte === 95;
			if (!letter && (at === from || !isDigit(byte))) return -1;
			hash = (hash * 31 + byte) & 0x3fff_ffff;
		}
		return -1;
	}

	/** True if the name that was read last is this one. */
	is(wanted: Uint8Array): boolean {
		if (this.#nameEnd - this.#name !== wanted.length) return false;
		for (let i = 0; i < wanted.length; i++) if (this.bytes[this.#name + i] !== wanted[i]) return false;
		return true;
	}

	/** Hash of the name that is here (letters, digits, underscores, dots; no digit first), moved past; -1 for none. */
	identifier(): number {
		const { bytes } = this;
		if (!IN_NAME[bytes[this.at] as number] || isDigit(bytes[this.at]) || this.here(DOT)) return -1;
		let hash = 0;
		this.#name = this.at;
		for (let byte = bytes[this.at] as number; IN_NAME[byte]; byte = bytes[++this.at] as number)
			hash = (hash * 31 + byte) & 0x3fff_ffff;
		this.#nameEnd = this.at;
		return hash;
	}

	/** True if a letter, digit, underscore or dot is here. */
	inName(): boolean {
		return IN_NAME[this.bytes[this.at] as number] === 1;
	}

	/** Moves past letters, digits, underscores and dots. */
	word(): void {
		while (IN_NAME[this.bytes[this.at] as number]) this.at++;
	}

	/** True if the bytes from `from` on begin with `wanted`. */
	startsWith(wanted: Uint8Array, from: number): boolean {
		for (let i = 0; i < wanted.length; i++) if (this.bytes[from + i] !== wanted[i]) return false;
		return true;
	}

	/** True if the name that was read last begins with `wanted`. */
	nameStartsWith(wanted: Uint8Array): boolean {
		return this.startsWith(wanted, this.#name);
	}

	/** True if this byte is here. */
	here(byte: number): boolean {
		return this.bytes[this.at] === byte;
	}

	blanks(): void {
		while (this.bytes[this.at] === BLANK) this.at++;
	}

	/** Moves past `wanted` if it is here. */
	take(wanted: Uint8Array): boolean {
		if (!this.startsWith(wanted, this.at)) return false;
		this.at += wanted.length;
		return true;
	}

	/** Moves past the next `wanted` that begins within `reach` printable bytes, at least one byte further on. */
	find(wanted: Uint8Array, reach: number): boolean {
		const { bytes } = this;
		for (let at = this.at + 1; at <= this.at + reach; at++) {
			if (!isPrintable(bytes[at - 1])) return false;
			let i = 0;
			while (i < wanted.length && bytes[at + i] === wanted[i]) i++;
			if (i < wanted.length) continue;
			this.at = at + i;
			return true;
		}
		return false;
	}

	#decimal4(at: number): number {
		return at <= this.#lastFour ? decimal4(this.#view.getUint32(at)) : -1;
	}

	#hex4(at: number): number {
		return at <= this.#lastFour ? hex4(this.#view.getUint32(at)) : -1;
	}

	/** A whole number of at most `digits` digits; -1 if none is here. */
	decimal(digits: number): number {
		const { bytes } = this;
		let value = 0;
		let at = this.at;
		for (let four = this.#decimal4(at); four >= 0; four = this.#decimal4(at)) {
			value = value * 10_000 + four;
			at += 4;
		}
		while (isDigit(bytes[at])) value = value * 10 + ((bytes[at++] as number) - 48);
		if (at === this.at || at - this.at > digits) return -1;
		this.at = at;
		return value;
	}

	/** 1 to 16 lower-case hexadecimal digits, into `low` and `high`. */
	hex64(): boolean {
		const { bytes } = this;
		let low = 0;
		let high = 0;
		let at = this.at;
		for (let four = this.#hex4(at); four >= 0; four = this.#hex4(at)) {
			high = (high << 16) | (low >>> 16);
			low = (low << 16) | four;
			at += 4;
		}
		for (let digit = hexDigit(bytes[at] as number); digit >= 0; digit = hexDigit(bytes[++at] as number)) {
			high = (high << 4) | (low >>> 28);
			low = (low << 4) | digit;
		}
		if (at === this.at || at - this.at > 16) return false;
		this.at = at;
		this.low = low >>> 0;
		this.high = high >>> 0;
		return true;
	}

	/** A page's number, below 2^40, into `gfn`. */
	page(): boolean {
		const { at } = this;
		if (!this.hex64()) return false;
		this.gfn = this.high * 2 ** 32 + this.low;
		if (this.high < 1 << 8) return true;
		this.at = at;
		return false;
	}

	/** True if the bytes from `from` to here are `wanted`. */
	spans(wanted: Uint8Array, from: number): boolean {
		return this.at - from === wanted.length && this.startsWith(wanted, from);
	}

	/** 1 for the letter, 0 for a dash, -1 for anything else. */
	right(letter: number): number {
		const byte = this.bytes[this.at];
		if (byte !== letter && byte !== DASH) return -1;
		this.at++;
		return byte === letter ? 1 : 0;
	}

	/** Where the next line begins, -1 if this one does not end soon, or not in the chunk. */
	lineEnd(): number {
		const end = this.bytes.indexOf(NEWLINE, this.at) + 1;
		return end && end - this.at <= LINE_REACH ? end : -1;
	}

	/** Where the next line begins if only its end is here, -1 otherwise. */
	endOfLine(): number {
		const at = this.bytes[this.at] === RETURN ? this.at + 1 : this.at;
		return this.bytes[at] === NEWLINE ? at + 1 : -1;
	}
}
