import { laneTicks } from './axis.ts';
import type { BandBox } from './gfn-names.ts';
import type { GfnScale } from './gfn-scale.ts';
import type { Clock } from './format.ts';
import type { Box } from './grid.ts';
import { paletteStops, type Theme } from './palette.ts';
import { type Drawing, pictureColour, PLOT_LEFT, PLOT_WIDTH, round, svgText } from './picture.ts';
import { drawBand, drawNotes, noteLines, type PictureNote } from './picture-notes.ts';
import { AXIS_HEIGHT, frame, legendRow, type PlacedTick, timeAxis, valueAxis } from './picture-charts.ts';
import { type Edge, OUTLINE_OPACITY, type TrackedOutline } from './tracked-outline.ts';
import { type Range, scaleOf } from './range.ts';

/** A strip of the plot, as wide as it and cut at its own edges, with painted cells; boxes are placed within the strip. */
export interface HeatPart {
	readonly top: number;
	readonly height: number;
	/** The painted cells as a data URL of a PNG, one pixel a cell. */
	readonly image: string;
	/** Where the cells lie; may reach beyond the strip. */
	readonly box: Box;
	/** Outlines of the tracked pages: edges in cells of a grid that lies at `box`; absent if the source tells none. */
	readonly tracked?: {
		readonly levels: readonly TrackedOutline[];
		readonly columns: number;
		readonly rows: number;
		readonly box: Box;
	};
}

/** A strip of the plot that stands for unused gfns, with what it says. */
export interface HeatBreak {
	readonly top: number;
	readonly height: number;
	readonly label: string;
}

/** A heat map to be drawn; its plot is `PLOT_WIDTH` by `height`. */
export interface HeatDrawing {
	readonly parts: readonly HeatPart[];
	readonly breaks?: readonly HeatBreak[];
	readonly height: number;
	readonly time: Range;
	readonly clock: Clock;
	readonly theme: Theme;
	readonly yTicks: readonly PlacedTick[];
	readonly yName: string;
	/** Colours: what the first and the last stand for, and the unit. */
	readonly legend: { readonly low: string; readonly high: string; readonly unit: string };
	/** Stretches of time without a memslot, and those in which events were lost. */
	readonly uncovered: readonly Range[];
	readonly lost: readonly Range[];
	/** What people noted, and the guest's memory map beside the gfns. */
	readonly notes?: readonly PictureNote[];
	readonly band?: readonly BandBox[];
}

/** Ticks of a gfn axis. */
export const gfnAxisTicks = (scale: GfnScale): PlacedTick[] => laneTicks(scale, 30);

/** Draws a heat map with its axes, shades and colour legend. */
export function drawHeat(heat: HeatDrawing): Drawing {
	const { height, theme, time, clock, notes = [], band = [] } = heat;
	const top = 8;
	const legendY = top + height + AXIS_HEIGHT + 16;
	const texts = noteLines(notes, { y: legendY + 6, theme });
	const parts = [
		`<defs><clipPath id="plot"><rect x="${PLOT_LEFT}" y="${top}" width="${PLOT_WIDTH}" height="${height}"/></clipPath>`,
		`<pattern id="lost" width="7" height="7" patternUnits="userSpaceOnUse" patternTransform="rotate(45)"><line y2="7" stroke="${pictureColour(theme, 'danger')}" stroke-width="2"/></pattern>`,
		gradient(theme),
		`</defs><g clip-path="url(#plot)">`,
		`<rect x="${PLOT_LEFT}" y="${top}" width="${PLOT_WIDTH}" height="${height}" fill="${pictureColour(theme, 'plot')}"/>`,
		...shades(heat.uncovered, heat, top, pictureColour(theme, 'uncovered')),
		...heat.parts.map((part, i) => strip(part, i, top, theme)),
		...(heat.breaks ?? []).map((gap) => breakStrip(gap, top, theme)),
		...shades(heat.lost, heat, top, 'url(#lost)'),
		drawNotes(notes, { top, theme }),
		'</g>',
		frame(top, height, theme),
		valueAxis(heat.yTicks, heat.yName, { top, height, theme }),
		timeAxis(time, { clock, y: top + height, theme }),
		drawBand(band, { top, theme }),
		colourLegend(heat, legendY),
		texts.body
	];
	return { body: parts.join(''), height: legendY + 8 + (texts.height && texts.height + 6) };
}

