import { expect, test } from 'vitest';
import { placedTimes } from '#lib/view/axis.ts';
import { cellCsv, cellTable, joinTables } from '#lib/view/cell-table.ts';
import { gfnScale } from '#lib/view/gfn-scale.ts';
import { overviewNoteBox } from '#lib/view/note-boxes.ts';
import { type Drawing, pictureSvg, PLOT_WIDTH, wrapText, xml } from '#lib/view/picture.ts';
import { drawBars, drawSeries } from '#lib/view/picture-charts.ts';
import { type ComparedDrawing, drawCompared } from '#lib/view/picture-compare.ts';
import { drawHeat, gfnAxisTicks } from '#lib/view/picture-heat.ts';
import { drawOverview, OVERVIEW_HEIGHT } from '#lib/view/picture-overview.ts';
import { scaleOf } from '#lib/view/range.ts';
import { columnAt, stepArea, topColumns, valueTicks } from '#lib/view/series-chart.ts';

const head = {
	title: 'pc.ram: accesses',
	session: 'a <b> & "c"',
	window: '[1 s, 3 s)',
	filter: 'modes write · mode:write',
	theme: 'light'
} as const;
const time = { from: 1e9, to: 3e9 };
/** A heat map without a cell, a tick or a word. */
const bare = {
	parts: [],
	height: 100,
	time,
	clock: 'ns',
	yTicks: [],
	yName: '',
	legend: { low: '', high: '', unit: '' },
	lost: []
} as const;

test('a heat map says its session, window, filter, axes and colours', () => {
	const drawing = drawHeat({
		parts: [
			{
				...{ top: 0, height: 400, image: 'data:image/png;base64,AAAA' },
				box: { x: 0, y: 10, width: PLOT_WIDTH, height: 380 }
			}
		],
		height: 400,
		time,
		clock: 'ns',
		theme: 'light',
		yTicks: gfnAxisTicks(gfnScale({ from: 0x100, to: 0x200 }, 400)),
		yName: 'guest frame number (gfn)',
		legend: { low: '1', high: '9', unit: 'accesses a cell (log scale)' },
		uncovered: [{ from: 0, to: 2e9 }],
		lost: []
	});
	const { svg, width, height, fileName } = pictureSvg(head, drawing);
	for (const text of [
		'session: a &lt;b&gt; &amp; &quot;c&quot;',
		'window: [1 s, 3 s)',
		'filter: modes write · mode:write',
		'time since the session’s start (s)',
		'guest frame number (gfn)',
		'>0x100<',
		'9 accesses a cell (log scale)',
		'no memslot',
		'href="data:image/png;base64,AAAA"'
	])
		expect(svg).toContain(text);
	expect(svg).not.toContain('events lost');
	expect(svg).not.toMatch(/NaN|undefined/);
	expect(svg).toContain(`viewBox="0 0 ${width} ${height}"`);
	expect(fileName).toBe('a-b-c-pc-ram-accesses');
});

test('no memslot in the first half shades exactly half the plot', () => {
	const { body } = drawHeat({ ...bare, theme: 'dark', uncovered: [{ from: 0, to: 2e9 }] });
	expect(body).toContain(`width="${PLOT_WIDTH / 2}" height="100" fill="#1d222b"`);
});

test('the outline of tracked pages lies on the borders of its cells', () => {
	const edges = [
		{ x: 0, y: 1, length: 2, across: true },
		{ x: 1, y: 0, length: 1, across: false }
	];
	const levels = [
		{ share: 'some' as const, edges },
		{ share: 'all' as const, edges: edges.slice(1) }
	];
	const box = { x: 0, y: 0, width: 1000, height: 100 };
	const { body } = drawHeat({
		...bare,
		theme: 'light',
		uncovered: [],
		parts: [{ top: 20, height: 100, image: '', box, tracked: { levels, columns: 2, rows: 2, box } }]
	});
	// the plot begins at (110, 8), the strip 20 pixels below; row 1's lower border is in its middle
	expect(body).toContain('<g transform="translate(110,28)"');
	expect(body).toContain('d="M0 50H1000M500 100V50"');
	// a few tracked pages are dotted and paler than all
	expect(body).toMatch(/d="M0 50H1000M500 100V50"[^>]*stroke-opacity="0.6" stroke-dasharray="1 3"/);
	expect(body).toMatch(/d="M500 100V50"[^>]*stroke-opacity="1"\/>/);
	expect(body).toContain('>tracked, dotted: few</text>');
});

