import { describe, expect, test } from 'vitest';
import { areaOf, firstPlace, stepCell } from '#lib/view/cell-cursor.ts';
import { gfnScale } from '#lib/view/gfn-scale.ts';

const time = { from: 0, to: 1000 };
const gfns = { from: 0x100, to: 0x200 };
const scale = gfnScale(gfns, 400, [{ from: 0x140, to: 0x180 }]);
const limits = { time, gfns, scale };
/** Ten ns by four pages. */
const cell = { time: { from: 500, to: 510 }, gfns: { from: 0x120, to: 0x124 } };
const at = { tsNs: 503, gfn: 0x121 };

describe('the cell cursor', () => {
	test('goes to the middle of the cell beside, and keeps the other coordinate', () => {
		expect(stepCell(at, { cell, columns: 1, rows: 0 }, limits)).toEqual({ tsNs: 515, gfn: 0x121 });
		expect(stepCell(at, { cell, columns: -10, rows: 0 }, limits)).toEqual({ tsNs: 405, gfn: 0x121 });
		expect(stepCell(at, { cell, columns: 0, rows: 1 }, limits)).toEqual({ tsNs: 503, gfn: 0x126 });
		expect(stepCell(at, { cell, columns: 0, rows: -1 }, limits)).toEqual({ tsNs: 503, gfn: 0x11e });
	});
	test('stops at the edges', () => {
		expect(stepCell(at, { cell, columns: 100, rows: 0 }, limits).tsNs).toBe(999);
		expect(stepCell(at, { cell, columns: -100, rows: 0 }, limits).tsNs).toBe(0);
		expect(stepCell(at, { cell, columns: 0, rows: -10 }, limits).gfn).toBe(0x100);
	});
	test('passes over a fold both ways', () => {
		const below = { ...cell, gfns: { from: 0x13c, to: 0x140 } };
		expect(stepCell({ ...at, gfn: 0x13d }, { cell: below, columns: 0, rows: 1 }, limits).gfn).toBe(0x180);
		const above = { ...cell, gfns: { from: 0x180, to: 0x184 } };
		expect(stepCell({ ...at, gfn: 0x180 }, { cell: above, columns: 0, rows: -1 }, limits).gfn).toBe(0x13f);
	});
	test('stays where only a fold is left', () => {
		const folded = { ...limits, scale: gfnScale(gfns, 400, [{ from: 0x140, to: 0x200 }]) };
		const below = { ...cell, gfns: { from: 0x13c, to: 0x140 } };
		expect(stepCell({ ...at, gfn: 0x13d }, { cell: below, columns: 0, rows: 1 }, folded).gfn).toBe(0x13d);
	});
	test('begins at what is wished and in sight, else in the middle of the tallest stretch', () => {
		expect(firstPlace({ tsNs: 7, gfn: 0x190 }, limits)).toEqual({ tsNs: 7, gfn: 0x190 });
		expect(firstPlace({ tsNs: 1000, gfn: 0x150 }, limits)).toEqual({ tsNs: 500, gfn: 0x1c0 });
		expect(firstPlace({ tsNs: 7, gfn: null }, limits)).toEqual({ tsNs: 7, gfn: 0x1c0 });
	});
	test('a rectangle holds the cells at both its corners, whichever came first', () => {
		const other = { time: { from: 300, to: 310 }, gfns: { from: 0x180, to: 0x184 } };
		const both = { time: { from: 300, to: 510 }, gfns: { from: 0x120, to: 0x184 } };
		expect(areaOf(cell, other)).toEqual(both);
		expect(areaOf(other, cell)).toEqual(both);
	});
});
