import { lab, rgb } from 'd3';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { ComparedGrid } from '#lib/api/compare-types.ts';
import { MODES } from '#lib/domain/kinds.ts';
import { compareTicks } from '#lib/view/compare-ticks.ts';
import {
	ALIGNMENTS,
	type CompareView,
	DEFAULT_COMPARE,
	formatCompare,
	MAPS,
	MOVER_LIMITS,
	MOVER_ORDERS,
	MOVER_SIDES,
	parseCompare,
	sessionQuery,
	swapped
} from '#lib/view/compare-view.ts';
import {
	columnsTime,
	comparedCell,
	comparedCsv,
	comparedRows,
	filledShare,
	formatLogRatio,
	nearbyWindows,
	ratioText,
	sharedColumns,
	sideFactor
} from '#lib/view/compared-cells.ts';
import { phaseIndex, phasesOf } from '#lib/view/phases.ts';
import {
	NOTHING,
	onlyColour,
	ratioColour,
	ratioIndexes,
	ratioLimit,
	ratioTable
} from '#lib/view/ratio-colour.ts';
import { pixel } from '#lib/view/palette.ts';
import { parseView } from '#lib/view/view-state.ts';

const range = (limit: number) =>
	fc.tuple(fc.nat(limit - 1), fc.integer({ min: 1, max: 1000 })).map(([from, n]) => ({ from, to: from + n }));
const side = fc.record({ id: fc.option(fc.string({ minLength: 1 })), time: fc.option(range(2 ** 52)) });
const anyView: fc.Arbitrary<CompareView> = fc.record({
	a: side,
	b: side,
	modes: fc.subarray([...MODES]),
	maps: fc.constantFrom(...MAPS),
	align: fc.constantFrom(...ALIGNMENTS),
	normalise: fc.constantFrom('none' as const, 'time' as const),
	scale: fc.constantFrom('log' as const, 'linear' as const, 'rank' as const),
	gfns: fc.dictionary(fc.nat(40).map(String), range(2 ** 39), { noNullPrototype: true }),
	turned: fc.uniqueArray(fc.nat(40)),
	order: fc.constantFrom(...MOVER_ORDERS),
	more: fc.constantFrom(...MOVER_SIDES),
	limit: fc.constantFrom(...MOVER_LIMITS),
	page: fc.option(fc.nat(2 ** 40 - 1))
});

describe('the address', () => {
	test('gives back every view', () => {
		fc.assert(
			fc.property(anyView, (view) => {
				expect(parseCompare(new URLSearchParams(formatCompare(view)))).toEqual(view);
			})
		);
	});

	test('takes defaults for what is malformed', () => {
		const wrong = 'aTime=9..3&maps=x&gfn=0:9..1&limit=7&order=up&page=-1';
		expect(parseCompare(new URLSearchParams(wrong))).toEqual(DEFAULT_COMPARE);
	});

	test('swapping twice changes nothing but the zoom of pairs', () => {
		fc.assert(
			fc.property(anyView, (view) => {
				expect(swapped(swapped(view))).toEqual({ ...view, gfns: {}, turned: [] });
			})
		);
	});

	test('a link to a session opens the page in the window and, for tracked pages, at its end', () => {
		const query = sessionQuery(
			{ from: 10, to: 20 },
			{ page: 5, lane: 2, gfns: { from: 0, to: 9 }, tsNs: 19 }
		);
		expect(parseView(new URLSearchParams(query))).toMatchObject({
			...{ time: { from: 10, to: 20 }, page: 5, tab: 'page', at: { tsNs: 19 } },
			gfns: { 2: { from: 0, to: 9 } }
		});
	});
});

