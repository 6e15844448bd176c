const CHUNK_SHIFT = 9;
const CHUNK_PAGES = 1 << CHUNK_SHIFT;

/**
 * Unsigned 16-bit counters, one per page, all zero at first: one mode of `slot->arch.gfn_track`. Kept in chunks of 512
 * pages that exist from the first change on, so that a 64 GiB slot with a few tracked pages costs a few KiB.
 */
export class GfnTrack {
	readonly npages: number;
	readonly #chunks = new Map<number, Uint16Array>();

	constructor(npages: number) {
		this.npages = npages;
	}

	/** Counter of the slot's `index`th page. */
	get(index: number): number {
		return this.#chunks.get(index >>> CHUNK_SHIFT)?.[index % CHUNK_PAGES] ?? 0;
	}

	set(index: number, count: number): void {
		const at = index >>> CHUNK_SHIFT;
		let chunk = this.#chunks.get(at);
		if (!chunk) this.#chunks.set(at, (chunk = new Uint16Array(CHUNK_PAGES)));
		chunk[index % CHUNK_PAGES] = count;
	}

	/** Whether any page is tracked. */
	some(): boolean {
		for (const chunk of this.#chunks.values()) if (chunk.some((count) => count > 0)) return true;
		return false;
	}

	/** Calls `visit(index, count)` for each tracked page, in no particular order of chunks. */
	forEach(visit: (index: number, count: number) => void): void {
		for (const [at, chunk] of this.#chunks)
			for (let i = 0; i < CHUNK_PAGES; i++) if (chunk[i]) visit(at * CHUNK_PAGES + i, chunk[i] as number);
	}

	/** Chunks in memory, 1 KiB each. */
	get chunks(): number {
		return this.#chunks.size;
	}
}

/**
 * `disallow_lpage` of one level: signed counts, any value but 0 forbids a huge mapping of the index. Only indexes that
 * differ from the start value are kept. `length` is what the kernel allocated; indexes beyond it exist after a move
 * that needs more (Q12) and start at 0 like memory the kernel does not own.
 */
export class LpageInfo {
	readonly length: number;
	readonly #start: number;
	readonly #counts = new Map<number, number>();

	constructor(length: number, start: number) {
		this.length = length;
		this.#start = start;
	}

	get(index: number): number {
		return this.#counts.get(index) ?? (index < this.length ? this.#start : 0);
	}

	set(index: number, count: number): void {
		this.#counts.set(index, count | 0);
	}

	/** Calls `visit(index, count)` for each index whose count is not 0, in no particular order. */
	forEach(visit: (index: number, count: number) => void): void {
		if (this.#start !== 0)
			for (let i = 0; i < this.length; i++) if (!this.#counts.has(i)) visit(i, this.#start);
		for (const [index, count] of this.#counts) if (count !== 0) visit(index, count);
	}
}
