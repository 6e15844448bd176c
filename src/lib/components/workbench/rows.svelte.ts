import { SvelteMap } from 'svelte/reactivity';
import type { WireEvent } from '#lib/api/types.ts';

/** Rows `[row, row + limit)` of a list, with its length. */
export type LoadRows = (
	row: number,
	limit: number,
	signal: AbortSignal
) => Promise<{ readonly total: number; readonly events: readonly WireEvent[] }>;

const CHUNK = 128;
const KEPT = 40;

/** A long list of events of which only the stretches that were looked at are here. */
export class EventRows {
	total = $state(0);
	failed = $state('');
	loading = $state(false);
	readonly #chunks = new SvelteMap<number, readonly WireEvent[]>();
	// read by nobody but this class: no need to react to it
	// eslint-disable-next-line svelte/prefer-svelte-reactivity
	readonly #pending = new Set<number>();
	/** Stretches that are shown but may have more by now. */
	// eslint-disable-next-line svelte/prefer-svelte-reactivity
	readonly #stale = new Set<number>();
	/** Whether an answer told the list's length. */
	#counted = false;
	#load: LoadRows | null = null;
	#stop = new AbortController();

	/** Another list: forgets all rows. `total` is what is known of its length. */
	reset(load: LoadRows, total: number): void {
		this.#stop.abort();
		this.#stop = new AbortController();
		this.#load = load;
		this.#chunks.clear();
		this.#pending.clear();
		this.#stale.clear();
		this.#counted = false;
		this.failed = '';
		this.total = total;
	}

	/**
	 * The list grew at its end: rows that are here stay, the last ones are asked for again. `total` is its length; null
	 * if only an answer can tell, for which the stretch at row `first` is asked again.
	 */
	grow(total: number | null, first: number): void {
		for (const [chunk, events] of this.#chunks) if (events.length < CHUNK) this.#stale.add(chunk);
		// an answer on its way may be older than the growth
		for (const chunk of this.#pending) this.#stale.add(chunk);
		if (total === null) this.#stale.add(Math.floor(first / CHUNK));
		else this.total = Math.max(this.total, total);
	}

	/** The event in a row; undefined while it is not here. */
	at(row: number): WireEvent | undefined {
		return this.#chunks.get(Math.floor(row / CHUNK))?.[row % CHUNK];
	}

	/** Loads what rows `[first, end)` need. */
	want(first: number, end: number): void {
		for (let chunk = Math.floor(first / CHUNK); chunk * CHUNK < end; chunk++)
			if ((!this.#chunks.has(chunk) || this.#stale.has(chunk)) && !this.#pending.has(chunk))
				void this.#fetch(chunk);
	}

	async #fetch(chunk: number): Promise<void> {
		const { signal } = this.#stop;
		this.#pending.add(chunk);
		this.#stale.delete(chunk);
		this.loading = true;
		try {
			const got = await this.#load?.(chunk * CHUNK, CHUNK, signal);
			if (!got || signal.aborted) return;
			this.#chunks.set(chunk, got.events);
			// within one list answers may overtake each other, but it never gets shorter
			this.total = this.#counted ? Math.max(this.total, got.total) : got.total;
			this.#counted = true;
			this.failed = '';
			for (const old of this.#chunks.keys()) {
				if (this.#chunks.size <= KEPT) break;
				this.#chunks.delete(old);
			}
		} catch (error) {
			if (!signal.aborted) this.failed = (error as Error).message;
		} finally {
			if (!signal.aborted) {
				this.#pending.delete(chunk);
				this.loading = this.#pending.size > 0;
				if (this.#stale.has(chunk) && !this.failed) void this.#fetch(chunk);
			}
		}
	}
}
