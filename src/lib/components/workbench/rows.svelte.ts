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
	#load: LoadRows | null = null;
	#stop = new AbortController();

	/** Another list: forgets all rows. `total` is what is known of its length. */
	reset(load: LoadRows, total: number): void {
		this.#stop.abort();
		this.#stop = new AbortController();
		this.#load = load;
		this.#chunks.clear();
		this.#pending.clear();
		this.failed = '';
		this.total = total;
	}

	/** The event in a row; undefined while it is not here. */
	at(row: number): WireEvent | undefined {
		return this.#chunks.get(Math.floor(row / CHUNK))?.[row % CHUNK];
	}

	/** Loads what rows `[first, end)` need. */
	want(first: number, end: number): void {
		for (let chunk = Math.floor(first / CHUNK); chunk * CHUNK < end; chunk++)
			if (!this.#chunks.has(chunk) && !this.#pending.has(chunk)) void this.#fetch(chunk);
	}

	async #fetch(chunk: number): Promise<void> {
		const { signal } = this.#stop;
		this.#pending.add(chunk);
		this.loading = true;
		try {
			const got = await this.#load?.(chunk * CHUNK, CHUNK, signal);
			if (!got || signal.aborted) return;
			this.#chunks.set(chunk, got.events);
			this.total = got.total;
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
			}
		}
	}
}
