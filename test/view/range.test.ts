import { expect, test } from 'vitest';
import { panRange, zoomRange } from '#lib/view/range.ts';

const limits = { from: 0, to: 1000 };
test('zooming keeps the point under the pointer', () => {
	expect(zoomRange({ from: 100, to: 300 }, 150, 0.5, { limits, minSpan: 1 })).toEqual({
		from: 125,
		to: 225
	});
});

test('zooming out ends at the limits', () => {
	expect(zoomRange({ from: 100, to: 300 }, 150, 99, { limits, minSpan: 1 })).toEqual(limits);
});

test('panning stops at the end without getting shorter', () => {
	expect(panRange({ from: 900, to: 950 }, 500, limits)).toEqual({ from: 950, to: 1000 });
});