test('a break says what it leaves out, between the strips', () => {
	const heat = { height: 100, time, clock: 'ns', theme: 'light', yTicks: [], yName: '' } as const;
	const legend = { low: '', high: '', unit: '' };
	const breaks = [{ top: 40, height: 15, label: '512 unused pages folded' }];
	const { body } = drawHeat({ ...heat, legend, parts: [], breaks, uncovered: [], lost: [] });
	expect(body).toContain('>512 unused pages folded<');
	expect(body).toContain(`y1="48" y2="48"`);
	expect(body).toContain(`y1="63" y2="63"`);
});

test('a table of two stretches has a row for the fold between them', () => {
	const grid = { startNs: 0, columnNs: 10, columns: 2, rowPages: 4, rows: 1 };
	const span = { from: 0, to: 20 };
	const low = cellTable({ ...grid, startGfn: 0, cells: [1, 2] }, { time: span, gfns: { from: 0, to: 4 } });
	const high = cellTable(
		{ ...grid, startGfn: 90, cells: [3, 4] },
		{ time: span, gfns: { from: 90, to: 94 } }
	);
	const { rows, columns } = joinTables([low, high], [{ from: 4, to: 90 }], 0);
	expect(columns).toHaveLength(2);
	expect(rows).toEqual([
		{ gfns: { from: 90, to: 94 }, cells: [3, 4] },
		{ gfns: { from: 4, to: 90 }, cells: [0, 0], folded: true },
		{ gfns: { from: 0, to: 4 }, cells: [1, 2] }
	]);
});

test('a chart over time has both axes, and a legend of its lines', () => {
	const series = [{ key: 'write', label: 'write', colour: '#d0530a', values: [1, 4] }];
	const { body } = drawSeries({
		place: { startNs: 1e9, columnNs: 1e9, columns: 2 },
		...{ time, clock: 'instructions', theme: 'light', most: 4, unit: 'distinct pages' },
		panels: [{ title: '', series }]
	});
	expect(body).toContain('guest instructions since the session’s start');
	expect(body).toContain('distinct pages');
	expect(body).toContain('data-series="write"');
	expect(body).toMatch(/>write<\/text>/);
});

