import type { Theme } from './palette.ts';
import { type Drawing, pictureColour, PLOT_LEFT, PLOT_WIDTH, round, svgText } from './picture.ts';
import type { PlacedTime } from './axis.ts';
import { frame, legendRow, timeMarks, valueAxis } from './picture-charts.ts';
import { gfnScale } from './gfn-scale.ts';
import { gfnAxisTicks } from './picture-heat.ts';
import { drawNotes, noteLines, type PictureNote } from './picture-notes.ts';
import { type Range, span } from './range.ts';

/** One map of a comparison. */
export interface ComparedDrawing {
	/** Tells this map's colours from those of others in the same file. */
	readonly id: string;
	readonly title: string;
	readonly theme: Theme;
	readonly height: number;
	/** The painted cells as a data URL of a PNG, one pixel a cell. */
	readonly image: string;
	/** Share of the width that the windows fill; the rest is grey. */
	readonly filled: number;
	readonly gfns: Range;
	/** Gfns of the image, which may reach beyond. */
	readonly imageGfns: Range;
	/** Of an axis as long as the plot is wide. */
	readonly ticks: readonly PlacedTime[];
	/** Colours at equal distances; ramps of one scale lie below each other. */
	readonly ramps: readonly (readonly string[])[];
	readonly legend: { readonly low: string; readonly high: string };
	readonly squares: readonly { readonly label: string; readonly colour: string }[];
	/** What people noted of the session. */
	readonly notes?: readonly PictureNote[];
}

/** Draws a map with its title, axes, notes and colours. */
export function drawCompared(map: ComparedDrawing): Drawing {
	const { theme, height, gfns, imageGfns, filled, notes = [] } = map;
	const top = 24;
	const bottom = top + height;
	const imageTop = top + ((gfns.to - imageGfns.to) / span(gfns)) * height;
	const imageHeight = (span(imageGfns) / span(gfns)) * height;
	const text = pictureColour(theme, 'text');
	const gradients = map.ramps.map((colours, ramp) => {
		const stops = colours.map(
			(colour, i) => `<stop offset="${round((100 * i) / (colours.length - 1))}%" stop-color="${colour}"/>`
		);
		return `<linearGradient id="ramp-${map.id}-${ramp}">${stops.join('')}</linearGradient>`;
	});
	const ticks = timeMarks(map.ticks, { y: bottom, theme });
	const legendY = bottom + 40;
	const squares = [
		{ label: 'none', colour: pictureColour(theme, 'plot') },
		{ label: 'no memslot or window', colour: pictureColour(theme, 'uncovered') },
		...map.squares,
		...(notes.length ? [{ label: 'notes', colour: pictureColour(theme, 'note') }] : [])
	];
	const texts = noteLines(notes, { y: legendY + 6, theme });
	const x = PLOT_LEFT + PLOT_WIDTH / 2 + 10 + map.legend.low.length * 7;
	const body = [
		`<defs><clipPath id="plot-${map.id}"><rect x="${PLOT_LEFT}" y="${top}" width="${PLOT_WIDTH}" height="${height}"/></clipPath>`,
		...gradients,
		'</defs>',
		svgText(map.title, { x: PLOT_LEFT, y: top - 8, fill: text, bold: true }),
		`<g clip-path="url(#plot-${map.id})">`,
		`<rect x="${PLOT_LEFT}" y="${top}" width="${PLOT_WIDTH}" height="${height}" fill="${pictureColour(theme, 'uncovered')}"/>`,
		`<rect x="${PLOT_LEFT}" y="${top}" width="${round(filled * PLOT_WIDTH)}" height="${height}" fill="${pictureColour(theme, 'plot')}"/>`,
		`<image x="${PLOT_LEFT}" y="${round(imageTop)}" width="${PLOT_WIDTH}" height="${round(imageHeight)}" preserveAspectRatio="none" style="image-rendering:pixelated" href="${map.image}"/>`,
		drawNotes(notes, { top, theme }),
		'</g>',
		frame(top, height, theme),
		valueAxis(gfnAxisTicks(gfnScale(gfns, height)), 'gfn', { top, height, theme }),
		ticks,
		legendRow(squares, { y: legendY, theme }),
		svgText(map.legend.low, { x: x - 8, y: legendY, fill: text, size: 11, anchor: 'end' }),
		...map.ramps.map((_, i, { length }) => {
			const tall = 11 / length;
			return `<rect x="${x}" y="${round(legendY - 10 + i * tall)}" width="160" height="${round(tall)}" fill="url(#ramp-${map.id}-${i})"/>`;
		}),
		svgText(map.legend.high, { x: x + 168, y: legendY, fill: text, size: 11 }),
		texts.body
	];
	return { body: body.join(''), height: legendY + 12 + texts.height };
}
