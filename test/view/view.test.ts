import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { EVENT_COLUMNS } from '#lib/domain/event-columns.ts';
import { MODES } from '#lib/domain/kinds.ts';
import { ANALYSES } from '#lib/view/analysis-view.ts';
import { gfnTicks, placedTimes, timeTicks } from '#lib/view/axis.ts';
import { ageIndex, CELL_VALUES, cellText } from '#lib/view/cell-values.ts';
import { colourIndex } from '#lib/view/colour-scale.ts';
import { uncovered } from '#lib/view/coverage.ts';
import { formatBytes, formatDuration, formatInt, formatShare, formatTime } from '#lib/view/format.ts';
import { cellAt, placeGrid } from '#lib/view/grid.ts';
import { LANE_HEIGHTS, laneHeights, LEAST_HEIGHT } from '#lib/view/lane-layout.ts';
import { pageGridLayout, pagePoint, pagesAt } from '#lib/view/page-grid.ts';
import { gridCells, pageTraps, rightsText, TRAP_EXEC, TRAP_READ, TRAP_WRITE } from '#lib/view/page-traps.ts';
import { parsePage, parseTime, parseTimeTarget } from '#lib/view/parse-input.ts';
import { panRange, zoomRange } from '#lib/view/range.ts';
import { arrowStep, keyAction } from '#lib/view/session-keys.ts';
import { DEFAULT_VIEW, formatView, parseView, TABS, type ViewState } from '#lib/view/view-state.ts';
import { trackedOutline, trackedOutlines } from '#lib/view/tracked-outline.ts';
import {
	isScaled,
	lastTop,
	listHeight,
	revealRow,
	scrollOfTop,
	topOfScroll
} from '#lib/view/virtual-rows.ts';

const range = (limit: number) =>
	fc.tuple(fc.nat(limit - 1), fc.integer({ min: 1, max: 1000 })).map(([from, n]) => ({ from, to: from + n }));
const anyView: fc.Arbitrary<ViewState> = fc.record({
	time: fc.option(range(2 ** 52)),
	gfns: fc.dictionary(fc.nat(40).map(String), range(2 ** 39), { noNullPrototype: true }),
	modes: fc.subarray([...MODES]),
	value: fc.constantFrom(...CELL_VALUES),
	pin: fc.option(fc.nat(2 ** 31)),
	note: fc.option(fc.uuid()),
	scale: fc.constantFrom('log' as const, 'linear' as const, 'rank' as const),
	at: fc.option(
		fc.oneof(
			fc.record({ seq: fc.nat(2 ** 31) }),
			fc.record({ tsNs: fc.maxSafeNat().map((n) => Math.floor(n / 2)) })
		)
	),
	page: fc.option(fc.nat(2 ** 40 - 1)),
	tab: fc.constantFrom(...TABS),
	analysis: fc.record({
		name: fc.constantFrom(...ANALYSES),
		lane: fc.option(fc.nat(40)),
		filtered: fc.boolean(),
		by: fc.constantFrom('mode' as const, 'lane' as const),
		periodNs: fc.option(fc.integer({ min: 1 })),
		order: fc.constantFrom('seq' as const, 'delay' as const),
		min: fc.integer({ min: 2 }),
		withinNs: fc.nat()
	}),
	filter: fc.string(),
	filterLanes: fc.boolean(),
	brush: fc.option(fc.record({ lane: fc.nat(40), time: range(2 ** 52), gfns: range(2 ** 39) })),
	turned: fc.uniqueArray(fc.nat(40)),
	table: fc.boolean(),
	fold: fc.boolean(),
	heights: fc.constantFrom(...LANE_HEIGHTS),
	columns: fc.subarray([...EVENT_COLUMNS]).map((some) => [...new Set(['seq' as const, ...some])]),
	rows: fc.option(range(2 ** 31))
});

