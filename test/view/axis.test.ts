import { expect, test } from 'vitest';
import { gfnTicks, placedTimes, timeTicks } from '#lib/view/axis.ts';

test('ticks of a short session are in units that people read, and never crowded', () => {
	const labels = (from: number, to: number, count = 5) =>
		timeTicks({ from, to }, count, 'ns').map((tick) => tick.label);
	expect(labels(0, 9500)).toEqual(['0', ...[2, 4, 6, 8].map((us) => `${us}\u202fµs`)]);
	expect(labels(0, 1_500_000)).toEqual(['0', '0.5\u202fms', '1.0\u202fms', '1.5\u202fms']);
	expect(labels(2_000_000_500, 2_000_001_000, 2)[1]).toBe('2.000\u202f000\u202f8\u202fs');
	for (const to of [7, 95, 1234, 999_999, 1_000_001, 7_654_321_987])
		for (const count of [2, 5, 9]) expect(labels(0, to, count).length).toBeLessThanOrEqual(count + 1);
});

test('no label of a time axis touches another or leaves the axis, however far zoomed in', () => {
	for (const from of [0, 7, 98_518_310_170, 3_600_000_000_000])
		for (const length of [64, 100, 5000, 1e6, 33e9])
			for (const width of [120, 480, 600, 900, 1400])
				for (const clock of ['ns', 'instructions', 'lines'] as const) {
					const placed = placedTimes({ from, to: from + length }, width, clock);
					expect(placed.length).toBeGreaterThan(0);
					const edges = placed.flatMap(({ x, label }) => [x - label.length * 3.2, x + label.length * 3.2]);
					expect(edges).toEqual([...edges].sort((a, b) => a - b));
					expect(edges[0]).toBeGreaterThanOrEqual(0);
					expect(edges.at(-1)).toBeLessThanOrEqual(width + 8);
				}
});

test('a time axis keeps its usual ticks where their labels are short', () => {
	const placed = placedTimes({ from: 0, to: 100_000_000_000 }, 500, 'ns');
	expect(placed.map(({ label }) => label)).toEqual(['0', ...[20, 40, 60, 80, 100].map((s) => `${s}\u202fs`)]);
	expect(placed[1]?.x).toBe(100);
});

test('ticks are round and labelled apart', () => {
	expect(timeTicks({ from: 0, to: 100_000_000_000 }, 5, 'ns').map((tick) => tick.label)).toEqual([
		'0',
		...[20, 40, 60, 80, 100].map((s) => `${s}\u202fs`)
	]);
	expect(gfnTicks({ from: 0x100, to: 0x10000 }, 5).map((tick) => tick.label)).toEqual([
		'0x100',
		'0x4000',
		'0x8000',
		'0xc000'
	]);
});
