import type { Theme } from './palette.ts';

/** A picture as SVG text with its size in pixels and the name of its file, without an ending. */
export interface Picture {
	readonly svg: string;
	readonly width: number;
	readonly height: number;
	readonly fileName: string;
}

/** What every picture says of itself. */
export interface PictureHead {
	/** What is shown. */
	readonly title: string;
	readonly session: string;
	/** The time window in words. */
	readonly window: string;
	/** Modes, memslot, filter in words; `none` is said too. */
	readonly filter: string;
	readonly theme: Theme;
}

/** A drawing without its head: SVG elements in a box whose origin is its top left corner. */
export interface Drawing {
	readonly body: string;
	readonly height: number;
}

/** Width of all pictures, and the plot within. */
export const PICTURE_WIDTH = 1200;
export const PLOT_LEFT = 110;
export const PLOT_WIDTH = PICTURE_WIDTH - PLOT_LEFT - 30;

/** The page's colours, as far as pictures need them: a file has no style sheet. */
const COLOURS = {
	light: {
		...{ bg: '#ffffff', plot: '#fcfcfd', uncovered: '#e9ecf1', line: '#e0e4ea', axis: '#8d96a5' },
		...{ text: '#191d24', muted: '#565f6e', accent: '#1b5bc9', danger: '#b3261e' },
		...{ preread: '#0072b2', prewrite: '#e69f00', write: '#d0530a', preexec: '#009e73' },
		...{ state: '#7a5195', other: '#7d8694', tracked: '#7a1fa2', note: '#8a5a00' }
	},
	dark: {
		...{ bg: '#0f1217', plot: '#12151b', uncovered: '#1d222b', line: '#262d38', axis: '#606b7c' },
		...{ text: '#e3e7ed', muted: '#9ba5b4', accent: '#82b1ff', danger: '#ff8a80' },
		...{ preread: '#56a8e8', prewrite: '#f2b84b', write: '#f0743e', preexec: '#2fc795' },
		...{ state: '#b990e6', other: '#8d97a6', tracked: '#f2f2f2', note: '#ffd34d' }
	}
} as const;
export type PictureColour = keyof (typeof COLOURS)['light'];
export const pictureColour = (theme: Theme, name: PictureColour): string => COLOURS[theme][name];

const ESCAPES: Readonly<Record<string, string>> = {
	'&': '&amp;',
	'<': '&lt;',
	'>': '&gt;',
	'"': '&quot;',
	"'": '&#39;'
};
/** Text made safe for XML; characters that XML forbids become `�`. */
export const xml = (text: string): string =>
	text
		// eslint-disable-next-line no-control-regex
		.replace(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/g, '\ufffd')
		.toWellFormed()
		.replace(/[&<>"']/g, (char) => ESCAPES[char] ?? char);

/** The parts of a text, none longer than `most` characters, broken at blanks where there are some. */
export function wrapText(text: string, most: number): string[] {
	const lines: string[] = [];
	for (let rest = text; ;) {
		if (rest.length <= most) return [...lines, rest];
		const blank = rest.lastIndexOf(' ', most);
		const end = blank > most / 2 ? blank : most;
		lines.push(rest.slice(0, end));
		rest = rest.slice(end).trimStart();
	}
}

/** Attributes of text; `x` and `y` in pixels. */
export interface TextStyle {
	readonly x: number;
	readonly y: number;
	readonly fill: string;
	readonly size?: number;
	readonly anchor?: 'start' | 'middle' | 'end';
	readonly mono?: boolean;
	readonly bold?: boolean;
}

const SANS = 'system-ui, Segoe UI, Roboto, Noto Sans, DejaVu Sans, sans-serif';
const MONO = 'ui-monospace, DejaVu Sans Mono, Menlo, Consolas, monospace';

/** A line of text. */
export function svgText(text: string, style: TextStyle): string {
	const { x, y, fill, size = 12, anchor = 'start', mono = false, bold = false } = style;
	const weight = bold ? ' font-weight="600"' : '';
	return `<text x="${round(x)}" y="${round(y)}" font-family="${mono ? MONO : SANS}" font-size="${size}"${weight} text-anchor="${anchor}" fill="${fill}">${xml(text)}</text>`;
}

/** A pixel to two decimals. */
export const round = (pixel: number): number => Math.round(pixel * 100) / 100;

/** A whole SVG file: title, session, window and filter above the drawing. */
export function pictureSvg(head: PictureHead, drawing: Drawing): Picture {
	const { theme } = head;
	const [text, muted] = [pictureColour(theme, 'text'), pictureColour(theme, 'muted')];
	const lines = [
		...wrapText(`session: ${head.session}`, 160),
		...wrapText(`window: ${head.window}`, 160),
		...wrapText(`filter: ${head.filter}`, 160)
	];
	const top = 44 + lines.length * 17;
	const height = Math.ceil(top + drawing.height + 14);
	const parts = [
		`<svg xmlns="http://www.w3.org/2000/svg" width="${PICTURE_WIDTH}" height="${height}" viewBox="0 0 ${PICTURE_WIDTH} ${height}" role="img">`,
		`<title>${xml(`${head.title} · ${head.session}`)}</title>`,
		`<rect width="${PICTURE_WIDTH}" height="${height}" fill="${pictureColour(theme, 'bg')}"/>`,
		svgText(head.title, { x: 24, y: 30, fill: text, size: 17, bold: true }),
		...lines.map((line, i) => svgText(line, { x: 24, y: 51 + i * 17, fill: muted })),
		`<g transform="translate(0,${top})">${drawing.body}</g>`,
		'</svg>\n'
	];
	return { svg: parts.join('\n'), width: PICTURE_WIDTH, height, fileName: fileNameOf(head) };
}

/** Letters and digits of session and title, joined by hyphens. */
function fileNameOf({ session, title }: PictureHead): string {
	const name = `${session} ${title}`.toLowerCase().replace(/[^\p{L}\p{N}]+/gu, '-');
	return name.replace(/^-+|-+$/g, '').slice(0, 80) || 'picture';
}
