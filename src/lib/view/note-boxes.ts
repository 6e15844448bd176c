import type { Note, NotePin } from '#lib/domain/notes.ts';
import { pinGfns, pinTime } from './note-pin.ts';
import { overlaps, type Range, type Scale } from './range.ts';

/** Height of a rectangle's bar over the overview. */
const OVERVIEW_BAR = 4;

/** A lane as it is drawn: what it shows and how that becomes pixels, from the plot's top left corner. */
export interface LanePlot {
	readonly lane: number;
	readonly time: Range;
	readonly gfns: Range;
	readonly x: Scale;
	/** The gfn axis; upside down, as the lowest gfn is at the bottom. */
	readonly y: Scale;
	readonly height: number;
}

/** Where a note is drawn, in pixels; a line for a time has no width, a page's note no box but a flag. */
export interface NoteBox {
	readonly kind: NotePin['type'];
	readonly left: number;
	readonly top: number;
	readonly width: number;
	readonly height: number;
	/** Corner of its flag; never left of the plot or above it. */
	readonly flag: { readonly x: number; readonly y: number };
}

/** Where a note is drawn in a lane; null if it is out of sight or of another lane. */
export function noteBox(pin: NotePin, { lane, time: shown, gfns, x, y, height }: LanePlot): NoteBox | null {
	const pages = pinGfns(pin);
	const time = pinTime(pin);
	if (time && !overlaps(time, shown)) return null;
	if (pin.type === 'rectangle' && pin.lane !== lane) return null;
	if (pages && !overlaps(pages, gfns)) return null;
	const left = time ? x.at(time.from) : 0;
	const top = pages ? y.at(pages.to) : 0;
	return {
		kind: pin.type,
		left,
		top,
		width: pin.type === 'rectangle' ? Math.max(3, x.at(pin.toNs) - left) : 0,
		height: pages ? Math.max(3, y.at(pages.from) - top) : height,
		flag: { x: Math.max(0, left), y: Math.max(0, top) }
	};
}

/**
 * Where a note is drawn over the overview, whose height is counts: a line at its time, a bar on top as long as a
 * rectangle; null if it is out of sight or about no time.
 */
export function overviewNoteBox(
	pin: NotePin,
	{ time: shown, x, height }: Pick<LanePlot, 'time' | 'x' | 'height'>
): NoteBox | null {
	const time = pinTime(pin);
	if (!time || !overlaps(time, shown)) return null;
	const left = Math.max(0, x.at(time.from));
	const long = pin.type === 'rectangle';
	return {
		kind: long ? 'rectangle' : 'time',
		...{ left, top: 0 },
		width: long ? Math.max(3, x.at(Math.min(pin.toNs, shown.to)) - left) : 0,
		height: long ? OVERVIEW_BAR : height,
		flag: { x: left, y: 0 }
	};
}

/** The notes that are drawn in a lane, in their order. */
export const noteBoxes = (notes: readonly Note[], plot: LanePlot): { note: Note; box: NoteBox }[] =>
	notes.flatMap((note) => {
		const box = noteBox(note.pin, plot);
		return box ? [{ note, box }] : [];
	});
