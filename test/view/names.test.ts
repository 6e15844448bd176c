import { expect, test } from 'vitest';
import { parseIomem } from '#lib/domain/iomem.ts';
import { bandBoxes, gfnName, gfnsName, gpaText, isSlide, namesKind } from '#lib/view/gfn-names.ts';

const TEXT = [
	'00000000-00000fff : Reserved',
	'00100000-007fffff : System RAM',
	'  00200000-003fffff : Kernel code',
	'  00400000-004007ff : Kernel data',
	'    00400000-004003ff : inner',
	'00800000-008fffff : PCI Bus'
].join('\n');
const { ranges } = parseIomem(TEXT);

test('a page is named from outside inwards', () => {
	expect(gfnName(ranges, 0x150)).toBe('System RAM');
	expect(gfnName(ranges, 0x200)).toBe('System RAM › Kernel code');
	expect(gfnName(ranges, 0x400)).toBe('System RAM › Kernel data › inner');
	expect(gfnName(ranges, 0x7ff)).toBe('System RAM');
	expect(gfnName(ranges, 0x50)).toBe('');
});

test('several pages are named by the first and the number of the others', () => {
	expect(gfnsName(ranges, { from: 0x3ff, to: 0x401 })).toBe('System RAM › Kernel code and 1 more');
	expect(gfnsName(ranges, { from: 0x7ff, to: 0x801 })).toBe('System RAM and 1 more');
	expect(gfnsName(ranges, { from: 0x10, to: 0x20 })).toBe('');
});

test('a range is told with its end left out', () => {
	expect(gpaText(ranges[0] ?? fail())).toBe('[0x0, 0x1000)');
});

test('boxes of the band lie where their gfns are, deeper ones further right', () => {
	// gfns 0x100..0x800 over 1,792 pixels: a page is a pixel
	const gfns = { from: 0x100, to: 0x800 };
	const space = { gfns, at: (gfn: number) => 0x800 - gfn, width: 36, height: 0x700 };
	const boxes = bandBoxes(ranges, space);
	expect(boxes.map(({ range, x, top, height }) => [range.name, x, top, height])).toEqual([
		['System RAM', 0, 0, 0x700],
		['Kernel code', 12, 0x400, 0x200],
		['Kernel data', 24 - 12, 0x3ff, 1],
		['inner', 24, 0x3ff, 1]
	]);
	expect(boxes.map(({ label }) => label)).toEqual(['System RAM', 'Kernel code', '', '']);
	// three columns in 26 pixels are too narrow for letters
	expect(bandBoxes(ranges, { ...space, width: 26 }).map(({ label }) => label)).toEqual(['', '', '', '']);
});

test('a text is told by its lines', () => {
	expect(namesKind(TEXT)).toBe('iomem');
	expect(namesKind('ffffffff81000000 T _text\n')).toBe('symbols');
	expect(namesKind('')).toBe('symbols');
});

test('a slide is a whole number', () => {
	for (const text of ['0', '0x1e000000', '-0x10', '503316480']) expect(isSlide(text)).toBe(true);
	for (const text of ['', 'x', '1.5', '0x', '0x11112222333344445', '1 2']) expect(isSlide(text)).toBe(false);
});

function fail(): never {
	throw new Error('no range');
}