describe('the address', () => {
	test('brings back every view', () => {
		fc.assert(
			fc.property(anyView, (view) => {
				expect(parseView(new URLSearchParams(formatView(view)))).toEqual(view);
			})
		);
	});

	test('says nothing of what is as usual', () => {
		expect(formatView(DEFAULT_VIEW)).toBe('');
	});

	test('falls back to the usual where it is malformed', () => {
		const broken = 'time=9..3&gfn=x&seq=-1&tab=weather&colour=mauve&page=0xzz&brush=1:2';
		expect(parseView(new URLSearchParams(broken))).toEqual(DEFAULT_VIEW);
	});
});

describe('ranges', () => {
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
});

describe('heat cells', () => {
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
});

test('the youngest age has the strongest colour, no access has none', () => {
	const index = ageIndex(colourIndex('log', 1000));
	expect(index(-1)).toBe(0);
	expect(index(1)).toBe(255);
	expect(index(1000)).toBe(1);
	expect(cellText('age', -1, 'ns')).toBe('not accessed so far');
});

test('the outline of tracked cells goes once around them', () => {
	const edges = trackedOutline({ columns: 3, rows: 2, cells: Uint8Array.of(0, 1, 0, 0, 2, 5) });
	expect(edges.filter((edge) => edge.across)).toEqual([
		{ x: 1, y: 0, length: 1, across: true },
		{ x: 2, y: 1, length: 1, across: true },
		{ x: 1, y: 2, length: 2, across: true }
	]);
	expect(edges.filter((edge) => !edge.across)).toEqual([
		{ x: 1, y: 0, length: 2, across: false },
		{ x: 2, y: 0, length: 1, across: false },
		{ x: 3, y: 1, length: 1, across: false }
	]);
});

test('an outline says what share of the cells’ pages is tracked', () => {
	// rows of 4 pages from 0x10 on, of which the lane has the last 2, 4 and 1
	const grid = {
		...{ startNs: 0, columnNs: 1, columns: 3, startGfn: 0x10, rowPages: 4, rows: 3, max: 4, total: 9 },
		cells: Uint8Array.of(...[1, 2, 0], ...[1, 2, 4], ...[0, 0, 1])
	};
	const levels = trackedOutlines(grid, { from: 0x12, to: 0x19 });
	const area = (cells: number[]) => trackedOutline({ columns: 3, rows: 3, cells: Uint8Array.from(cells) });
	expect(levels).toEqual([
		{ share: 'some', edges: area([...[1, 1, 0], ...[1, 1, 1], ...[0, 0, 1]]) },
		{ share: 'half', edges: area([...[1, 1, 0], ...[0, 1, 1], ...[0, 0, 1]]) },
		{ share: 'all', edges: area([...[0, 1, 0], ...[0, 0, 1], ...[0, 0, 1]]) }
	]);
	expect(trackedOutlines({ ...grid, cells: new Uint8Array(9) }, { from: 0, to: 99 })).toEqual([]);
});

test('a lane is not covered before its first memslot, between two and after the last', () => {
	const slots = [
		{ lane: 0, createdNs: 10, deletedNs: 20 },
		{ lane: 0, createdNs: 15, deletedNs: 30 },
		{ lane: 0, createdNs: 50, deletedNs: 60 },
		{ lane: 1, createdNs: 0, deletedNs: null }
	];
	expect(uncovered(slots, 0, { from: 0, to: 100 })).toEqual([
		{ from: 0, to: 10 },
		{ from: 30, to: 50 },
		{ from: 60, to: 100 }
	]);
	expect(uncovered(slots, 1, { from: 0, to: 100 })).toEqual([]);
	expect(uncovered(slots, 2, { from: 0, to: 100 })).toEqual([{ from: 0, to: 100 }]);
});

