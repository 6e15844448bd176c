import { type Clock, formatCount, formatDuration, formatInt } from './format.ts';
import type { ColourIndex } from './colour-scale.ts';

/** What a heat map's cell may tell, in the order of the menu; the API's names. */
export const CELL_VALUES = ['sum', 'pages', 'max', 'first', 'age'] as const;
export type CellValue = (typeof CELL_VALUES)[number];

const NAMES: Readonly<Record<CellValue, readonly [name: string, unit: string]>> = {
	sum: ['accesses', 'accesses a cell'],
	pages: ['distinct pages', 'pages a cell'],
	max: ['hottest page', 'accesses of one page'],
	first: ['first touches', 'pages first touched'],
	age: ['last access age', 'since the last access']
};

/** What the menu calls it. */
export const valueName = (value: CellValue): string => NAMES[value][0];
/** The legend's unit. */
export const valueUnit = (value: CellValue): string => NAMES[value][1];

/** A cell's number as the legend writes it: an age is a time. */
export const valueText = (value: CellValue, cell: number, clock: Clock): string =>
	value === 'age' ? formatDuration(cell, clock) : formatInt(cell);

/** What a tooltip says of a cell. */
export function cellText(value: CellValue, cell: number, clock: Clock): string {
	switch (value) {
		case 'sum':
			return formatCount(cell, 'access', 'accesses');
		case 'pages':
			return `${formatCount(cell, 'page')} accessed`;
		case 'max':
			return `at most ${formatCount(cell, 'access', 'accesses')} of one page`;
		case 'first':
			return `${formatCount(cell, 'page')} touched for the first time`;
		case 'age':
			return cell < 0 ? 'not accessed so far' : `last accessed ${formatDuration(cell, clock)} before`;
	}
}

/** Colours of an age: the most recent has the last colour, a row without access none. */
export const ageIndex =
	(index: ColourIndex): ColourIndex =>
	(age) =>
		age <= 0 ? 0 : 256 - index(age);