/** Left and right edges of the labels under a time axis that lies below `y`, in the order of the file. */
function labelEdges(body: string, y: number): number[] {
	// a letter of the picture's monospaced font is 0.61 of its size wide
	const wide = (text: string) => text.length * 11 * 0.61;
	const texts = body.matchAll(/<text x="([\d.]+)" y="(\d+)" font-family="ui-mono[^>]*middle[^>]*>([^<]*)</g);
	return [...texts]
		.filter((text) => Number(text[2]) === y + 18)
		.flatMap(([, x, , text = '']) => [Number(x) - wide(text) / 2, Number(x) + wide(text) / 2]);
}
const NEAR = { from: 98_000_000_017, to: 98_000_000_117 };
const near = { ...bare, time: NEAR, theme: 'light', uncovered: [] } as const;
const place = { startNs: NEAR.from, columnNs: 10, columns: 10 };
const panels = [{ title: '', series: [] }];
const compared: ComparedDrawing = {
	...{ id: 'a', title: '', theme: 'light', height: 100, image: '', filled: 1, ramps: [], squares: [] },
	...{ gfns: { from: 0, to: 9 }, imageGfns: { from: 0, to: 9 }, legend: { low: '', high: '' } },
	ticks: placedTimes(NEAR, PLOT_WIDTH, 'ns')
};
const drawings: readonly (readonly [string, Drawing, number])[] = [
	['a heat map', drawHeat(near), 108],
	['an overview', drawOverview({ ...near, ...place, layers: [], marks: [] }), 24 + OVERVIEW_HEIGHT],
	['a chart', drawSeries({ ...near, place, most: 1, unit: '', panels }), 332],
	['a comparison', drawCompared(compared), 124]
];
test.each(drawings)('no two times under %s of 100 ns at 98 s overlap', (_, { body }, y) => {
	const edges = labelEdges(body, y);
	expect(edges.length).toBeGreaterThanOrEqual(8);
	expect(edges).toEqual([...edges].sort((a, b) => a - b));
});

test('bars are as long as their numbers', () => {
	const rows = [
		{ label: 'gfn 0x1', text: '10', parts: [{ value: 10, colour: '#111' }] },
		{ label: 'gfn 0x2', text: '5', parts: [{ value: 5, colour: '#222' }] }
	];
	const { body } = drawBars(rows, { unit: 'accesses', theme: 'light', legend: [] });
	const width = (colour: string) =>
		Number(new RegExp(`width="([\\d.]+)" height="13" fill="${colour}"`).exec(body)?.[1]);
	expect(width('#111')).toBeCloseTo(2 * width('#222'), 1);
	expect(body).toContain('>accesses</text>');
});

test('a step runs to the right edge of its column and back to zero', () => {
	expect(
		stepArea(
			[1, 2],
			(column) => column * 10,
			(value) => 20 - value * 5
		)
	).toBe('M0,15L10,15L10,10L20,10L20,10L20,20L20,20L10,20L10,20L0,20Z');
});

test('the value axis ends at a round number that is not below the most', () => {
	expect(valueTicks(0).map(({ value }) => value)).toEqual([0, 1]);
	expect(valueTicks(37).map(({ value }) => value)).toEqual([0, 20, 40]);
	expect(valueTicks(65280).map(({ label }) => label)).toEqual(['0', '40,000', '80,000']);
});

test('a column is found by its half-open time', () => {
	const place = { startNs: 100, columnNs: 10, columns: 3 };
	expect([99, 100, 109, 110, 129, 130].map((tsNs) => columnAt(place, tsNs))).toEqual([-1, 0, 0, 1, 2, -1]);
});

test('the largest columns come first, empty ones never', () => {
	expect(topColumns([0, 3, 9, 3, 0], 4)).toEqual([2, 1, 3]);
});

test('text is made safe for XML and broken without losing a word', () => {
	expect(xml('a\u0001<\ud800>')).toBe('a\ufffd&lt;\ufffd&gt;');
	expect(wrapText('aaa bbb ccc', 7)).toEqual(['aaa bbb', 'ccc']);
	expect(wrapText('aaaaaaaaaa', 4)).toEqual(['aaaa', 'aaaa', 'aa']);
});

test('a table of cells has the highest gfns on top and keeps to the window', () => {
	const place = { startNs: 0, columnNs: 10, columns: 2, startGfn: 0, rowPages: 4, rows: 2 };
	const table = cellTable(
		{ ...place, cells: Uint8Array.of(1, 2, 3, 4) },
		{ time: { from: 5, to: 18 }, gfns: { from: 2, to: 8 } }
	);
	expect(table).toEqual({
		columns: [
			{ from: 5, to: 10 },
			{ from: 10, to: 18 }
		],
		rows: [
			{ gfns: { from: 4, to: 8 }, cells: [3, 4] },
			{ gfns: { from: 2, to: 4 }, cells: [1, 2] }
		]
	});
	expect(cellCsv(table, 'sum').split('\r\n')).toEqual([
		'from_ns,to_ns,from_gfn,to_gfn,sum',
		'5,10,4,8,3',
		'10,18,4,8,4',
		'5,10,2,4,1',
		'10,18,2,4,2',
		''
	]);
});

test('notes and the memory map are drawn where they are, with their texts and a legend', () => {
	const at = { left: 530, top: 20, width: 265, height: 40 };
	const box = { kind: 'rectangle', ...at, flag: { x: 530, y: 20 } } as const;
	const range = {
		startGpa: 0x100000,
		endGpa: 0x200000,
		startGfn: 0x100,
		endGfn: 0x200,
		depth: 1,
		name: 'Kernel <code>'
	};
	const { body, height } = drawHeat({
		...bare,
		...{ theme: 'light', uncovered: [] },
		notes: [{ box, text: 'busy <b>\nhere', where: 'ram [0x110, 0x120)' }],
		band: [{ range, x: 12, width: 12, top: 10, height: 90, label: 'Kernel <code>' }]
	});
	// the plot's corner is at (110, 8)
	expect(body).toContain('<rect x="640" y="28" width="265" height="40" fill="none" stroke="#8a5a00"');
	expect(body).toContain('transform="translate(640,28)"');
	expect(body).toContain('>ram [0x110, 0x120): busy &lt;b&gt; here</text>');
	expect(body).toContain(`<rect x="${110 + PLOT_WIDTH + 4 + 12}" y="18" width="11" height="90"`);
	expect(body).toContain('>Kernel &lt;code&gt;</text>');
	expect(body).toContain('>notes</text>');
	expect(body).toContain('>memory map</text>');
	const without = drawHeat({ ...bare, theme: 'light', uncovered: [] });
	expect(without.body).not.toMatch(/>notes<|>memory map</);
	expect(height - without.height).toBe(15 + 6);
});

test('a compared map has its session’s notes, with their texts below', () => {
	const at = { left: 530, top: 20, width: 265, height: 40 };
	const box = { kind: 'rectangle', ...at, flag: { x: 530, y: 20 } } as const;
	const bare = drawCompared(compared);
	const { body, height } = drawCompared({ ...compared, notes: [{ box, text: 'busy', where: 'ram' }] });
	// the plot's corner is at (110, 24)
	expect(body).toContain('<rect x="640" y="44" width="265" height="40" fill="none" stroke="#8a5a00"');
	expect(body).toContain('>ram: busy</text>');
	expect(body).toContain('>notes</text>');
	expect(bare.body).not.toContain('>notes<');
	expect(height).toBe(bare.height + 15);
});

test('the overview has notes at their times, rectangles as bars, and their texts below', () => {
	const plot = {
		time: { from: 0, to: 100 },
		x: scaleOf({ from: 0, to: 100 }, 1000),
		height: OVERVIEW_HEIGHT
	};
	const rectangle = {
		...{ type: 'rectangle' as const, lane: 0, fromGfn: 0, toGfn: 9 },
		...{ fromNs: 50, toNs: 400 }
	};
	expect(overviewNoteBox({ type: 'time', tsNs: 100 }, plot)).toBeNull();
	expect(overviewNoteBox({ type: 'page', gfn: 7 }, plot)).toBeNull();
	const at = overviewNoteBox({ type: 'time', tsNs: 20 }, plot);
	const long = overviewNoteBox(rectangle, plot);
	expect(at).toMatchObject({ kind: 'time', left: 200, width: 0, height: OVERVIEW_HEIGHT });
	expect(long).toMatchObject({ kind: 'rectangle', left: 500, width: 500, height: 4 });
	if (!at || !long) return;
	const { body, height } = drawOverview({
		...{ layers: [], startNs: 0, columnNs: 1, time: plot.time, clock: 'ns', theme: 'light' },
		...{ marks: [], lost: [] },
		notes: [
			{ box: at, text: 'fork', where: '20 ns' },
			{ box: long, text: 'busy', where: 'ram' }
		]
	});
	expect(body.match(/data-note=/g)).toHaveLength(2);
	expect(body).toContain('>20 ns: fork</text>');
	expect(body).toContain('>notes</text>');
	const bare = drawOverview({
		...{ layers: [], startNs: 0, columnNs: 1, time: plot.time, clock: 'ns', theme: 'light' },
		...{ marks: [], lost: [] }
	});
	expect(height).toBe(bare.height + 30);
});

test('a picture with many notes writes twelve of them and says how many more there are', () => {
	const box = { kind: 'time', left: 1, top: 0, width: 0, height: 100, flag: { x: 1, y: 0 } } as const;
	const notes = Array.from({ length: 14 }, (_, i) => ({ box, text: `note ${i + 1}`, where: '1 s' }));
	const { body } = drawHeat({ ...bare, theme: 'dark', uncovered: [], notes });
	expect(body).toContain('>1 s: note 12</text>');
	expect(body).not.toContain('>1 s: note 13</text>');
	expect(body).toContain('>and 2 more notes</text>');
	expect(body).toContain('<g data-note="14">');
});
