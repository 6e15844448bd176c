import { gfnTicks } from './axis.ts';
import type { Clock } from './format.ts';
import type { Box } from './grid.ts';
import { paletteStops, type Theme } from './palette.ts';
import { type Drawing, pictureColour, PLOT_LEFT, PLOT_WIDTH, round, svgText } from './picture.ts';
import { AXIS_HEIGHT, frame, legendRow, type PlacedTick, timeAxis, valueAxis } from './picture-charts.ts';
import type { Edge } from './tracked-outline.ts';
import { type Range, scaleOf, upScaleOf } from './range.ts';

/** A heat map to be drawn. */
export interface HeatDrawing {
	/** The painted cells as a data URL of a PNG, one pixel a cell. */
	readonly image: string;
	/** Where the cells lie in the plot, whose size is `PLOT_WIDTH` by `height`. */
	readonly box: Box;
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
	/** Outline of the tracked pages: edges in cells of a grid that lies at `box`; absent if the source tells none. */
	readonly tracked?: {
		readonly edges: readonly Edge[];
		readonly columns: number;
		readonly rows: number;
		readonly box: Box;
	};
}

/** Ticks of a gfn axis over `height` pixels. */
export function gfnAxisTicks(gfns: Range, height: number): PlacedTick[] {
	const y = upScaleOf(gfns, height);
	return gfnTicks(gfns, height / 30).map(({ value, label }) => ({ at: y.at(value), label }));
}

/** Draws a heat map with its axes, shades and colour legend. */
export function drawHeat(heat: HeatDrawing): Drawing {
	const { height, theme, time, clock, box } = heat;
	const top = 8;
	const parts = [
		`<defs><clipPath id="plot"><rect x="${PLOT_LEFT}" y="${top}" width="${PLOT_WIDTH}" height="${height}"/></clipPath>`,
		`<pattern id="lost" width="7" height="7" patternUnits="userSpaceOnUse" patternTransform="rotate(45)"><line y2="7" stroke="${pictureColour(theme, 'danger')}" stroke-width="2"/></pattern>`,
		gradient(theme),
		`</defs><g clip-path="url(#plot)">`,
		`<rect x="${PLOT_LEFT}" y="${top}" width="${PLOT_WIDTH}" height="${height}" fill="${pictureColour(theme, 'plot')}"/>`,
		...shades(heat.uncovered, heat, top, pictureColour(theme, 'uncovered')),
		`<image x="${round(PLOT_LEFT + box.x)}" y="${round(top + box.y)}" width="${round(box.width)}" height="${round(box.height)}" preserveAspectRatio="none" style="image-rendering:pixelated" href="${heat.image}"/>`,
		outline(heat, top),
		...shades(heat.lost, heat, top, 'url(#lost)'),
		'</g>',
		frame(top, height, theme),
		valueAxis(heat.yTicks, heat.yName, { top, height, theme }),
		timeAxis(time, { clock, y: top + height, theme }),
		colourLegend(heat, top + height + AXIS_HEIGHT + 16)
	];
	return { body: parts.join(''), height: top + height + AXIS_HEIGHT + 24 };
}

/** The tracked pages' outline as one path. */
function outline({ tracked, theme }: HeatDrawing, top: number): string {
	if (!tracked) return '';
	const { box, columns, rows, edges } = tracked;
	const x = (column: number) => round(PLOT_LEFT + box.x + (column * box.width) / columns);
	const y = (row: number) => round(top + box.y + box.height - (row * box.height) / rows);
	const path = edges.map((edge) =>
		edge.across
			? `M${x(edge.x)} ${y(edge.y)}H${x(edge.x + edge.length)}`
			: `M${x(edge.x)} ${y(edge.y)}V${y(edge.y + edge.length)}`
	);
	return `<path d="${path.join('')}" fill="none" stroke="${pictureColour(theme, 'tracked')}"/>`;
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

function colourLegend({ legend, theme, uncovered, lost, tracked }: HeatDrawing, y: number): string {
	const fill = pictureColour(theme, 'text');
	const low = 12 + legend.low.length * 7;
	const x = PLOT_LEFT + PLOT_WIDTH / 2;
	const squares = [
		{ label: 'none', colour: pictureColour(theme, 'plot') },
		...(uncovered.length ? [{ label: 'no memslot', colour: pictureColour(theme, 'uncovered') }] : []),
		...(tracked ? [{ label: 'tracked', colour: pictureColour(theme, 'tracked') }] : []),
		...(lost.length ? [{ label: 'events lost', colour: 'url(#lost)' }] : [])
	];
	return (
		legendRow(squares, { y, theme }) +
		svgText(legend.low, { x: x + low - 8, y, fill, size: 11, anchor: 'end', mono: true }) +
		`<rect x="${x + low}" y="${y - 10}" width="160" height="11" fill="url(#ramp)"/>` +
		svgText(`${legend.high} ${legend.unit}`, { x: x + low + 168, y, fill, size: 11 })
	);
}
