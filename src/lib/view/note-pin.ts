import type { Note, NotePin } from '#lib/domain/notes.ts';
import type { LaneInfo } from '#lib/domain/session-info.ts';
import { hex } from '#lib/domain/units.ts';
import { type Clock, formatGfns, formatTime } from './format.ts';
import { laneName } from './lane-text.ts';
import { clampRange, overlaps, type Range, span } from './range.ts';
import type { Brush, ViewState } from './view-state.ts';

/** The time that a pin is about: a moment is 1 ns long; null for a page at no moment. */
export function pinTime(pin: NotePin): Range | null {
	if (pin.type === 'rectangle') return { from: pin.fromNs, to: pin.toNs };
	return pin.tsNs === undefined ? null : { from: pin.tsNs, to: pin.tsNs + 1 };
}

/** The pages that a pin is about; null for a time. */
export function pinGfns(pin: NotePin): Range | null {
	if (pin.type === 'rectangle') return { from: pin.fromGfn, to: pin.toGfn };
	return pin.type === 'page' ? { from: pin.gfn, to: pin.gfn + 1 } : null;
}

/** Where a note is, in words: the time, the page, the rectangle with its lane's name. */
export function pinText(pin: NotePin, clock: Clock, lanes: readonly LaneInfo[]): string {
	const time = pinTime(pin);
	if (pin.type === 'rectangle') {
		const lane = lanes.find((each) => each.lane === pin.lane);
		const where = lane ? laneName(lane) : `lane ${pin.lane}`;
		return `${where} ${formatGfns(pin.fromGfn, pin.toGfn)}, ${formatTime(pin.fromNs, clock, 6)} to ${formatTime(pin.toNs, clock, 6)}`;
	}
	const moment = time && formatTime(time.from, clock);
	if (pin.type === 'time') return moment ?? '';
	return `page ${hex(pin.gfn)}${moment ? ` at ${moment}` : ''}`;
}

/** Notes in the order of what they are about; pages at no moment come last, by gfn. */
export const notesInOrder = (notes: readonly Note[]): Note[] =>
	[...notes].sort(
		(a, b) =>
			(pinTime(a.pin)?.from ?? Number.MAX_VALUE) - (pinTime(b.pin)?.from ?? Number.MAX_VALUE) ||
			(pinGfns(a.pin)?.from ?? 0) - (pinGfns(b.pin)?.from ?? 0) ||
			a.createdMs - b.createdMs
	);

/** True if a note is about a page of the range at a time of the window, or about all of that page's time. */
export function isAbout(pin: NotePin, lane: number, cell: { readonly time: Range; readonly gfns: Range }) {
	const gfns = pinGfns(pin);
	const time = pinTime(pin);
	if (!gfns || (pin.type === 'rectangle' && pin.lane !== lane)) return false;
	return overlaps(gfns, cell.gfns) && (!time || overlaps(time, cell.time));
}

/** What is around a jump: the view as it is, and what it may show. */
export interface JumpScene {
	readonly view: ViewState;
	/** The window that is shown. */
	readonly time: Range;
	readonly whole: Range;
	/** All lanes, and those that are closed. */
	readonly lanes: readonly LaneInfo[];
	readonly closed: readonly number[];
}

/** The part of the view that brings a note's place into sight, with the least change. */
export function pinView(pin: NotePin, scene: JumpScene): Partial<ViewState> {
	const { view, lanes } = scene;
	const time = pinTime(pin);
	const gfns = pinGfns(pin);
	const lane = gfns && lanes.find((each) => isIn(pin, gfns, each));
	const shown = lane && view.gfns[lane.lane];
	const { [lane?.lane ?? -1]: _, ...others } = view.gfns;
	return {
		...(time && { time: timeAround(time, scene) }),
		...(pin.type !== 'rectangle' && time && { at: { tsNs: time.from } }),
		...(pin.type === 'page' && { page: pin.gfn }),
		...(gfns && shown && (gfns.from < shown.from || gfns.to > shown.to) && { gfns: others }),
		...(lane && scene.closed.includes(lane.lane) && { turned: turned(view, lane.lane) })
	};
}

const isIn = (pin: NotePin, gfns: Range, lane: LaneInfo) =>
	pin.type === 'rectangle'
		? lane.lane === pin.lane
		: gfns.from >= lane.baseGfn && gfns.to <= lane.baseGfn + lane.npages;

const turned = ({ turned }: ViewState, lane: number) =>
	turned.includes(lane) ? turned.filter((each) => each !== lane) : [...turned, lane];

/** A window that holds the time: the present one if it does, moved if the time is short, else wide enough. */
function timeAround(time: Range, { time: shown, whole }: JumpScene): Range | null {
	const inside = time.from >= shown.from && time.to <= shown.to;
	if (inside) return span(shown) >= span(whole) ? null : shown;
	if (span(time) <= span(shown) / 2) {
		const from = (time.from + time.to - span(shown)) / 2;
		return clampRange({ from, to: from + span(shown) }, whole);
	}
	const margin = span(time) / 4;
	const wide = clampRange({ from: time.from - margin, to: time.to + margin }, whole);
	return span(wide) >= span(whole) ? null : wide;
}

/** The pin of a marked rectangle. */
export const brushPin = ({ lane, time, gfns }: Brush): NotePin => ({
	type: 'rectangle',
	lane,
	fromNs: time.from,
	toNs: time.to,
	fromGfn: gfns.from,
	toGfn: gfns.to
});
