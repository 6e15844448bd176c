import type { NamedRange } from '#lib/domain/iomem.ts';
import { hex } from '#lib/domain/units.ts';
import type { Range } from './range.ts';

/** Ranges that hold any page of `[from, to)`, in the map's order: outer ones before those inside. */
export const rangesOver = (ranges: readonly NamedRange[], gfns: Range): NamedRange[] =>
	ranges.filter((range) => range.startGfn < gfns.to && range.endGfn > gfns.from);

/** `System RAM › Kernel code`: what holds a page, from outside inwards; empty if nothing does. */
export const gfnName = (ranges: readonly NamedRange[], gfn: number): string =>
	chains(rangesOver(ranges, { from: gfn, to: gfn + 1 })).join(', ');

/** Names of a cell's pages: one chain, or the first of several and how many more there are. */
export function gfnsName(ranges: readonly NamedRange[], gfns: Range): string {
	const [first, ...others] = chains(rangesOver(ranges, gfns));
	if (first === undefined) return '';
	return others.length ? `${first} and ${others.length} more` : first;
}

/** A chain for each range that holds no other of the list; the list is in the map's order. */
function chains(found: readonly NamedRange[]): string[] {
	const above: NamedRange[] = [];
	return found.flatMap((range, i) => {
		while (above.length && (above.at(-1)?.depth ?? 0) >= range.depth) above.pop();
		above.push(range);
		const next = found[i + 1];
		return next && next.depth > range.depth ? [] : [above.map(({ name }) => name).join(' › ')];
	});
}

/** `[0x100000, 0x3ffe0000)`: guest-physical addresses, the end left out. */
export const gpaText = ({ startGpa, endGpa }: NamedRange): string => `[${hex(startGpa)}, ${hex(endGpa)})`;

/** A range's box in the band beside a lane; pixels. */
export interface BandBox {
	readonly range: NamedRange;
	readonly x: number;
	readonly width: number;
	readonly top: number;
	readonly height: number;
	/** The name, if it can be written upwards inside the box without being cut. */
	readonly label: string;
}

/** Where the band has to go: `at` gives a gfn's lower edge in pixels from the top. */
export interface BandSpace {
	readonly gfns: Range;
	readonly at: (gfn: number) => number;
	readonly width: number;
	readonly height: number;
}

const LETTER = 5.6;
const LEGIBLE = 10;
const MOST_COLUMNS = 3;

/** Boxes of a memory map beside a lane: a column for each depth, deeper ones further right; one pixel high at least. */
export function bandBoxes(ranges: readonly NamedRange[], space: BandSpace): BandBox[] {
	const over = rangesOver(ranges, space.gfns);
	const columns = Math.min(MOST_COLUMNS, Math.max(0, ...over.map((range) => range.depth)) + 1);
	const width = Math.min(12, space.width / columns);
	return over.map((range) => {
		const top = Math.max(0, space.at(Math.min(space.gfns.to, range.endGfn)));
		const bottom = Math.min(space.height, space.at(Math.max(space.gfns.from, range.startGfn)));
		const height = Math.max(1, bottom - top);
		const fits = width >= LEGIBLE && height >= range.name.length * LETTER + 6;
		const x = Math.min(range.depth, columns - 1) * width;
		return { range, x, width, top, height, label: fits ? range.name : '' };
	});
}

/** What a text with names is: /proc/iomem has ranges, System.map and /proc/kallsyms have not. */
export const namesKind = (head: string): 'symbols' | 'iomem' =>
	/^\s*[0-9a-f]+-[0-9a-f]+ : /im.test(head) ? 'iomem' : 'symbols';

/** True for what the API takes as a slide: a whole number, decimal or `0x…`. */
export const isSlide = (text: string): boolean => /^-?(0x[0-9a-f]{1,16}|\d{1,19})$/i.test(text);
