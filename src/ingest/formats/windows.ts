import type { TraceEvent } from '#lib/domain/events.ts';
import { hex } from '#lib/domain/units.ts';

/** Memslots made at most. */
const MOST = 512;

/**
 * Memslots for sources that know addresses and no slots (a process, DAMON): one for each aligned window
 * that is touched, made at the first touch. The 513th and later ones are left out: their accesses lie outside every slot.
 */
export class Windows {
	readonly #seen = new Set<number>();
	readonly #pages: number;
	#last = -1;

	constructor(pages: number) {
		this.#pages = pages;
	}

	/** Memslots that pages `[gfn, gfn + npages)` need and that are not there yet. */
	touch(tsNs: number, gfn: number, npages = 1): TraceEvent[] {
		const first = Math.floor(gfn / this.#pages);
		const last = Math.floor((gfn + npages - 1) / this.#pages);
		if (first === this.#last && last === first) return [];
		const events: TraceEvent[] = [];
		for (let window = first; window <= last && this.#seen.size < MOST; window++) {
			if (this.#seen.has(window)) continue;
			const baseGfn = window * this.#pages;
			events.push({
				...{ kind: 'memslot_create', tsNs, slotId: this.#seen.size, baseGfn, npages: this.#pages },
				...{ name: hex(baseGfn * 4096), derived: true }
			});
			this.#seen.add(window);
		}
		this.#last = last;
		return events;
	}

	/** `[gfn, gfn + npages)` cut at the windows' borders. */
	*parts(gfn: number, npages: number): Generator<{ gfn: number; npages: number }> {
		const end = gfn + npages;
		for (let at = gfn; at < end;) {
			const next = Math.min(end, (Math.floor(at / this.#pages) + 1) * this.#pages);
			yield { gfn: at, npages: next - at };
			at = next;
		}
	}
}
