/**
 * Shortest time (ms) between two half-full batches, and so the longest that a line read waits for its batch to fill: a
 * commit within 250 ms leaves the rest to the store.
 */
export const FLUSH_MS = 50;

/**
 * Hands out half-full batches of a slow source: at once if none went out for `FLUSH_MS`, else when that time is over,
 * or as soon after that as `ready` (the store has nothing left to do). A fast source is never cut up.
 */
export class FlushTimer {
	readonly #flush: () => void;
	readonly #ready: () => boolean;
	#timer: NodeJS.Timeout | null = null;
	#overdue = false;
	#lastMs = -Infinity;
	constructor(flush: () => void, ready: () => boolean) {
		this.#flush = flush;
		this.#ready = ready;
	}

	/** Something was read. */
	touch(): void {
		if (this.#overdue) return this.check();
		this.#timer ??= setTimeout(
			() => {
				this.#timer = null;
				this.#overdue = true;
				this.check();
			},
			Math.max(0, this.#lastMs + FLUSH_MS - performance.now())
		);
	}

	/** The store took something: fires if that is what it waited for. */
	check(): void {
		if (!this.#overdue || !this.#ready()) return;
		this.#overdue = false;
		this.#flush();
	}

	/** A batch went out: what is read from now on waits anew. */
	reset(): void {
		if (this.#timer) clearTimeout(this.#timer);
		this.#timer = null;
		this.#overdue = false;
		this.#lastMs = performance.now();
	}
}
