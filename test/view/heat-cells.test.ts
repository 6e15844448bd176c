import fc from 'fast-check';
import { expect, test } from 'vitest';
import { ageIndex, cellText } from '#lib/view/cell-values.ts';
import { colourIndex } from '#lib/view/colour-scale.ts';
import { cellAt, placeGrid } from '#lib/view/grid.ts';

const grid = {
	...{ startNs: 100, columnNs: 10, columns: 3, startGfn: 0x10, rowPages: 4, rows: 2, max: 7, total: 10 },
	cells: Uint8Array.of(1, 0, 2, 0, 7, 0)
};
test('a point is in the half-open cell that holds it', () => {
	expect(cellAt(grid, 119, 0x17)).toEqual({
		time: { from: 110, to: 120 },
		gfns: { from: 0x14, to: 0x18 },
		count: 7,
		columnTotal: 7
	});
	expect(cellAt(grid, 120, 0x13)?.count).toBe(2);
	expect(cellAt(grid, 130, 0x13)).toBeNull();
	expect(cellAt(grid, 110, 0x18)).toBeNull();
});

test('the picture reaches beyond the window on the side where the grid does', () => {
	const view = { time: { from: 110, to: 130 }, gfns: { from: 0x10, to: 0x18 }, width: 200, height: 80 };
	expect(placeGrid(grid, view)).toEqual({ x: -100, y: 0, width: 300, height: 80 });
});

test.each(['log', 'linear', 'rank'] as const)(
	'%s: only zero has no colour, and more is never paler',
	(scale) => {
		fc.assert(
			fc.property(fc.array(fc.nat(100_000), { minLength: 1 }), (counts) => {
				const index = colourIndex(scale, Math.max(...counts), [counts]);
				const sorted = counts.toSorted((a, b) => a - b);
				sorted.forEach((count, i) => {
					expect(index(count) === 0).toBe(count === 0);
					expect(index(count)).toBeGreaterThanOrEqual(index(sorted[i - 1] ?? 0));
				});
			})
		);
	}
);
test('the largest count has the last colour on every scale', () => {
	for (const scale of ['log', 'linear', 'rank'] as const)
		expect(colourIndex(scale, 9, [[0, 1, 5, 9]])(9)).toBe(255);
});

test('the youngest age has the strongest colour, no access has none', () => {
	const index = ageIndex(colourIndex('log', 1000));
	expect(index(-1)).toBe(0);
	expect(index(1)).toBe(255);
	expect(index(1000)).toBe(1);
	expect(cellText('age', -1, 'ns')).toBe('not accessed so far');
});
