import { type BandBox, gpaText } from './gfn-names.ts';
import type { Note } from '#lib/domain/notes.ts';
import type { LaneInfo } from '#lib/domain/session-info.ts';
import type { Clock } from './format.ts';
import { type LanePlot, type NoteBox, noteBoxes } from './note-boxes.ts';
import { pinText } from './note-pin.ts';
import type { Theme } from './palette.ts';
import { pictureColour, PLOT_LEFT, PLOT_WIDTH, round, svgText, wrapText, xml } from './picture.ts';

/** A note in a picture: where it is drawn, what it says, and its place in words. */
export interface PictureNote {
	readonly box: NoteBox;
	readonly text: string;
	readonly where: string;
}

/** The notes that a lane shows, with their places in words. */
export const laneNotes = (
	notes: readonly Note[],
	plot: LanePlot,
	{ clock, lanes }: { readonly clock: Clock; readonly lanes: readonly LaneInfo[] }
): PictureNote[] =>
	noteBoxes(notes, plot).map(({ note, box }) => ({
		...{ box, text: note.text, where: pinText(note.pin, clock, lanes) }
	}));

/** Width of the memory map's band, in the margin right of the plot. */
export const BAND_WIDTH = 24;
/** Notes whose texts are written below a picture, and lines of one of them. */
const MOST_NOTES = 12;
const MOST_LINES = 3;
const LINE_HEIGHT = 15;

/** Notes over a plot that begins at `top`: dashed lines for times, boxes for rectangles, numbered flags. */
export function drawNotes(notes: readonly PictureNote[], { top, theme }: Style): string {
	const colour = pictureColour(theme, 'note');
	const flags = notes.map(({ box, text }, i) => {
		const [x, y] = [PLOT_LEFT + box.flag.x, top + box.flag.y];
		const number = svgText(String(i + 1), { x: x + 12, y: y + 10, fill: colour, size: 10, bold: true });
		return (
			`<g data-note="${i + 1}"><title>${xml(text)}</title>${outlineOf(box, { top, theme })}` +
			`<g stroke="${pictureColour(theme, 'bg')}" stroke-width="2.5" paint-order="stroke">` +
			`<path transform="translate(${round(x)},${round(y)})" d="M0 14V0H10L7.5 3.5 10 7H1.5V14Z" fill="${colour}"/>${number}</g></g>`
		);
	});
	return flags.join('');
}

interface Style {
	readonly top: number;
	readonly theme: Theme;
}

function outlineOf({ kind, left, top: at, width, height }: NoteBox, { top, theme }: Style): string {
	const colour = pictureColour(theme, 'note');
	const [x, y] = [round(PLOT_LEFT + left), round(top + at)];
	if (kind === 'time')
		return `<line x1="${x}" x2="${x}" y1="${y}" y2="${round(y + height)}" stroke="${colour}" stroke-dasharray="4 3"/>`;
	if (kind === 'page') return '';
	return `<rect x="${x}" y="${y}" width="${round(width)}" height="${round(height)}" fill="none" stroke="${colour}" stroke-width="1.5"/>`;
}

/** The notes' texts under a picture, by the numbers of their flags; how many more there are is said. */
export function noteLines(
	notes: readonly PictureNote[],
	{ y, theme }: { y: number; theme: Theme }
): { body: string; height: number } {
	const lines = notes.slice(0, MOST_NOTES).flatMap(({ text, where }, i) => {
		const all = wrapText(`${where}: ${text.replace(/\s+/g, ' ')}`, 165);
		const shown = all.slice(0, MOST_LINES);
		if (shown.length < all.length) shown.push('…');
		return shown.map((line, n) => ({ number: n ? '' : String(i + 1), line }));
	});
	const more = notes.length - MOST_NOTES;
	if (more > 0) lines.push({ number: '', line: `and ${more} more ${more === 1 ? 'note' : 'notes'}` });
	const body = lines.map(({ number, line }, i) => {
		const style = { y: y + (i + 1) * LINE_HEIGHT, size: 11 };
		return (
			svgText(number, { ...style, x: PLOT_LEFT + 8, fill: noteColour(theme), anchor: 'end', bold: true }) +
			svgText(line, { ...style, x: PLOT_LEFT + 15, fill: pictureColour(theme, 'text') })
		);
	});
	return { body: body.join(''), height: lines.length * LINE_HEIGHT };
}

const noteColour = (theme: Theme) => pictureColour(theme, 'note');

/** The guest's memory map right of a plot: a column for each depth, names where there is room. */
export function drawBand(boxes: readonly BandBox[], { top, theme }: Style): string {
	const left = PLOT_LEFT + PLOT_WIDTH + 4;
	const accent = pictureColour(theme, 'accent');
	return boxes
		.map(({ range, x, width, top: at, height, label }) => {
			const [across, down] = [left + x, top + at];
			const name = svgText(label, {
				...{ x: 0, y: 3.5, fill: pictureColour(theme, 'text'), size: 9.5, anchor: 'middle' }
			});
			const turned = `<g transform="translate(${round(across + width / 2 - 0.5)},${round(down + height / 2)}) rotate(-90)">${name}</g>`;
			return (
				`<g data-band=""><title>${xml(`${range.name}, gpa ${gpaText(range)}`)}</title>` +
				`<rect x="${round(across)}" y="${round(down)}" width="${round(width - 1)}" height="${round(height)}" fill="${accent}" fill-opacity="${range.depth ? 0.36 : 0.16}" stroke="${pictureColour(theme, 'bg')}" stroke-width="0.5"/>` +
				`${label ? turned : ''}</g>`
			);
		})
		.join('');
}
