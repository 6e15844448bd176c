import { expect, test } from 'vitest';
import { drawLane } from '#lib/components/workbench/draw-lane.ts';
import { drawShade } from '#lib/components/workbench/draw-shade.ts';
import { colourIndex } from '#lib/view/colour-scale.ts';
import { gfnScale } from '#lib/view/gfn-scale.ts';
import { placeGrid } from '#lib/view/grid.ts';
import { paintUp, paletteTable } from '#lib/view/palette.ts';

/** Three columns, two rows; row 0 is the lowest gfn. */
const grid = {
	...{ startNs: 0, columnNs: 10, columns: 3, startGfn: 0, rowPages: 1, rows: 2 },
	cells: Uint8Array.of(1, 0, 9, 0, 3, 0)
};

function canvas(width: number, height: number) {
	const made = document.createElement('canvas');
	made.width = width;
	made.height = height;
	const context = made.getContext('2d', { willReadFrequently: true });
	if (!context) throw new Error('no 2d context');
	return context;
}
const pixel = (context: CanvasRenderingContext2D, x: number, y: number) => [
	...context.getImageData(x, y, 1, 1).data
];

function painted(theme: 'light' | 'dark'): CanvasRenderingContext2D {
	const sheet = canvas(3, 2);
	const image = sheet.createImageData(3, 2);
	const table = paletteTable(theme);
	paintUp(grid, new Uint32Array(image.data.buffer), { index: colourIndex('log', 9), table });
	sheet.putImageData(image, 0, 0);
	return sheet;
}

test.each(['light', 'dark'] as const)(
	'%s: the lowest gfn is the bottom row, zero is see-through',
	(theme) => {
		const sheet = painted(theme);
		expect(pixel(sheet, 0, 0)[3]).toBe(0);
		expect(pixel(sheet, 1, 0)[3]).toBe(255);
		expect(pixel(sheet, 0, 1)[3]).toBe(255);
		expect(pixel(sheet, 1, 1)[3]).toBe(0);
		// least, middle and most have three colours
		const colours = [pixel(sheet, 0, 1), pixel(sheet, 1, 0), pixel(sheet, 2, 1)].map(String);
		expect(new Set(colours).size).toBe(3);
	}
);

test('the most has the last colour of the palette', () => {
	const last = paletteTable('light')[255] ?? 0;
	expect(pixel(painted('light'), 2, 1)).toEqual([last & 255, (last >> 8) & 255, (last >> 16) & 255, 255]);
});

test('a zoomed cell covers exactly its pixels', () => {
	const context = canvas(40, 20);
	const box = placeGrid(grid, {
		time: { from: 10, to: 30 },
		gfns: { from: 0, to: 2 },
		width: 40,
		height: 20
	});
	context.imageSmoothingEnabled = false;
	context.drawImage(painted('light').canvas, box.x, box.y, box.width, box.height);
	const full = (x: number, y: number) => pixel(context, x, y)[3] === 255;
	// column 1 has its count in the upper row, column 2 in the lower one
	expect([full(0, 0), full(19, 9), full(20, 9), full(19, 10)]).toEqual([true, true, false, false]);
	expect([full(20, 10), full(39, 19), full(39, 9)]).toEqual([true, true, false]);
});

test('folded gfns stay empty, and a picture is cut at its stretch', () => {
	// gfns 0 and 1 have cells, 2 to 17 nothing: a break of 15 pixels on top of 40 for two pages
	const context = canvas(30, 55);
	const { pieces } = gfnScale({ from: 0, to: 18 }, 55, [{ from: 2, to: 18 }]);
	const sheet = painted('light').canvas;
	const whole = { ...grid, max: 9, total: 13 };
	const pictures = [
		{ grid: whole, sheet },
		// a picture that came for another view: its upper row lies in the fold
		{ grid: { ...whole, startGfn: 1 }, sheet }
	];
	drawLane(context, {
		...{ time: { from: 0, to: 30 }, width: 30, pieces, pictures, outlines: [], outlineColour: 'red' }
	});
	const full = (x: number, y: number) => pixel(context, x, y)[3] === 255;
	// row 0 of the first picture: 20 pixels at the bottom, columns 0 and 2
	expect([full(5, 54), full(5, 36), full(15, 54), full(25, 36)]).toEqual([true, true, false, true]);
	// gfn 1: column 1 of the first, columns 0 and 2 of the second picture
	expect([full(5, 34), full(15, 16), full(25, 16)]).toEqual([true, true, true]);
	for (const x of [5, 15, 25]) for (const y of [0, 7, 14]) expect(full(x, y)).toBe(false);
});

test('a loss of no length is still two pixels wide', () => {
	const context = canvas(20, 10);
	drawShade(context, [[5, 5]], { colour: 'rgb(200, 0, 0)' });
	expect([4, 5, 6, 7].map((x) => pixel(context, x, 5)[3])).toEqual([0, 255, 255, 0]);
});

test('hatching leaves gaps and stays in its stretch', () => {
	const context = canvas(60, 30);
	drawShade(context, [[10, 50]], { colour: 'rgb(200, 0, 0)', hatched: true });
	const row = Array.from({ length: 60 }, (_, x) => pixel(context, x, 15)[3] ?? 0);
	expect(row.slice(0, 10).every((alpha) => alpha === 0)).toBe(true);
	expect(row.slice(50).every((alpha) => alpha === 0)).toBe(true);
	expect(row.slice(10, 50).some((alpha) => alpha > 0)).toBe(true);
	expect(row.slice(10, 50).some((alpha) => alpha === 0)).toBe(true);
});
