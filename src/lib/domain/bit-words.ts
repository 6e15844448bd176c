/** A bit or field of a hardware word, in words. */
export interface BitWord {
	/** Lowest bit that it says something about. */
	readonly bit: number;
	/** The name that kernel or manual give it. */
	readonly name: string;
	/** What it means as it is here. */
	readonly meaning: string;
}

/** A bit that means something when it is set and, where `clear` is there, something else when it is not. */
export interface BitRule {
	readonly bit: number;
	readonly name: string;
	readonly set: string;
	readonly clear?: string;
}

export const hasBit = (word: bigint, bit: number): boolean => ((word >> BigInt(bit)) & 1n) === 1n;

/** What the rules say of a word, in the rules' order. */
export const wordsOf = (word: bigint, rules: readonly BitRule[]): BitWord[] =>
	rules.flatMap(({ bit, name, set, clear }) => {
		const meaning = hasBit(word, bit) ? set : clear;
		return meaning === undefined ? [] : [{ bit, name, meaning }];
	});

/** Set bits that no mask names, as one entry each: nothing of a word goes unsaid. */
export function unnamedBits(word: bigint, named: bigint): BitWord[] {
	const found: BitWord[] = [];
	for (let bit = 0; bit < 64; bit++)
		if (hasBit(word & ~named, bit))
			found.push({ bit, name: `bit ${bit}`, meaning: 'set; this version does not know what it means' });
	return found;
}

/** A mask of the bits that rules speak of. */
export const maskOf = (rules: readonly BitRule[]): bigint =>
	rules.reduce((mask, { bit }) => mask | (1n << BigInt(bit)), 0n);