describe('lane heights', () => {
	test('main memory gets the room, a quiet slot its least', () => {
		const lanes = [
			{ lane: 0, npages: 160, accesses: 3 },
			{ lane: 1, npages: 65_280, accesses: 1_000_000 }
		];
		expect(laneHeights(lanes, 400)).toEqual([LEAST_HEIGHT, 400 - LEAST_HEIGHT]);
	});
	test('equal heights share the room, whatever the lanes hold', () => {
		const lanes = [160, 65_280, 16].map((npages, lane) => ({ lane, npages, accesses: lane }));
		expect(laneHeights(lanes, 301, 'equal')).toEqual([100, 100, 100]);
		expect(laneHeights(lanes, 30, 'equal')).toEqual([LEAST_HEIGHT, LEAST_HEIGHT, LEAST_HEIGHT]);
	});
	test('no lane is lower than its least, even where there is no room', () => {
		const lanes = Array.from({ length: 30 }, (_, lane) => ({ lane, npages: 512, accesses: 10 }));
		expect(laneHeights(lanes, 100).every((height) => height >= LEAST_HEIGHT)).toBe(true);
	});
});

describe('the page grid', () => {
	test('shows every page of every slot in its box, and finds it again', () => {
		fc.assert(
			fc.property(fc.integer({ min: 1, max: 4_000_000 }), fc.nat(), (npages, pick) => {
				const gfns = { from: 0x100, to: 0x100 + npages };
				const layout = pageGridLayout(npages, 360, 190);
				const gfn = gfns.from + (pick % npages);
				expect(layout.rows * layout.cell).toBeLessThanOrEqual(190);
				expect(layout.columns * layout.cell).toBeLessThanOrEqual(360);
				const { x, y } = pagePoint(layout, gfns, gfn);
				const found = pagesAt(layout, gfns, x + 1, y + 1);
				expect(found && gfn >= found.from && gfn < found.to).toBe(true);
			})
		);
	});

	const none = { preread: [], prewrite: [], write: [], preexec: [] };
	const gfns = { from: 0, to: 4 };
	test('a counter traps, also where the policy fell silent', () => {
		const runs = { ...none, write: [{ gfn: 1, npages: 2 }] };
		expect([...pageTraps({ runs, silent: null }, null, gfns)]).toEqual([0, TRAP_WRITE, TRAP_WRITE, 0]);
	});
	test('any runs give what looking at each page gives', () => {
		const run = fc.record({ gfn: fc.nat(60), npages: fc.integer({ min: 1, max: 30 }) });
		const runsOf = fc.array(run, { maxLength: 4 });
		const byMode = fc.record({ preread: runsOf, prewrite: runsOf, write: runsOf, preexec: runsOf });
		const set = fc.record({
			mode: fc.constantFrom(...MODES),
			startGfn: fc.nat(60),
			endGfn: fc.option(fc.nat(90))
		});
		const catches = { preread: TRAP_READ, prewrite: TRAP_WRITE, write: TRAP_WRITE, preexec: TRAP_EXEC };
		fc.assert(
			fc.property(
				byMode,
				fc.option(byMode),
				fc.option(fc.array(set, { maxLength: 5 })),
				range(80),
				(runs, silent, sets, gfns) => {
					const within = (gfn: number, list: readonly { gfn: number; npages: number }[] = []): boolean =>
						list.some((each) => gfn >= each.gfn && gfn < each.gfn + each.npages);
					const expected = Array.from({ length: gfns.to - gfns.from }, (_, i) => {
						const gfn = gfns.from + i;
						return MODES.filter((mode) => {
							const declared = sets?.some(
								(each) => each.mode === mode && gfn >= each.startGfn && gfn < (each.endGfn ?? Infinity)
							);
							return within(gfn, runs[mode]) || (declared && !within(gfn, silent?.[mode]));
						}).reduce((traps, mode) => traps | catches[mode], 0);
					});
					expect([...pageTraps({ runs, silent }, sets, gfns)]).toEqual(expected);
				}
			),
			{ numRuns: 150 }
		);
	});
	test('what the policy arms traps until it was notified', () => {
		const silent = { ...none, preread: [{ gfn: 2, npages: 1 }] };
		const armed = [{ mode: 'preread' as const, startGfn: 1, endGfn: null }];
		expect([...pageTraps({ runs: none, silent }, armed, gfns)]).toEqual([0, TRAP_READ, 0, TRAP_READ]);
	});
	test('a single page that differs shows in a cell of many', () => {
		expect([...gridCells(Uint8Array.of(7, 7, 7, 7, 7, 3, 7, 7), 4)]).toEqual([7, 3]);
		expect([...gridCells(Uint8Array.of(0, 0, 0, 2, 0, 0, 0, 0), 4)]).toEqual([2, 0]);
	});
	test('names the rights that are left', () => {
		expect(rightsText(0)).toBe('RWX');
		expect(rightsText(7)).toBe('---');
		expect(rightsText(TRAP_WRITE)).toBe('R-X');
	});
});

