import { type Mode, MODES } from '#lib/domain/kinds.ts';
import type { Range } from './range.ts';

/** A run of pages `[gfn, gfn + npages)`. */
interface Run {
	readonly gfn: number;
	readonly npages: number;
}
type ByMode<T> = Readonly<Record<Mode, T>>;

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
/** What each mode catches; a `write` notification comes after the write was caught. */
const CATCHES: ByMode<number> = {
	preread: TRAP_READ,
	prewrite: TRAP_WRITE,
	write: TRAP_WRITE,
	preexec: TRAP_EXEC
};

function cover(bits: Uint8Array, first: number, run: Run, mark: (bits: number) => number): void {
	const from = Math.max(0, run.gfn - first);
	const to = Math.min(bits.length, run.gfn + run.npages - first);
	for (let i = from; i < to; i++) bits[i] = mark(bits[i] ?? 0);
}

/**
 * Per page of `gfns` the modes that would still notify, as bits `1 << mode index`: tracked by a counter, or declared
 * by the policy and not yet silent in this epoch.
 */
export function armedModes(slot: SlotTracking, armed: Armed | null, gfns: Range): Uint8Array {
	const bits = new Uint8Array(gfns.to - gfns.from);
	MODES.forEach((mode, index) => {
		const bit = 1 << index;
		for (const set of armed ?? []) {
			if (set.mode !== mode) continue;
			const end = set.endGfn ?? gfns.to;
			cover(bits, gfns.from, { gfn: set.startGfn, npages: end - set.startGfn }, (old) => old | bit);
		}
		for (const run of slot.silent?.[mode] ?? []) cover(bits, gfns.from, run, (old) => old & ~bit);
		for (const run of slot.runs[mode]) cover(bits, gfns.from, run, (old) => old | bit);
	});
	return bits;
}

/** Mode bits of `armedModes` as TRAP_* bits. */
export function trapBits(modes: number): number {
	return MODES.reduce((traps, mode, index) => ((modes >> index) & 1 ? traps | CATCHES[mode] : traps), 0);
}

/**
 * One value a cell of `pages` pages: the most frequent one among those that differ from the most frequent of all, so
 * that a single tracked page is not lost in a cell of many; that most frequent one where no page differs.
 */
export function gridCells(traps: Uint8Array, pages: number): Uint8Array {
	const usual = mostFrequent(traps, -1) ?? 0;
	return Uint8Array.from(
		{ length: Math.ceil(traps.length / pages) },
		(_, i) => mostFrequent(traps.subarray(i * pages, (i + 1) * pages), usual) ?? usual
	);
}

/** The value 0..7 that occurs most, `except` left out; null if there is no other. */
function mostFrequent(values: Uint8Array, except: number): number | null {
	const counts = new Uint32Array(8);
	for (const value of values) counts[value] = (counts[value] ?? 0) + 1;
	let best: number | null = null;
	counts.forEach((count, value) => {
		if (count > 0 && value !== except && (best === null || count > (counts[best] ?? 0))) best = value;
	});
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
	const count = (mode: Mode) =>
		unionLength(
			armed
				.filter((set) => set.mode === mode)
				.map((set) => ({
					from: Math.max(slot.baseGfn, set.startGfn),
					to: Math.min(end, set.endGfn ?? end)
				}))
		);
	return Object.fromEntries(MODES.map((mode) => [mode, count(mode)])) as Record<Mode, number>;
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
