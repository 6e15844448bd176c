import { type PlacedTime, placedTimes } from './axis.ts';
import type { Clock } from './format.ts';
import type { Theme } from './palette.ts';
import { type Drawing, pictureColour, PLOT_LEFT, PLOT_WIDTH, round, svgText } from './picture.ts';
import { type Range, scaleOf } from './range.ts';
import { type ChartColumns, type ChartSeries, stepArea, valueTicks } from './series-chart.ts';

/** A mark on an axis, in pixels from the plot's corner. */
export interface PlacedTick {
	readonly at: number;
	readonly label: string;
}

/** Pixels under a plot that the time axis takes. */
export const AXIS_HEIGHT = 44;

/** What a time axis counts. */
export const timeAxisName = (clock: Clock): string =>
	({
		ns: 'time since the session’s start (s)',
		instructions: 'guest instructions since the session’s start (G = 10⁹)',
		lines: 'lines since the trace’s beginning'
	})[clock];

/** Ticks and their labels under a plot whose lower edge is at `y`. */
export function timeMarks(ticks: readonly PlacedTime[], { y, theme }: { y: number; theme: Theme }): string {
	const [line, fill] = [pictureColour(theme, 'axis'), pictureColour(theme, 'muted')];
	return ticks
		.map(({ at, x, label }) => {
			const left = round(PLOT_LEFT + at);
			return (
				`<line x1="${left}" x2="${left}" y1="${y}" y2="${y + 5}" stroke="${line}"/>` +
				svgText(label, { x: PLOT_LEFT + x, y: y + 18, fill, size: 11, anchor: 'middle', mono: true })
			);
		})
		.join('');
}

/** The time axis under a plot whose lower edge is at `y`. */
export function timeAxis(
	time: Range,
	{ clock, y, theme }: { clock: Clock; y: number; theme: Theme }
): string {
	const muted = pictureColour(theme, 'muted');
	const middle = PLOT_LEFT + PLOT_WIDTH / 2;
	return (
		timeMarks(placedTimes(time, PLOT_WIDTH, clock), { y, theme }) +
		svgText(timeAxisName(clock), { x: middle, y: y + 36, fill: muted, size: 11, anchor: 'middle' })
	);
}

/** The axis left of a plot that begins at `top`, with its name turned. */
export function valueAxis(
	ticks: readonly PlacedTick[],
	name: string,
	{ top, height, theme }: { top: number; height: number; theme: Theme }
): string {
	const muted = pictureColour(theme, 'muted');
	const marks = ticks.map(({ at, label }) => {
		const y = top + at;
		return (
			`<line x1="${PLOT_LEFT - 5}" x2="${PLOT_LEFT}" y1="${round(y)}" y2="${round(y)}" stroke="${pictureColour(theme, 'axis')}"/>` +
			svgText(label, { x: PLOT_LEFT - 9, y: y + 4, fill: muted, size: 11, anchor: 'end', mono: true })
		);
	});
	const middle = top + height / 2;
	const turned = svgText(name, { x: 0, y: 0, fill: muted, size: 11, anchor: 'middle' });
	return `${marks.join('')}<g transform="translate(18,${round(middle)}) rotate(-90)">${turned}</g>`;
}

/** A frame around a plot. */
export const frame = (top: number, height: number, theme: Theme): string =>
	`<rect x="${PLOT_LEFT}" y="${top}" width="${PLOT_WIDTH}" height="${height}" fill="none" stroke="${pictureColour(theme, 'line')}"/>`;

/** Coloured squares with their names, in a row; `colour` may be any paint. */
export function legendRow(
	items: readonly { readonly label: string; readonly colour: string }[],
	{ y, theme }: { y: number; theme: Theme }
): string {
	let x = PLOT_LEFT;
	return items
		.map(({ label, colour }) => {
			const part =
				`<rect x="${round(x)}" y="${y - 9}" width="10" height="10" fill="${colour}" stroke="${pictureColour(theme, 'axis')}" stroke-width="0.5"/>` +
				svgText(label, { x: x + 15, y, fill: pictureColour(theme, 'text'), size: 11 });
			x += 36 + label.length * 6.4;
			return part;
		})
		.join('');
}

/** Charts over one time axis, one below the other; all have the same scale. */
export interface SeriesDrawing {
	readonly place: ChartColumns;
	readonly time: Range;
	readonly clock: Clock;
	readonly theme: Theme;
	readonly most: number;
	/** What the values count. */
	readonly unit: string;
	readonly panels: readonly { readonly title: string; readonly series: readonly ChartSeries[] }[];
}

