import { expect, test } from 'vitest';
import type { Note, NotePin } from '#lib/domain/notes.ts';
import type { LaneInfo } from '#lib/domain/session-info.ts';
import { noteBox } from '#lib/view/note-boxes.ts';
import { isAbout, notesInOrder, pinText, pinView } from '#lib/view/note-pin.ts';
import { gfnScale } from '#lib/view/gfn-scale.ts';
import { scaleOf } from '#lib/view/range.ts';
import { keyAction } from '#lib/view/session-keys.ts';
import { DEFAULT_VIEW } from '#lib/view/view-state.ts';

const lane: LaneInfo = {
	...{ lane: 3, asId: 0, baseGfn: 0x100, npages: 0x100, accesses: 5 },
	...{ slotIds: [1], names: ['ram'] }
};
const rectangle: NotePin = {
	...{ type: 'rectangle', lane: 3, fromNs: 400, toNs: 600 },
	...{ fromGfn: 0x110, toGfn: 0x120 }
};
const scene = {
	...{ view: DEFAULT_VIEW, time: { from: 0, to: 1000 }, whole: { from: 0, to: 1000 } },
	...{ lanes: [lane], closed: [] }
};
const note = (noteId: string, pin: NotePin): Note => ({
	...{ noteId, pin, text: noteId, createdMs: 1, editedMs: null }
});

test('a pin is said in words', () => {
	const words = (pin: NotePin) => pinText(pin, 'ns', [lane]).replaceAll('\u202f', ' ');
	expect(words({ type: 'time', tsNs: 1_500_000_001 })).toBe('1.500 000 001 s');
	expect(words({ type: 'page', gfn: 0x1ff })).toBe('page 0x1ff');
	expect(words({ type: 'page', gfn: 0x1ff, tsNs: 5 })).toBe('page 0x1ff at 0.000 000 005 s');
	expect(words(rectangle)).toBe('ram [0x110, 0x120), 0.000 000 s to 0.000 000 s');
});

test('notes are in the order of their times, pages at no time last', () => {
	const notes = [
		note('page', { type: 'page', gfn: 1 }),
		note('late', { type: 'time', tsNs: 500 }),
		note('box', rectangle),
		note('early page', { type: 'page', gfn: 9, tsNs: 3 }),
		note('first page', { type: 'page', gfn: 0 })
	];
	expect(notesInOrder(notes).map(({ noteId }) => noteId)).toEqual([
		...['early page', 'box', 'late', 'first page', 'page']
	]);
});

test('a jump changes no more than it must', () => {
	expect(pinView({ type: 'time', tsNs: 700 }, scene)).toEqual({ time: null, at: { tsNs: 700 } });
	expect(pinView({ type: 'page', gfn: 0x120 }, scene)).toEqual({ page: 0x120 });
	const zoomed = {
		...scene,
		time: { from: 0, to: 100 },
		view: { ...DEFAULT_VIEW, time: { from: 0, to: 100 } }
	};
	expect(pinView({ type: 'time', tsNs: 50 }, zoomed)).toEqual({
		time: { from: 0, to: 100 },
		at: { tsNs: 50 }
	});
	expect(pinView({ type: 'time', tsNs: 700 }, zoomed)).toMatchObject({ time: { from: 651, to: 751 } });
	// 200 ns do not fit into 100: the window becomes half as long again
	expect(pinView(rectangle, zoomed)).toEqual({ time: { from: 350, to: 650 } });
});

test('a jump opens a closed lane and takes back a zoom that hides the pages', () => {
	const closed = { ...scene, closed: [3] };
	expect(pinView({ type: 'page', gfn: 0x120 }, closed)).toEqual({ page: 0x120, turned: [3] });
	const turned = { ...closed, view: { ...DEFAULT_VIEW, turned: [3, 4] } };
	expect(pinView({ type: 'page', gfn: 0x120 }, turned)).toEqual({ page: 0x120, turned: [4] });
	const gfns = { 3: { from: 0x100, to: 0x118 }, 5: { from: 1, to: 2 } };
	const part = pinView(rectangle, { ...scene, view: { ...DEFAULT_VIEW, gfns } });
	expect(part).toEqual({ time: null, gfns: { 5: { from: 1, to: 2 } } });
});

test('a rectangle is about its cells, a page about its gfn at all times, a time about no page', () => {
	const cell = (from: number, gfn: number) => ({
		...{ time: { from, to: from + 10 }, gfns: { from: gfn, to: gfn + 4 } }
	});
	expect(isAbout(rectangle, 3, cell(590, 0x11f))).toBe(true);
	expect(isAbout(rectangle, 3, cell(600, 0x11f))).toBe(false);
	expect(isAbout(rectangle, 3, cell(590, 0x120))).toBe(false);
	expect(isAbout(rectangle, 2, cell(590, 0x11f))).toBe(false);
	expect(isAbout({ type: 'page', gfn: 7 }, 0, cell(0, 4))).toBe(true);
	expect(isAbout({ type: 'page', gfn: 7, tsNs: 10 }, 0, cell(0, 4))).toBe(false);
	expect(isAbout({ type: 'time', tsNs: 5 }, 0, cell(0, 4))).toBe(false);
});

test('n writes a note', () => {
	const plain = { shiftKey: false, ctrlKey: false, metaKey: false, altKey: false };
	expect(keyAction({ ...plain, key: 'n' })).toEqual({ do: 'note' });
});

test('a note is drawn in its lane while its time and pages are in sight', () => {
	const gfns = { from: 0x100, to: 0x200 };
	const time = { from: 0, to: 1000 };
	const plot = { lane: 3, time, gfns, x: scaleOf(time, 500), y: gfnScale(gfns, 256), height: 256 };
	// a pixel is 2 ns wide and one page high; gfn 0x200 is at the top
	expect(noteBox(rectangle, plot)).toEqual({
		...{ kind: 'rectangle', left: 200, width: 100, top: 0xe0, height: 0x10 },
		flag: { x: 200, y: 0xe0 }
	});
	expect(noteBox(rectangle, { ...plot, lane: 2 })).toBeNull();
	expect(noteBox(rectangle, { ...plot, gfns: { from: 0x100, to: 0x110 } })).toBeNull();
	expect(noteBox({ type: 'time', tsNs: 500 }, plot)).toMatchObject({ left: 250, top: 0, height: 256 });
	expect(noteBox({ type: 'time', tsNs: 1000 }, plot)).toBeNull();
	expect(noteBox({ type: 'page', gfn: 0x1ff }, plot)).toMatchObject({ left: 0, top: 0, height: 3 });
});
