import type { Clock } from './format.ts';
import { formatInt } from './format.ts';
import type { KindGroup } from './kind-text.ts';
import type { Theme } from './palette.ts';
import { type Drawing, pictureColour, PLOT_LEFT, PLOT_WIDTH, round, svgText } from './picture.ts';
import { AXIS_HEIGHT, frame, legendRow, timeAxis, valueAxis } from './picture-charts.ts';
import { drawNotes, noteLines, type PictureNote } from './picture-notes.ts';
import { type Range, scaleOf } from './range.ts';
import { highest, type Layer, layerPath, rootScale } from './stack.ts';

/** A session's events over time, to be drawn. */
export interface OverviewDrawing {
	readonly layers: readonly Layer[];
	readonly startNs: number;
	readonly columnNs: number;
	readonly time: Range;
	readonly clock: Clock;
	readonly theme: Theme;
	readonly marks: readonly { readonly tsNs: number; readonly name: string }[];
	readonly lost: readonly Range[];
	readonly notes?: readonly PictureNote[];
}

export const OVERVIEW_HEIGHT = 240;

const NAMES: Readonly<Partial<Record<KindGroup, string>>> = {
	state: 'tracking and memslots',
	other: 'other kinds'
};

/** Draws stacked events with both axes, marks, losses, notes and a legend; heights go by the square root, as on the screen. */
export function drawOverview(overview: OverviewDrawing): Drawing {
	const { layers, time, clock, theme, startNs, columnNs, notes = [] } = overview;
	const top = 24;
	const most = highest(layers);
	const x = scaleOf(time, PLOT_WIDTH);
	const xOf = (column: number) => PLOT_LEFT + x.at(Math.min(time.to, startNs + column * columnNs));
	const within = rootScale(most, OVERVIEW_HEIGHT, 4);
	const y = (count: number) => top + within(count);
	const paths = layers.map(
		(layer) => `<path d="${layerPath(layer, xOf, y)}" fill="${pictureColour(theme, layer.group)}"/>`
	);
	const ticks = [0, most / 16, most / 4, most].map((count) => ({
		at: y(Math.round(count)) - top,
		label: formatInt(Math.round(count))
	}));
	const losses = overview.lost.map(({ from, to }) => {
		const left = PLOT_LEFT + x.at(from);
		const width = Math.max(2, x.at(to) - x.at(from));
		return `<rect x="${round(left)}" y="${top}" width="${round(width)}" height="${OVERVIEW_HEIGHT}" fill="${pictureColour(theme, 'danger')}" fill-opacity="0.4"/>`;
	});
	const marks = overview.marks.map(({ tsNs, name }) => {
		const at = round(PLOT_LEFT + x.at(tsNs));
		return (
			`<line x1="${at}" x2="${at}" y1="${top - 4}" y2="${top + OVERVIEW_HEIGHT}" stroke="${pictureColour(theme, 'axis')}" stroke-dasharray="2 2"/>` +
			svgText(name, { x: at + 3, y: top - 7, fill: pictureColour(theme, 'text'), size: 10 })
		);
	});
	const legend = layers.map(({ group, total }) => ({
		label: `${NAMES[group] ?? group} (${formatInt(total)})`,
		colour: pictureColour(theme, group)
	}));
	if (overview.lost.length) legend.push({ label: 'events lost', colour: pictureColour(theme, 'danger') });
	if (notes.length) legend.push({ label: 'notes', colour: pictureColour(theme, 'note') });
	const legendY = top + OVERVIEW_HEIGHT + AXIS_HEIGHT + 18;
	const texts = noteLines(notes, { y: legendY + 6, theme });
	const parts = [
		...[...paths, ...losses, ...marks, frame(top, OVERVIEW_HEIGHT, theme)],
		drawNotes(notes, { top, theme }),
		valueAxis(ticks, 'events a column (square root)', { top, height: OVERVIEW_HEIGHT, theme }),
		timeAxis(time, { clock, y: top + OVERVIEW_HEIGHT, theme }),
		legendRow(legend, { y: legendY, theme }),
		texts.body
	];
	return { body: parts.join(''), height: legendY + 6 + texts.height };
}