test('a phase lasts from its mark to the next one, the last to the end', () => {
	const marks = [
		{ tsNs: 50, name: 'work' },
		{ tsNs: 10, name: 'idle' },
		{ tsNs: 50, name: 'again' }
	];
	const phases = phasesOf(marks, { from: 0, to: 80 });
	expect(phases).toEqual([
		{ name: 'idle', time: { from: 10, to: 50 } },
		{ name: 'again', time: { from: 50, to: 80 } }
	]);
	expect(phaseIndex(phases, { from: 50, to: 80 })).toBe(1);
	expect(phaseIndex(phases, null)).toBe(-1);
});

/** 3 columns of 10 ns by 2 rows of 4 pages; B's window ends after 15 of 30 ns. */
const grid: ComparedGrid = {
	pair: { pair: 0, asId: 0, baseGfn: 16, npages: 7, a: 0, b: 0, names: [] },
	...{ columns: 3, rows: 2, startGfn: 16, rowPages: 4, max: 7 },
	a: { startNs: 100, columnNs: 10, cells: [0, 3, 1, 7, 0, 0] },
	b: { startNs: 500, columnNs: 10, cells: [0, 1, 0, 0, 2, 0] },
	logRatio: [0, -1, -1, -3, Math.log2(3), 0]
};
const place = { windows: { a: { from: 100, to: 130 }, b: { from: 500, to: 515 } }, gfnEnd: 23 };

describe('cells of a comparison', () => {
	test('tell both counts, half-open ranges cut to the windows, and where a window ended', () => {
		expect(comparedCell(grid, { column: 1, row: 1 }, place)).toEqual({
			...{ column: 1, row: 1, a: 0, b: 2, logRatio: Math.log2(3) },
			gfns: { from: 20, to: 23 },
			times: { a: { from: 110, to: 120 }, b: { from: 510, to: 515 } }
		});
		expect(comparedCell(grid, { column: 2, row: 0 }, place)?.times.b).toBeNull();
		expect(comparedCell(grid, { column: 3, row: 0 }, place)).toBeNull();
	});

	test('columns of a brush are a window of each side, none after its end', () => {
		expect(columnsTime(grid, 'a', { from: 1, to: 3 }, place.windows.a)).toEqual({ from: 110, to: 130 });
		expect(columnsTime(grid, 'b', { from: 0, to: 3 }, place.windows.b)).toEqual({ from: 500, to: 515 });
		expect(columnsTime(grid, 'b', { from: 2, to: 3 }, place.windows.b)).toBeNull();
		expect(filledShare(grid, 'b', place.windows.b)).toBe(0.5);
	});

	test('as CSV have a line each, the highest gfns first', () => {
		const lines = comparedCsv(comparedRows(grid, place)).split('\r\n');
		expect(lines).toHaveLength(8);
		expect(lines[1]).toBe('20,23,100,110,500,510,7,0,-3');
		expect(lines[6]).toBe('16,20,120,130,,,1,0,-1');
	});

	test('counts of longer columns are scaled down only if that is wished', () => {
		const long = { ...grid, b: { ...grid.b, columnNs: 40 } };
		expect([sideFactor(long, 'a', 'time'), sideFactor(long, 'b', 'time')]).toEqual([1, 0.25]);
		expect(sideFactor(long, 'b', 'none')).toBe(1);
	});

	test('are told in words and with a sign', () => {
		expect(ratioText(0, 0, 0)).toBe('none on both sides');
		expect(ratioText(3, 0, -2)).toBe('only in A');
		expect(ratioText(0, 1, 1)).toBe('only in B');
		expect(ratioText(2, 2, 0)).toBe('alike');
		expect([formatLogRatio(1), formatLogRatio(-0.5), formatLogRatio(-0.001)]).toEqual([
			'+1.00',
			'−0.50',
			'0.00'
		]);
	});
});

test('neighbours of a window have its length and stay in the session', () => {
	const whole = { from: 0, to: 100 };
	expect(nearbyWindows({ from: 20, to: 40 }, whole)).toEqual([
		{ name: 'the window before', time: { from: 0, to: 20 } },
		{ name: 'the window after', time: { from: 40, to: 60 } },
		{ name: 'the whole session', time: null }
	]);
	expect(nearbyWindows({ from: 10, to: 90 }, whole).map(({ name }) => name)).toEqual(['the whole session']);
});

