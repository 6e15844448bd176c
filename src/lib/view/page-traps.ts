import { byMode, type ByMode, type Mode, MODES } from '#lib/domain/kinds.ts';
import type { Range } from './range.ts';

/** A run of pages `[gfn, gfn + npages)`. */
interface Run {
	readonly gfn: number;
	readonly npages: number;
}

/** The tracking of one slot, as far as the question "which accesses still notify?" needs it. */
export interface SlotTracking {
	readonly runs: ByMode<readonly Run[]>;
	/** Pages already notified in this epoch; null unless the source arms by epochs. */
	readonly silent: ByMode<readonly Run[]> | null;
}
/** What a policy declares to arm; `endGfn` null means to the end of memory. */
export type Armed = readonly {
	readonly mode: Mode;
	readonly startGfn: number;
	readonly endGfn: number | null;
}[];

/** Bits of a page: accesses that notify somebody before or after they happen. */
export const TRAP_READ = 1;
export const TRAP_WRITE = 2;
export const TRAP_EXEC = 4;

/** Pages of `gfns` that still notify in a mode, as 1: tracked by a counter, or declared and not yet silent. */
function notifying(slot: SlotTracking, armed: Armed | null, mode: Mode, gfns: Range): Uint8Array {
	// whole words, so that four pages are joined at a time
	const pages = new Uint8Array(Math.ceil((gfns.to - gfns.from) / 4) * 4);
	const fill = (value: 0 | 1, from: number, to: number) =>
		pages.fill(value, Math.max(0, from - gfns.from), Math.max(0, Math.min(gfns.to, to) - gfns.from));
	for (const set of armed ?? []) if (set.mode === mode) fill(1, set.startGfn, set.endGfn ?? gfns.to);
	for (const run of slot.silent?.[mode] ?? []) fill(0, run.gfn, run.gfn + run.npages);
	for (const run of slot.runs[mode]) fill(1, run.gfn, run.gfn + run.npages);
	return pages;
}

/** Per page of `gfns` the accesses that notify before or after they happen, as TRAP_* bits. */
export function pageTraps(slot: SlotTracking, armed: Armed | null, gfns: Range): Uint8Array {
	const words = (mode: Mode) => new Uint32Array(notifying(slot, armed, mode, gfns).buffer);
	const [reads, prewrites, writes, fetches] = MODES.map(words) as [Words, Words, Words, Words];
	for (let i = 0; i < reads.length; i++) {
		// a `write` notification comes after the write was caught
		const write = (prewrites[i] as number) | (writes[i] as number);
		reads[i] = (reads[i] as number) | (write * TRAP_WRITE) | ((fetches[i] as number) * TRAP_EXEC);
	}
	return new Uint8Array(reads.buffer, 0, gfns.to - gfns.from);
}
type Words = Uint32Array<ArrayBuffer>;

/**
 * One value a cell of `pages` pages: the most frequent one among those that differ from the most frequent of all, so
 * that a single tracked page is not lost in a cell of many; that most frequent one where no page differs.
 */
export function gridCells(traps: Uint8Array, pages: number): Uint8Array {
	const usual = mostFrequent(traps, 0, traps.length, -1) ?? 0;
	const cells = new Uint8Array(Math.ceil(traps.length / pages));
	for (let i = 0; i < cells.length; i++) {
		const to = Math.min(traps.length, (i + 1) * pages);
		cells[i] = mostFrequent(traps, i * pages, to, usual) ?? usual;
	}
	return cells;
}

/** The value 0..7 that occurs most in `[from, to)`, `except` left out; null if there is no other. */
function mostFrequent(values: Uint8Array, from: number, to: number, except: number): number | null {
	const counts = [0, 0, 0, 0, 0, 0, 0, 0];
	for (let i = from; i < to; i++) counts[values[i] as number] = (counts[values[i] as number] as number) + 1;
	let best: number | null = null;
	for (let value = 0; value < 8; value++)
		if (value !== except && (counts[value] as number) > (best === null ? 0 : (counts[best] as number)))
			best = value;
	return best;
}

/** `RWX`: what the guest may do without anybody hearing of it, `-` for each access that notifies. */
export const rightsText = (traps: number): string =>
	(traps & TRAP_READ ? '-' : 'R') + (traps & TRAP_WRITE ? '-' : 'W') + (traps & TRAP_EXEC ? '-' : 'X');

/** What a page's traps mean, as a sentence. */
export function trapSentence(traps: number): string {
	const names = ['reads', 'writes', 'fetches'];
	const heard = names.filter((_, i) => (traps >> i) & 1);
	const unheard = names.filter((_, i) => !((traps >> i) & 1));
	if (!heard.length) return 'no access notifies';
	if (!unheard.length) return 'every access notifies';
	return `${heard.join(' and ')} notify, ${unheard.join(' and ')} go on unheard`;
}

/** How many pages of the slot a policy declares in each mode. */
export function declaredPages(armed: Armed, slot: { baseGfn: number; npages: number }): ByMode<number> {
	const end = slot.baseGfn + slot.npages;
	return byMode((_, mode) =>
		unionLength(
			armed
				.filter((set) => set.mode === mode)
				.map((set) => ({
					from: Math.max(slot.baseGfn, set.startGfn),
					to: Math.min(end, set.endGfn ?? end)
				}))
		)
	);
}

/** Number of integers in at least one of the ranges. */
function unionLength(ranges: readonly Range[]): number {
	let reached = -Infinity;
	let length = 0;
	for (const { from, to } of [...ranges].sort((a, b) => a.from - b.from)) {
		const start = Math.max(from, reached);
		if (to > start) length += to - start;
		reached = Math.max(reached, to);
	}
	return length;
}
