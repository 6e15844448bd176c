const GROW = 2;

/** Dense ids (0, 1, 2, …) for pairs of 32-bit numbers, in order of appearance: a hash table without objects. */
export class PairIds {
	#table = new Int32Array(1024).fill(-1);
	#low = new Uint32Array(512);
	#high = new Uint32Array(512);
	/** Number of distinct pairs. */
	size = 0;

	/** The pair's id; a new pair gets the next one. */
	idOf(low: number, high: number): number {
		let at = this.#slot(low, high);
		const found = this.#table[at] as number;
		if (found >= 0) return found;
		if (this.size === this.#low.length) {
			this.#grow();
			at = this.#slot(low, high);
		}
		this.#low[this.size] = low;
		this.#high[this.size] = high;
		return (this.#table[at] = this.size++);
	}

	low(id: number): number {
		return this.#low[id] as number;
	}
	high(id: number): number {
		return this.#high[id] as number;
	}

	/** Where the pair is in the table, or the empty place where it belongs. */
	#slot(low: number, high: number): number {
		const mask = this.#table.length - 1;
		let hash = Math.imul(low ^ Math.imul(high, 0x85eb_ca6b), 0x9e37_79b1);
		hash ^= hash >>> 15;
		for (let at = hash & mask; ; at = (at + 1) & mask) {
			const id = this.#table[at] as number;
			if (id < 0 || (this.#low[id] === low >>> 0 && this.#high[id] === high >>> 0)) return at;
		}
	}

	#grow(): void {
		const capacity = this.#low.length * GROW;
		const low = new Uint32Array(capacity);
		const high = new Uint32Array(capacity);
		low.set(this.#low);
		high.set(this.#high);
		[this.#low, this.#high] = [low, high];
		this.#table = new Int32Array(capacity * 2).fill(-1);
		for (let id = 0; id < this.size; id++)
			this.#table[this.#slot(low[id] as number, high[id] as number)] = id;
	}
}

const CHUNK_SHIFT = 10;
const CHUNK = 1 << CHUNK_SHIFT;

/** Dense ids for gfns, in order of appearance. */
export class GfnIds {
	readonly #chunks = new Map<number, Int32Array>();
	#last: Int32Array | undefined;
	#lastChunk = -1;
	/** The gfn of each id. */
	readonly gfns: number[] = [];

	idOf(gfn: number): number {
		const at = Math.floor(gfn / CHUNK);
		if (at !== this.#lastChunk) {
			this.#last = this.#chunks.get(at);
			if (!this.#last) this.#chunks.set(at, (this.#last = new Int32Array(CHUNK).fill(-1)));
			this.#lastChunk = at;
		}
		const chunk = this.#last as Int32Array; // set above
		const index = gfn - at * CHUNK;
		const id = chunk[index] as number;
		return id >= 0 ? id : (chunk[index] = this.gfns.push(gfn) - 1);
	}
}

/** A number for each id, `initial` where none was set; grows by itself. */
export class Numbers {
	#data = new Float64Array(1024);
	readonly #initial: number;
	constructor(initial = 0) {
		this.#initial = initial;
		this.#data.fill(initial);
	}

	get(id: number): number {
		return id < this.#data.length ? (this.#data[id] as number) : this.#initial;
	}

	set(id: number, value: number): void {
		if (id >= this.#data.length) {
			const larger = new Float64Array(Math.max(id + 1, this.#data.length * GROW)).fill(this.#initial);
			larger.set(this.#data);
			this.#data = larger;
		}
		this.#data[id] = value;
	}

	add(id: number, value: number): void {
		this.set(id, this.get(id) + value);
	}
}