test('ticks count a side’s own time, and under the log ratio from the beginnings', () => {
	const long = { ...grid, a: { ...grid.a, startNs: 4e9, columnNs: 1e9 } };
	const options = { align: 'time', clock: 'ns', width: 300 } as const;
	expect(compareTicks(long, 'a', options)[0]).toMatchObject({ at: 0, label: '4\u202fs' });
	expect(compareTicks(long, 'ratio', options)[1]).toMatchObject({ at: 100, x: 100, label: '+1\u202fs' });
	expect(compareTicks(long, 'ratio', { ...options, align: 'fraction' })[2]).toMatchObject({
		at: 150,
		label: '50\u202f%'
	});
});

test('labels of a comparison never touch, however near one looks', () => {
	for (const columnNs of [1, 7, 40, 3e6, 2e9])
		for (const what of ['a', 'ratio'] as const)
			for (const align of ['time', 'fraction'] as const)
				for (const width of [220, 340, 940]) {
					const near = { ...grid, columns: 30, a: { ...grid.a, startNs: 98_518_310_170, columnNs } };
					const edges = compareTicks(near, what, { align, clock: 'ns', width }).flatMap(({ x, label }) => [
						x - label.length * 3.2,
						x + label.length * 3.2
					]);
					expect(edges.length).toBeGreaterThan(0);
					expect(edges).toEqual([...edges].sort((a, b) => a - b));
				}
});

/** How far apart two colours look (CIE76), as they are or as somebody without green cones sees them. */
const distance = (one: string, other: string) => {
	const [a, b] = [lab(one), lab(other)];
	return Math.hypot(a.l - b.l, a.a - b.a, a.b - b.b);
};
// Machado, Oliveira and Fernandes 2009, severity 1, on linear light
const DEUTAN = [
	[0.367322, 0.860646, -0.227968],
	[0.280085, 0.672501, 0.047413],
	[-0.01182, 0.04294, 0.968881]
] as const;
function withoutGreen(colour: string): string {
	const { r, g, b } = rgb(colour);
	const linear = [r, g, b].map((each) => ((each / 255 + 0.055) / 1.055) ** 2.4);
	const seen = DEUTAN.map((row) => row.reduce((sum, factor, i) => sum + factor * (linear[i] ?? 0), 0));
	const back = seen.map((each) => 255 * (1.055 * Math.max(0, Math.min(1, each)) ** (1 / 2.4) - 0.055));
	return rgb(back[0] ?? 0, back[1] ?? 0, back[2] ?? 0).formatRgb();
}