/** A strip's cells and outline, cut at its edges. */
function strip(part: HeatPart, index: number, top: number, theme: Theme): string {
	const { box, image, height } = part;
	const clip = `strip-${index}`;
	return (
		`<clipPath id="${clip}"><rect width="${PLOT_WIDTH}" height="${round(height)}"/></clipPath>` +
		`<g transform="translate(${PLOT_LEFT},${round(top + part.top)})" clip-path="url(#${clip})">` +
		`<image x="${round(box.x)}" y="${round(box.y)}" width="${round(box.width)}" height="${round(box.height)}" preserveAspectRatio="none" style="image-rendering:pixelated" href="${image}"/>` +
		outline(part, theme) +
		'</g>'
	);
}

/** A break says what it leaves out. */
function breakStrip({ top: at, height, label }: HeatBreak, top: number, theme: Theme): string {
	const y = round(top + at);
	const line = (edge: number) =>
		`<line x1="${PLOT_LEFT}" x2="${PLOT_LEFT + PLOT_WIDTH}" y1="${edge}" y2="${edge}" stroke="${pictureColour(theme, 'axis')}" stroke-dasharray="4 3"/>`;
	const text = svgText(label, {
		...{ x: PLOT_LEFT + PLOT_WIDTH / 2, y: y + height / 2 + 3.5, size: 10, anchor: 'middle' },
		fill: pictureColour(theme, 'muted')
	});
	return (
		`<rect x="${PLOT_LEFT}" y="${y}" width="${PLOT_WIDTH}" height="${round(height)}" fill="${pictureColour(theme, 'bg')}"/>` +
		line(y) +
		line(round(y + height)) +
		text
	);
}

/** Each outline of the tracked pages as one path. */
function outline({ tracked }: HeatPart, theme: Theme): string {
	if (!tracked) return '';
	const { box, columns, rows, levels } = tracked;
	const x = (column: number) => round(box.x + (column * box.width) / columns);
	const y = (row: number) => round(box.y + box.height - (row * box.height) / rows);
	const draw = (edge: Edge) =>
		edge.across
			? `M${x(edge.x)} ${y(edge.y)}H${x(edge.x + edge.length)}`
			: `M${x(edge.x)} ${y(edge.y)}V${y(edge.y + edge.length)}`;
	return levels
		.map(({ share, edges }) => {
			const dots = share === 'some' ? ' stroke-dasharray="1 3"' : '';
			return `<path d="${edges.map(draw).join('')}" fill="none" stroke="${pictureColour(theme, 'tracked')}" stroke-opacity="${OUTLINE_OPACITY[share]}"${dots}/>`;
		})
		.join('');
}

function shades(
	stretches: readonly Range[],
	{ time, height }: HeatDrawing,
	top: number,
	fill: string
): string[] {
	const x = scaleOf(time, PLOT_WIDTH);
	return stretches
		.filter((stretch) => stretch.from < time.to && stretch.to > time.from)
		.map((stretch) => {
			const left = Math.max(0, x.at(stretch.from));
			const right = Math.min(PLOT_WIDTH, Math.max(left + 2, x.at(stretch.to)));
			return `<rect x="${round(PLOT_LEFT + left)}" y="${top}" width="${round(right - left)}" height="${height}" fill="${fill}"/>`;
		});
}

const gradient = (theme: Theme): string => {
	const stops = paletteStops(theme).map(
		(colour, i, all) => `<stop offset="${round((100 * i) / (all.length - 1))}%" stop-color="${colour}"/>`
	);
	return `<linearGradient id="ramp">${stops.join('')}</linearGradient>`;
};

function colourLegend(heat: HeatDrawing, y: number): string {
	const { legend, theme, uncovered, lost, parts, notes = [], band = [] } = heat;
	const fill = pictureColour(theme, 'text');
	const low = 12 + legend.low.length * 7;
	const x = PLOT_LEFT + PLOT_WIDTH / 2;
	const squares = [
		{ label: 'none', colour: pictureColour(theme, 'plot') },
		...(uncovered.length ? [{ label: 'no memslot', colour: pictureColour(theme, 'uncovered') }] : []),
		...(parts.some((part) => part.tracked)
			? [{ label: 'tracked, dotted: few', colour: pictureColour(theme, 'tracked') }]
			: []),
		...(lost.length ? [{ label: 'events lost', colour: 'url(#lost)' }] : []),
		...(notes.length ? [{ label: 'notes', colour: pictureColour(theme, 'note') }] : []),
		...(band.length ? [{ label: 'memory map', colour: pictureColour(theme, 'accent') }] : [])
	];
	return (
		legendRow(squares, { y, theme }) +
		svgText(legend.low, { x: x + low - 8, y, fill, size: 11, anchor: 'end', mono: true }) +
		`<rect x="${x + low}" y="${y - 10}" width="160" height="11" fill="url(#ramp)"/>` +
		svgText(`${legend.high} ${legend.unit}`, { x: x + low + 168, y, fill, size: 11 })
	);
}
