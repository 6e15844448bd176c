import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { foldsOf } from '#lib/domain/gfn-folds.ts';
import { laneTicks } from '#lib/view/axis.ts';
import { cellIn } from '#lib/view/grid.ts';
import { gfnScale, pieceAt } from '#lib/view/gfn-scale.ts';

const range = (from: number, to: number) => ({ from, to });

describe('folds', () => {
	test('gaps of a twelfth of what is left fold, shorter ones do not', () => {
		const used = [range(0, 100), range(139, 300), range(380, 400), range(1200, 1300)];
		// 1,300 pages: a gap folds from 109 pages on; of the 500 left, from 42 on; of the 420 left, from 35 on
		expect(foldsOf(range(0, 1300), used)).toEqual([range(100, 139), range(300, 380), range(400, 1200)]);
		expect(foldsOf(range(0, 1300), [range(0, 100), range(133, 300), ...used.slice(2)])).toEqual([
			...[range(300, 380), range(400, 1200)]
		]);
	});
	test('a gap that dominates what another fold leaves folds too', () => {
		const used = [range(0x1000, 0x1100), range(0xf100, 0x10000)];
		expect(foldsOf(range(0x100, 0x10000), used)).toEqual([range(0x100, 0x1000), range(0x1100, 0xf100)]);
	});
	test('no gap is left that is worth folding, and none folds that is not', () => {
		const uses = fc.array(fc.tuple(fc.nat(5000), fc.integer({ min: 1, max: 300 })), { minLength: 1 });
		fc.assert(
			fc.property(uses, (all) => {
				const used = all.map(([from, n]) => range(from, from + n)).sort((a, b) => a.from - b.from);
				const gfns = range(0, 5400);
				const folds = foldsOf(gfns, used);
				const left = 5400 - folds.reduce((sum, each) => sum + each.to - each.from, 0);
				const free = Array.from({ length: 5400 }, (_, gfn) => used.every((u) => gfn < u.from || gfn >= u.to));
				const gaps: { from: number; to: number }[] = [];
				for (let gfn = 0; gfn < 5400; gfn++) {
					if (!free[gfn]) continue;
					const last = gaps.at(-1);
					if (last?.to === gfn) last.to++;
					else gaps.push(range(gfn, gfn + 1));
				}
				expect(folds).toEqual(gaps.filter((gap) => gap.to - gap.from >= Math.max(16, left / 12)));
			})
		);
	});
	test('a gap of a zoomed range is measured by that range', () => {
		const used = [range(0, 100), range(200, 300), range(380, 400), range(1200, 1300)];
		expect(foldsOf(range(0, 400), used)).toEqual([range(100, 200), range(300, 380)]);
	});
	test('gaps at both edges fold too', () => {
		expect(foldsOf(range(0, 1000), [range(400, 500)])).toEqual([range(0, 400), range(500, 1000)]);
	});
	test('where nothing is used nothing folds', () => {
		expect(foldsOf(range(500, 1000), [range(0, 500)])).toEqual([]);
		expect(foldsOf(range(0, 1000), [])).toEqual([]);
	});
	test('a few pages never fold', () => {
		expect(foldsOf(range(0, 32), [range(0, 8), range(23, 32)])).toEqual([]);
		expect(foldsOf(range(0, 32), [range(0, 8), range(24, 32)])).toEqual([range(8, 24)]);
	});
});

describe('the scale', () => {
	test('without folds it is linear, the lowest gfn at the bottom', () => {
		const y = gfnScale(range(100, 200), 50);
		expect([y.at(100), y.at(150), y.at(200)]).toEqual([50, 25, 0]);
		expect([y.invert(50), y.invert(0)]).toEqual([100, 200]);
	});
	test('a fold takes 15 pixels, the others share the rest by their pages', () => {
		// 100 + 300 pages in 215 - 15 pixels: half a pixel a page
		const y = gfnScale(range(0, 1400), 215, [range(100, 1100)]);
		expect(y.pieces).toEqual([
			{ gfns: range(0, 100), top: 165, height: 50, folded: false },
			{ gfns: range(100, 1100), top: 150, height: 15, folded: true },
			{ gfns: range(1100, 1400), top: 0, height: 150, folded: false }
		]);
		expect(y.at(1100)).toBe(150);
		expect(y.at(99)).toBe(165.5);
		expect(pieceAt(y.pieces, 155)?.folded).toBe(true);
		expect(y.invert(149)).toBe(1102);
	});
	test('breaks never crowd out what was used', () => {
		const y = gfnScale(range(0, 100), 30, [range(0, 20), range(30, 50), range(60, 80)]);
		const folded = y.pieces.filter((piece) => piece.folded).reduce((sum, piece) => sum + piece.height, 0);
		expect(folded).toBeCloseTo(12);
	});
	test('pixel and gfn lead back to each other, and order is kept, whatever is folded', () => {
		const uses = fc.array(fc.tuple(fc.nat(5000), fc.integer({ min: 1, max: 600 })), { maxLength: 12 });
		fc.assert(
			fc.property(uses, fc.integer({ min: 24, max: 900 }), (used, height) => {
				const gfns = range(0, 5600);
				const ranges = used.map(([from, n]) => range(from, from + n)).sort((a, b) => a.from - b.from);
				const y = gfnScale(gfns, height, foldsOf(gfns, ranges));
				expect(y.pieces[0]?.gfns.from).toBe(0);
				expect(y.pieces.at(-1)?.gfns.to).toBe(5600);
				expect(y.pieces.reduce((sum, piece) => sum + piece.height, 0)).toBeCloseTo(height);
				let former = Infinity;
				for (let gfn = 0; gfn <= 5600; gfn += 56) {
					expect(y.invert(y.at(gfn))).toBeCloseTo(gfn, 5);
					expect(y.at(gfn)).toBeLessThan(former);
					former = y.at(gfn);
				}
				for (const { folded, gfns: piece } of y.pieces)
					if (folded)
						for (const each of ranges) expect(each.to <= piece.from || each.from >= piece.to).toBe(true);
			})
		);
	});
});

test('an axis labels what is shown, never what is folded, and no label touches another', () => {
	const y = gfnScale(range(0, 0x1400), 215, [range(0x100, 0x1100)]);
	const ticks = laneTicks(y, 30);
	expect(ticks.map((tick) => tick.value)).toContain(0);
	expect(ticks.every((tick) => tick.value < 0x100 || tick.value >= 0x1100)).toBe(true);
	ticks.forEach((tick, i) => i && expect((ticks[i - 1]?.at ?? 0) - tick.at).toBeGreaterThanOrEqual(11));
});

test('a cell’s column is summed up over all stretches of its lane', () => {
	const grid = { startNs: 0, columnNs: 10, columns: 2, rowPages: 4, rows: 1, max: 9, total: 9 };
	const low = { ...grid, startGfn: 0, cells: Uint8Array.of(1, 2) };
	const high = { ...grid, startGfn: 100, cells: Uint8Array.of(3, 4) };
	expect(cellIn([low, high], 15, 101)).toEqual({
		time: range(10, 20),
		gfns: range(100, 104),
		count: 4,
		columnTotal: 6
	});
	expect(cellIn([low, high], 15, 50)).toBeNull();
});
