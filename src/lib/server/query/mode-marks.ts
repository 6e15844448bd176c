import type { GfnRun } from '#lib/api/compare-types.ts';
import { MODES } from '#lib/domain/kinds.ts';

/** Pages of a chunk; memory is taken for the chunks that are marked. */
const CHUNK = 4096;

/** Marks on pages, one for each mode. */
export class ModeMarks {
	readonly #chunks = new Map<number, Uint8Array>();
	#last: Uint8Array = new Uint8Array(0);
	#lastChunk = -1;

	/** Marks a gfn; `mode` is a mode's place in MODES. */
	mark(gfn: number, mode: number): void {
		const chunk = Math.floor(gfn / CHUNK);
		if (chunk !== this.#lastChunk) {
			this.#lastChunk = chunk;
			const known = this.#chunks.get(chunk);
			this.#last = known ?? new Uint8Array(CHUNK);
			if (!known) this.#chunks.set(chunk, this.#last);
		}
		const at = gfn - chunk * CHUNK;
		this.#last[at] = (this.#last[at] as number) | (1 << mode);
	}

	/** Ascending runs of marked gfns for each of MODES. */
	runs(): GfnRun[][] {
		const runs: GfnRun[][] = MODES.map(() => []);
		const starts = MODES.map(() => 0);
		let former = 0;
		const change = (marks: number, gfn: number) => {
			for (let mode = 0; mode < MODES.length; mode++) {
				if (!(((marks ^ former) >>> mode) & 1)) continue;
				const start = starts[mode] as number;
				if ((former >>> mode) & 1) runs[mode]?.push({ gfn: start, npages: gfn - start });
				else starts[mode] = gfn;
			}
			former = marks;
		};
		let end = 0;
		for (const [chunk, marks] of [...this.#chunks].sort(([a], [b]) => a - b)) {
			const base = chunk * CHUNK;
			if (base !== end) change(0, end);
			const fours = new Uint32Array(marks.buffer);
			for (let four = 0; four < fours.length; four++) {
				if (fours[four] === former * 0x0101_0101) continue; // four pages like the one before
				for (let at = four * 4; at < four * 4 + 4; at++) {
					const now = marks[at] as number;
					if (now !== former) change(now, base + at);
				}
			}
			end = base + CHUNK;
		}
		change(0, end);
		return runs;
	}
}