for (const [theme, background] of [
	['light', '#fcfcfd'],
	['dark', '#12151b']
] as const)
	describe(`log-ratio colours, ${theme}`, () => {
		test('equal steps look equal on each side of alike', () => {
			for (const sign of [-1, 1]) {
				for (const alone of [false, true]) {
					const colour = (i: number) => ratioColour(theme, (sign * i) / 8, alone);
					const steps = Array.from({ length: 8 }, (_, i) => distance(colour(i), colour(i + 1)));
					expect(Math.max(...steps) / Math.min(...steps)).toBeLessThan(1.35);
				}
			}
		});

		test('go steadily away from the background, one side alone as far as both', () => {
			const away = (colour: string) => Math.abs(lab(colour).l - lab(background).l);
			for (const sign of [-1, 1]) {
				const [both = [], alone = []] = [false, true].map((each) =>
					Array.from({ length: 9 }, (_, i) => away(ratioColour(theme, (sign * i) / 8, each)))
				);
				expect(both).toEqual(both.toSorted((x, y) => x - y));
				expect(both[0]).toBeGreaterThan(10);
				both.forEach((far, i) => expect(Math.abs(far - (alone[i] ?? 0))).toBeLessThan(1));
			}
		});

		test('are told apart without green cones too', () => {
			const pairs = [
				[ratioColour(theme, -0.4), ratioColour(theme, 0.4)],
				[ratioColour(theme, -1), ratioColour(theme, 1)],
				[onlyColour(theme, 'a'), onlyColour(theme, 'b')],
				[ratioColour(theme, 1), onlyColour(theme, 'b')],
				[ratioColour(theme, -1), onlyColour(theme, 'a')],
				[ratioColour(theme, 0), background]
			] as const;
			for (const [one, other] of pairs) {
				expect(distance(one, other)).toBeGreaterThan(12);
				expect(distance(withoutGreen(one), withoutGreen(other))).toBeGreaterThan(12);
			}
		});

		test('A is cool, B warm, on both sides purple and orange, as the legend says', () => {
			for (const alone of [false, true]) {
				const [a, b] = [rgb(ratioColour(theme, -1, alone)), rgb(ratioColour(theme, 1, alone))];
				expect(a.b).toBeGreaterThan(a.r);
				expect(b.r).toBeGreaterThan(b.b);
			}
			const [purple, green] = [rgb(ratioColour(theme, -1)), rgb(onlyColour(theme, 'a'))];
			expect(purple.g).toBeLessThan(purple.r);
			expect(green.g).toBeGreaterThan(green.r);
		});

		test('nothing is see-through, the table has the ramps’ ends', () => {
			const table = ratioTable(theme);
			expect(table[NOTHING]).toBe(0);
			expect([table[1], table[127]]).toEqual([pixel(ratioColour(theme, -1)), pixel(ratioColour(theme, 1))]);
			expect([table[191], table[255]]).toEqual([
				pixel(onlyColour(theme, 'a')),
				pixel(onlyColour(theme, 'b'))
			]);
			expect(new Set([table[64], table[128], table[192]]).size).toBe(1);
		});
	});

test('the ramps end at the largest ratio that is compared, rounded up', () => {
	const all = { columns: 1, of: 1 };
	expect(ratioLimit([])).toBe(1);
	expect(ratioLimit([[{ a: { cells: [1] }, b: { cells: [9] }, logRatio: [Math.log2(5)] }, all]])).toBe(3);
	// 600 to 0
	const alone = { a: { cells: [600] }, b: { cells: [0] }, logRatio: [-Math.log2(601)] };
	expect(ratioLimit([[alone, all]])).toBe(10);
	// in a column that only one window has
	expect(ratioLimit([[alone, { columns: 0, of: 1 }]])).toBe(1);
});

test('a cell that one side has gets the colour of its ratio, 13 to 0 another one than 1 to 0', () => {
	const a = [1, 13, 600, 0, 0, 0, 3, 4];
	const b = [0, 0, 0, 1, 600, 0, 3, 9];
	const cells = {
		a: { cells: a },
		b: { cells: b },
		logRatio: a.map((each, i) => Math.log2(((b[i] ?? 0) + 1) / (each + 1)))
	};
	const indexes = [...ratioIndexes(cells, 10, { columns: 8, of: 8 })];
	// 63 steps to a log ratio of 10: 1.00, 3.81, 9.23 and 1.00
	expect(indexes).toEqual([128 + 6, 128 + 24, 128 + 58, 192 + 6, 192 + 58, NOTHING, 64, 64 + 6]);
	expect([...ratioIndexes(cells, 10, { columns: 1, of: 4 })]).toEqual([134, 0, 0, 0, 250, 0, 0, 0]);
	// B's 15 ns reach into the second column of 10 ns
	expect(sharedColumns(grid, place.windows)).toBe(2);
	expect([...ratioIndexes(grid, 1, { columns: 2, of: 3 })].map((each) => each > 0)).toEqual([
		...[false, true, false],
		...[true, true, false]
	]);
});