describe('long lists', () => {
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
});

describe('text', () => {
	test('a time shows every nanosecond', () => {
		expect(formatTime(12_204_551_873, 'ns')).toBe('12.204\u202f551\u202f873\u202fs');
	});
	test('units are chosen by size', () => {
		expect(formatDuration(38_210_000_000, 'ns')).toBe('38.2\u202fs');
		expect(formatDuration(6_017_000_000, 'instructions')).toBe('6.02\u202fG insns');
		expect(formatBytes(98_849_243)).toBe('94.3\u202fMiB');
	});
	test('less than everything is never called 100 %', () => {
		expect(formatShare(0.99999)).toBe('99.9\u202f%');
		expect(formatShare(1)).toBe('100\u202f%');
	});
	test.each([
		['12.5s', 12_500_000_000],
		['300 ms', 300_000_000],
		['1,000', 1000],
		['12', 12],
		['12.5', 12_500_000_000],
		['12.204 551 873', 12_204_551_873],
		['0.5ns', 0],
		['2 parsecs', null]
	])('reads the time %s', (text, value) => {
		expect(parseTime(text)).toBe(value);
	});
	test('reads an event number and a page', () => {
		expect(parseTimeTarget('#48,211')).toEqual({ seq: 48_211 });
		expect(parsePage('gpa:0x1234567')).toBe(0x1234);
		expect(parsePage('0x1234')).toBe(0x1234);
		expect(parsePage('here')).toBeNull();
	});
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
		expect(placed.map(({ label }) => label)).toEqual([
			'0',
			...[20, 40, 60, 80, 100].map((s) => `${s}\u202fs`)
		]);
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
});

test('keys do what the list of keys says, and leave the browser its own', () => {
	const plain = { shiftKey: false, ctrlKey: false, metaKey: false, altKey: false };
	expect(keyAction({ ...plain, key: 'ArrowRight' })).toEqual({ do: 'step', by: 1, over: 'event' });
	expect(keyAction({ ...plain, key: 'ArrowRight', shiftKey: true })).toEqual({
		do: 'step',
		by: 1,
		over: 'change'
	});
	expect(keyAction({ ...plain, key: '3' })).toEqual({ do: 'mode', index: 2 });
	expect(keyAction({ ...plain, key: 't', ctrlKey: true })).toBeNull();
	expect(keyAction({ ...plain, key: 'd' })).toEqual({ do: 'pan', by: 0.25 });
	expect(keyAction({ ...plain, key: 'q' })).toBeNull();
	expect(arrowStep({ ...plain, key: 'ArrowUp' })).toEqual({ columns: 0, rows: 1 });
	expect(arrowStep({ ...plain, key: 'ArrowLeft', ctrlKey: true })).toEqual({ columns: -10, rows: 0 });
	expect(arrowStep({ ...plain, key: 'ArrowLeft', altKey: true })).toBeNull();
	expect(arrowStep({ ...plain, key: 'Enter' })).toBeNull();
});

test('whole numbers are grouped as English does', () => {
	const wanted = new Intl.NumberFormat('en-US', { maximumFractionDigits: 0 });
	fc.assert(
		fc.property(fc.oneof(fc.maxSafeInteger(), fc.integer({ min: -2000, max: 2000 })), (value) => {
			expect(formatInt(value)).toBe(wanted.format(value));
		})
	);
	expect(formatInt(1226396)).toBe('1,226,396');
});
