/**
 * Seeded random numbers: the same seed gives the same sequence on every machine. The generator is sfc32 (Chris
 * Doty-Humphrey, "Small Fast Counting"), 128 bits of state. Only whole-number operations, division and multiplication
 * are used, which every machine rounds alike.
 */
export class Random {
	#a = 0;
	#b: number;
	#c = 0x9e3779b9;
	#counter = 1;

	/** `seed`: a whole number below 2^53. */
	constructor(seed: number) {
		this.#a = Math.floor(seed / 2 ** 32) | 0;
		this.#b = (seed % 2 ** 32) | 0;
		for (let round = 0; round < 15; round++) this.next();
	}

	/** A whole number in [0, 2^32). */
	next(): number {
		const sum = (this.#a + this.#b + this.#counter) | 0;
		this.#counter = (this.#counter + 1) | 0;
		this.#a = this.#b ^ (this.#b >>> 9);
		this.#b = (this.#c + (this.#c << 3)) | 0;
		this.#c = (((this.#c << 21) | (this.#c >>> 11)) + sum) | 0;
		return sum >>> 0;
	}

	/** A number in [0, 1). */
	unit(): number {
		return this.next() / 2 ** 32;
	}

	/** A whole number in [0, limit). */
	below(limit: number): number {
		return Math.floor(this.unit() * limit);
	}

	/** True with the given probability. */
	chance(probability: number): boolean {
		return this.unit() < probability;
	}

	/** A whole number in [0, limit) that prefers low ones: half of all are below an eighth of the limit. */
	skewed(limit: number): number {
		const unit = this.unit();
		return Math.floor(unit * unit * unit * limit);
	}
}
