/**
 * An interval map from page indexes to integers, 0 where nothing was set: runs of equal neighbours are kept as
 * one entry, so a slot of a million pages with one counter costs one run.
 *
 *     add(2, 5, +1)   index  0 1 2 3 4 5 …
 *     add(4, 6, +1)   value  0 0 1 1 2 1 0    runs [2,4)=1 [4,5)=2 [5,6)=1
 */
export class RunMap {
	/** First index of each run, ascending; a run ends where the next begins. */
	readonly #starts: number[] = [];
	/** Value of each run; neighbours differ, the last one is 0. */
	readonly #values: number[] = [];

	/** Builds a map from what `toJSON` gave: `start, end, value` triples. */
	static from(triples: readonly number[]): RunMap {
		const map = new RunMap();
		let last = -1;
		for (let i = 0; i + 2 < triples.length; i += 3) {
			const [start = 0, end = 0, value = 0] = triples.slice(i, i + 3);
			if (start === last) map.#values[map.#values.length - 1] = value;
			else map.#push(start, value);
			map.#push(end, 0);
			last = end;
		}
		return map;
	}

	#push(start: number, value: number): void {
		this.#starts.push(start);
		this.#values.push(value);
	}

	/** Index of the run that holds `at`, or -1 before the first. */
	#find(at: number): number {
		let low = 0;
		let high = this.#starts.length;
		while (low < high) {
			const middle = (low + high) >>> 1;
			if ((this.#starts[middle] as number) <= at) low = middle + 1;
			else high = middle;
		}
		return low - 1;
	}

	get(at: number): number {
		return this.#values[this.#find(at)] ?? 0;
	}

	/** True if every index has value 0. */
	get empty(): boolean {
		return this.#starts.length === 0;
	}

	/** Number of runs whose value is not 0. */
	get size(): number {
		return this.#values.reduce((n, value) => n + (value === 0 ? 0 : 1), 0);
	}

	/** Splits the run at `at`, so that a run begins there; returns its position. */
	#split(at: number): number {
		const i = this.#find(at);
		if (i >= 0 && this.#starts[i] === at) return i;
		this.#starts.splice(i + 1, 0, at);
		this.#values.splice(i + 1, 0, this.#values[i] ?? 0);
		return i + 1;
	}

	/** Joins the run at `i` with the one before it if their values are equal. */
	#join(i: number): void {
		if (i >= this.#starts.length || this.#values[i] !== (this.#values[i - 1] ?? 0)) return;
		this.#starts.splice(i, 1);
		this.#values.splice(i, 1);
	}

	/**
	 * Adds `delta` to every index of `[start, end)`, kept within `[min, max]` (the kernel's counters stay where
	 * they are when they would leave the range). Returns how many indexes stayed because of that.
	 */
	add(start: number, end: number, delta: number, min = -Infinity, max = Infinity): number {
		if (end <= start) return 0;
		const first = this.#split(start);
		const last = this.#split(end);
		let stuck = 0;
		for (let i = first; i < last; i++) {
			const value = (this.#values[i] as number) + delta;
			if (value < min || value > max) stuck += (this.#starts[i + 1] as number) - (this.#starts[i] as number);
			else this.#values[i] = value;
		}
		for (let i = last; i >= first; i--) this.#join(i);
		return stuck;
	}

	/** Sets every index of `[start, end)`. */
	set(start: number, end: number, value: number): void {
		if (end <= start) return;
		const first = this.#split(start);
		const last = this.#split(end);
		this.#starts.splice(first + 1, last - first - 1);
		this.#values.splice(first + 1, last - first - 1);
		this.#values[first] = value;
		this.#join(first + 1);
		this.#join(first);
	}

	/** Calls `visit(start, end, value)` for each run whose value is not 0, ascending. */
	forEach(visit: (start: number, end: number, value: number) => void): void {
		for (let i = 0; i < this.#starts.length; i++) {
			const value = this.#values[i] as number;
			if (value !== 0) visit(this.#starts[i] as number, this.#starts[i + 1] as number, value);
		}
	}

	/** Number of indexes whose value is not 0. */
	count(): number {
		let n = 0;
		this.forEach((start, end) => (n += end - start));
		return n;
	}

	/** `start, end, value` of each run whose value is not 0, flat, ascending. */
	toJSON(): number[] {
		const triples: number[] = [];
		this.forEach((start, end, value) => triples.push(start, end, value));
		return triples;
	}
}
