import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
	isScaled,
	lastTop,
	listHeight,
	revealRow,
	scrollOfTop,
	topOfScroll
} from '#lib/view/virtual-rows.ts';

const list = (total: number) => ({ total, rowHeight: 20, boxHeight: 200 });
test('a list that fits scrolls pixel by pixel', () => {
	expect(isScaled(list(1000))).toBe(false);
	expect(topOfScroll(list(1000), 400)).toBeCloseTo(20);
});

test('a list of ten million rows is no taller than a browser can lay out, and its ends are reached', () => {
	const long = list(10_000_000);
	expect(isScaled(long)).toBe(true);
	expect(listHeight(long)).toBe(6_000_000);
	expect(topOfScroll(long, 0)).toBe(0);
	expect(topOfScroll(long, 6_000_000 - 200)).toBe(lastTop(long));
	expect(lastTop(long)).toBe(9_999_990);
});

test('a row and its scroll position are each other’s inverse', () => {
	fc.assert(
		fc.property(
			fc.integer({ min: 20, max: 20_000_000 }),
			fc.double({ min: 0, max: 1, noNaN: true }),
			(total, share) => {
				const top = share * lastTop(list(total));
				expect(topOfScroll(list(total), scrollOfTop(list(total), top))).toBeCloseTo(top, 3);
			}
		)
	);
});

test('revealing a row moves as little as needed', () => {
	expect(revealRow(list(1000), 100, 105)).toBe(100);
	expect(revealRow(list(1000), 100, 99)).toBe(99);
	expect(revealRow(list(1000), 100, 110)).toBe(101);
});
