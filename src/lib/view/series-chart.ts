import { area, curveStepAfter } from 'd3';
import { formatInt } from './format.ts';

/** One line of a chart over time: `values[i]` belongs to column `i`. */
export interface ChartSeries {
	readonly key: string;
	readonly label: string;
	/** A CSS colour. */
	readonly colour: string;
	readonly values: readonly number[];
}

/** Numbers per column: column `i` covers `[startNs + i * columnNs, + columnNs)`. */
export interface ChartColumns {
	readonly startNs: number;
	readonly columnNs: number;
	readonly columns: number;
}

/** SVG path of steps above the zero line, one for each value; `x(i)` is the left edge of column `i`. */
export function stepArea(
	values: readonly number[],
	x: (column: number) => number,
	y: (value: number) => number
): string {
	const last = values.at(-1) ?? 0;
	const path = area<number>()
		.x((_, i) => round(x(i)))
		.y0(round(y(0)))
		.y1((value) => round(y(value)))
		.curve(curveStepAfter);
	// the last step needs its right edge
	return path([...values, last]) ?? '';
}

const round = (pixel: number) => Math.round(pixel * 100) / 100;

/** A round number that is not below the largest value (at least 1), and its half if that is whole. */
export function valueTicks(most: number): { value: number; label: string }[] {
	const power = 10 ** Math.floor(Math.log10(Math.max(1, most)));
	const top = ([1, 2, 3, 4, 5, 6, 8, 10].find((factor) => factor * power >= most) ?? 10) * power;
	const values = top % 2 === 0 ? [0, top / 2, top] : [0, top];
	return values.map((value) => ({ value, label: formatInt(value) }));
}

/** Column at a time; -1 outside. */
export function columnAt({ startNs, columnNs, columns }: ChartColumns, tsNs: number): number {
	const column = Math.floor((tsNs - startNs) / columnNs);
	return column >= 0 && column < columns ? column : -1;
}

/** The columns with the largest values above zero, largest first, equal ones in order. */
export const topColumns = (values: readonly number[], most: number): number[] =>
	values
		.map((value, column) => ({ value, column }))
		.filter(({ value }) => value > 0)
		.sort((a, b) => b.value - a.value || a.column - b.column)
		.slice(0, most)
		.map(({ column }) => column);
