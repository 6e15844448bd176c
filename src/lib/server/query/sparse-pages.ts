const SHIFT = 12;
const SIZE = 1 << SHIFT;
const MASK = SIZE - 1;

/** A number for each page index of a lane; memory is taken for the 4,096-page chunks that are written to. */
export class SparsePages {
	readonly #initial: number;
	readonly #chunks = new Map<number, Float64Array>();
	#last: Float64Array | undefined;
	#lastChunk = -1;

	/** `initial` is the value of pages that were never set. */
	constructor(initial: number) {
		this.#initial = initial;
	}

	#chunk(chunk: number): Float64Array | undefined {
		if (chunk === this.#lastChunk) return this.#last;
		this.#lastChunk = chunk;
		return (this.#last = this.#chunks.get(chunk));
	}

	get(page: number): number {
		const chunk = this.#chunk(Math.floor(page / SIZE));
		return chunk ? (chunk[page & MASK] as number) : this.#initial;
	}

	set(page: number, value: number): void {
		let chunk = this.#chunk(Math.floor(page / SIZE));
		if (!chunk) {
			this.#last = chunk = new Float64Array(SIZE).fill(this.#initial);
			this.#chunks.set(Math.floor(page / SIZE), chunk);
		}
		chunk[page & MASK] = value;
	}

	/** Calls `visit` for each page of `[from, to)` in a chunk that was written to; chunks in no order. */
	forEach(from: number, to: number, visit: (page: number, value: number) => void): void {
		for (const [at, chunk] of this.#chunks) {
			const base = at * SIZE;
			const end = Math.min(to, base + SIZE);
			for (let page = Math.max(from, base); page < end; page++) visit(page, chunk[page - base] as number);
		}
	}

	copy(): SparsePages {
		const copy = new SparsePages(this.#initial);
		for (const [at, chunk] of this.#chunks) copy.#chunks.set(at, chunk.slice());
		return copy;
	}

	get sizeBytes(): number {
		return this.#chunks.size * SIZE * 8;
	}
}
