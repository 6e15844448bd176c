import { bytesOf, nameHash, type Cursor } from './cursor.ts';

const BLANK = 32;
const EQUALS = 61;
const COMMA = 44;
const ZERO = 48;
const LOWER_X = 120;
/** Fields of one line at most. */
const MOST = 16;

/** A field's name, to be looked for. */
export interface FieldName {
	readonly hash: number;
	readonly bytes: Uint8Array;
}
export const fieldName = (name: string): FieldName => ({ hash: nameHash(name), bytes: bytesOf(name) });

/** `name=value` pairs of a line, read from bytes: what `Fields` reads from texts, if they are written plainly. */
export class ByteFields {
	readonly #cursor: Cursor;
	readonly #hashes = new Int32Array(MOST);
	readonly #names = new Int32Array(MOST);
	/** Where each value begins, and after it ends. */
	readonly #from = new Int32Array(MOST);
	readonly #to = new Int32Array(MOST);
	#count = 0;

	constructor(cursor: Cursor) {
		this.#cursor = cursor;
	}

	/** Fields that were read. */
	get count(): number {
		return this.#count;
	}

	clear(): void {
		this.#count = 0;
	}

	/** Reads pairs (values of letters, digits, underscores, dots) for as long as there are any. */
	read(): void {
		const cursor = this.#cursor;
		this.#count = 0;
		while (this.#count < MOST) {
			const at = cursor.at;
			const hash = cursor.identifier();
			if (hash < 0 || !cursor.here(EQUALS)) {
				cursor.at = at;
				break;
			}
			const i = this.#count++;
			this.#hashes[i] = hash;
			this.#names[i] = at;
			this.#from[i] = ++cursor.at;
			cursor.word();
			this.#to[i] = cursor.at;
			if (cursor.at === this.#from[i]) return; // no value: what follows would be taken for it
			const next = cursor.at;
			while (cursor.here(BLANK) || cursor.here(COMMA)) cursor.at++;
			if (cursor.at === next) break;
		}
	}

	/** The first field of this name; -1 if there is none. */
	find({ hash, bytes }: FieldName): number {
		for (let i = 0; i < this.#count; i++) {
			if (this.#hashes[i] !== hash) continue;
			const at = this.#names[i] as number;
			if (at + bytes.length + 1 === this.#from[i] && this.#cursor.startsWith(bytes, at)) return i;
		}
		return -1;
	}

	/** The field's value as 64 bits in the cursor's `low` and `high`; false if it is no `0x…` or decimal of ≤ 15 digits. */
	number(i: number): boolean {
		const cursor = this.#cursor;
		const { at, bytes } = cursor;
		cursor.at = this.#from[i] as number;
		let read: boolean;
		if (cursor.here(ZERO) && bytes[cursor.at + 1] === LOWER_X) {
			cursor.at += 2;
			read = cursor.hex64();
		} else {
			const value = cursor.decimal(15);
			read = value >= 0;
			cursor.low = value >>> 0;
			cursor.high = Math.floor(value / 2 ** 32);
		}
		read &&= cursor.at === this.#to[i];
		cursor.at = at;
		return read;
	}

	/** True if the field's value is this text. */
	is(i: number, text: Uint8Array): boolean {
		const from = this.#from[i] as number;
		return (this.#to[i] as number) - from === text.length && this.#cursor.startsWith(text, from);
	}
}