/** Draws numbers over time as steps with axes and, where a chart has more than one line, a legend. */
export function drawSeries({ place, time, clock, theme, most, unit, panels }: SeriesDrawing): Drawing {
	const height = panels.length === 1 ? 320 : 130;
	const gap = panels.length === 1 ? 12 : 30;
	const x = scaleOf(time, PLOT_WIDTH);
	const xOf = (column: number) =>
		PLOT_LEFT + x.at(Math.min(time.to, place.startNs + column * place.columnNs));
	const rows = valueTicks(most);
	const top = rows.at(-1)?.value ?? 1;
	const parts = panels.map((panel, i) => {
		const upper = gap + i * (height + gap);
		const y = (value: number) => upper + (1 - value / top) * height;
		const areas = panel.series.map(
			({ values, colour, key }) =>
				`<path data-series="${key}" d="${stepArea(values, xOf, y)}" fill="${colour}" fill-opacity="0.2" stroke="${colour}"/>`
		);
		const ticks = rows.map(({ value, label }) => ({ at: y(value) - upper, label }));
		const title = panel.title
			? svgText(panel.title, { x: PLOT_LEFT, y: upper - 7, fill: pictureColour(theme, 'text'), bold: true })
			: '';
		return (
			title +
			areas.join('') +
			frame(upper, height, theme) +
			valueAxis(ticks, unit, { top: upper, height, theme })
		);
	});
	const bottom = panels.length * (height + gap);
	const lines = panels.length === 1 ? (panels[0]?.series ?? []) : [];
	const legend = legendRow(lines, { y: bottom + AXIS_HEIGHT + 18, theme });
	const body = parts.join('') + timeAxis(time, { clock, y: bottom, theme }) + legend;
	return { body, height: bottom + AXIS_HEIGHT + (lines.length ? 24 : 0) };
}

/** A bar with its name and number; `parts` lie one behind the other. */
export interface BarRow {
	readonly label: string;
	readonly text: string;
	readonly parts: readonly { readonly value: number; readonly colour: string }[];
}

/** Horizontal bars over one linear axis from zero. */
export function drawBars(
	rows: readonly BarRow[],
	{
		unit,
		theme,
		legend
	}: { unit: string; theme: Theme; legend: readonly { label: string; colour: string }[] }
): Drawing {
	const left = 330;
	const room = PLOT_LEFT + PLOT_WIDTH - left - 90;
	const total = (row: BarRow) => row.parts.reduce((sum, part) => sum + part.value, 0);
	const ticks = valueTicks(Math.max(1, ...rows.map(total)));
	const scale = (value: number) => (value / (ticks.at(-1)?.value ?? 1)) * room;
	const height = rows.length * 20;
	const [text, muted, line] = (['text', 'muted', 'line'] as const).map((name) => pictureColour(theme, name));
	const bars = rows.map((row, i) => {
		let x = left;
		const boxes = row.parts.map(({ value, colour }) => {
			const box = `<rect x="${round(x)}" y="${i * 20 + 14}" width="${round(scale(value))}" height="13" fill="${colour}"/>`;
			x += scale(value);
			return box;
		});
		return (
			svgText(row.label, {
				x: left - 8,
				y: i * 20 + 25,
				fill: text ?? '',
				anchor: 'end',
				mono: true,
				size: 11
			}) +
			boxes.join('') +
			svgText(row.text, { x: x + 6, y: i * 20 + 25, fill: text ?? '', size: 11 })
		);
	});
	const grid = ticks.map(
		({ value, label }) =>
			`<line x1="${round(left + scale(value))}" x2="${round(left + scale(value))}" y1="10" y2="${height + 14}" stroke="${line ?? ''}"/>` +
			svgText(label, {
				x: left + scale(value),
				y: height + 30,
				fill: muted ?? '',
				size: 11,
				anchor: 'middle',
				mono: true
			})
	);
	const name = svgText(unit, {
		x: left + room / 2,
		y: height + 48,
		fill: muted ?? '',
		size: 11,
		anchor: 'middle'
	});
	const body = grid.join('') + bars.join('') + name + legendRow(legend, { y: height + 70, theme });
	return { body, height: height + (legend.length ? 76 : 54) };
}
