import { GFN_LIMIT, VCPU_LIMIT } from '#lib/domain/units.ts';
import { rejected, type NoEvent } from '../text-scanner.ts';

/** A value out of range: the line is rejected with this message. */
export class FieldError extends Error {
	readonly outcome: NoEvent;
	constructor(reason: string, message: string) {
		super(message);
		this.name = 'FieldError';
		this.outcome = rejected(reason, message);
	}
}
const bad = (message: string) => new FieldError('bad-value', message);

/** 64 bits from hexadecimal digits (with or without `0x`). @throws {FieldError} */
export function hexWord(digits: string): bigint {
	const plain = digits.replace(/^0x/i, '');
	if (!/^[\da-f]{1,40}$/i.test(plain)) throw bad(`${digits.slice(0, 40)} is no hexadecimal number`);
	const word = BigInt(`0x${plain}`);
	if (word >> 64n) throw bad(`0x${plain} has more than 64 bits`);
	return word;
}

/** A gfn. @throws {FieldError} */
export function asPage(word: bigint): number {
	if (word >= BigInt(GFN_LIMIT)) throw bad(`gfn 0x${word.toString(16)} has more than 40 bits`);
	return Number(word);
}

/** gfn and offset of a guest-physical address. @throws {FieldError} */
export function asPlace(gpa: bigint): { gfn: number; offset: number } {
	if (gpa >> 52n)
		throw new FieldError(
			'not-physical',
			`0x${gpa.toString(16)} has more than 52 bits: with shadow paging it is a virtual address`
		);
	return { gfn: Number(gpa >> 12n), offset: Number(gpa & 4095n) };
}

/** A vCPU's number. @throws {FieldError} */
export function asVcpu(text: string | bigint): number {
	const id = Number(text);
	if (!Number.isSafeInteger(id) || id < 0 || id >= VCPU_LIMIT)
		throw bad(`vCPU ${String(text).slice(0, 30)} is no whole number below ${VCPU_LIMIT}`);
	return id;
}

/** A mapping level, 1 to 5. @throws {FieldError} */
export function asLevel(text: string | bigint): number {
	const level = Number(text);
	if (!(level >= 1 && level <= 5)) throw bad(`level ${String(text).slice(0, 30)} is not 1 to 5`);
	return level;
}

/** What libtraceevent prints before the fields of an event whose text it cannot make; numbers are decimal then. */
const UNPARSED = '[FAILED TO PARSE]';

/** `name=value` pairs of a raw or kprobe line. */
export class Fields {
	readonly #values = new Map<string, string>();
	readonly #unparsed: boolean;

	constructor(body: string) {
		this.#unparsed = body.startsWith(UNPARSED);
		for (const [, name = '', value = ''] of body
			.slice(0, 8192)
			.matchAll(/([A-Za-z_][\w.]*)=\s?("[^"]*"|[^\s,)]+)/g))
			if (!this.#values.has(name)) this.#values.set(name, value);
	}

	get size(): number {
		return this.#values.size;
	}

	/** The first of these names that is there, as text. */
	text(...names: string[]): string | undefined {
		for (const name of names) {
			const value = this.#values.get(name);
			if (value !== undefined) return value.replace(/^"|"$/g, '');
		}
		return undefined;
	}

	/** … as 64 bits: `0x…` or decimal, negative ones in two's complement. @throws {FieldError} */
	word(...names: string[]): bigint | undefined {
		const text = this.text(...names);
		if (text === undefined) return undefined;
		if (/^0x/i.test(text)) return hexWord(text);
		if (!/^-?\d{1,20}$/.test(text)) throw bad(`${names[0]} ${text.slice(0, 40)} is no number`);
		return BigInt.asUintN(64, BigInt(text));
	}

	/**
	 * … of a field that the event's text has in hexadecimal digits without `0x`; `rawHex`: the raw line has it so too.
	 * @throws {FieldError}
	 */
	hex(rawHex: boolean, name: string): bigint | undefined {
		const text = this.text(name);
		const digits = text !== undefined && !this.#unparsed && /^[\da-f]+$/.test(text);
		return digits && (rawHex || /[a-f]/.test(text)) ? hexWord(text) : this.word(name);
	}

	/** … as a whole number below `limit`. @throws {FieldError} */
	number(limit: number, ...names: string[]): number | undefined {
		const word = this.word(...names);
		if (word === undefined) return undefined;
		if (word >= BigInt(limit)) throw bad(`${names[0]} ${word} is not below ${limit}`);
		return Number(word);
	}
}
