/** Keeps the most recently used values up to a total size; sizes are in bytes. */
export class Lru<V> {
	readonly #entries = new Map<number, { value: V; sizeBytes: number }>();
	readonly #limitBytes: number;
	#usedBytes = 0;
	constructor(limitBytes: number) {
		this.#limitBytes = limitBytes;
	}

	get(key: number): V | undefined {
		const entry = this.#entries.get(key);
		if (!entry) return undefined;
		this.#entries.delete(key);
		this.#entries.set(key, entry);
		return entry.value;
	}

	set(key: number, value: V, sizeBytes: number): void {
		this.#entries.set(key, { value, sizeBytes });
		this.#usedBytes += sizeBytes;
		for (const [oldest, entry] of this.#entries) {
			if (this.#usedBytes <= this.#limitBytes) return;
			this.#entries.delete(oldest);
			this.#usedBytes -= entry.sizeBytes;
		}
	}
}
