import { interpolateInferno, interpolateYlGnBu, rgb } from 'd3';

export type Theme = 'light' | 'dark';

/**
 * Colour of a share 0..1 by theme. Both get steadily further from the background in lightness, which is what
 * colour-blind eyes read too, and leave out the end that is next to the background, so that a count of 1 is
 * told from none.
 */
const RAMPS: Readonly<Record<Theme, (share: number) => string>> = {
	light: (share) => interpolateYlGnBu(0.22 + 0.78 * share),
	dark: (share) => interpolateInferno(0.25 + 0.73 * share)
};

/** A colour as canvas image data holds it in a little-endian 32-bit word. */
export function pixel(css: string): number {
	const { r, g, b } = rgb(css);
	return ((255 << 24) | (Math.round(b) << 16) | (Math.round(g) << 8) | Math.round(r)) >>> 0;
}

const tables = new Map<Theme, Uint32Array>();

/** 256 pixels by palette index; index 0 is transparent (nothing was counted). */
export function paletteTable(theme: Theme): Uint32Array {
	const known = tables.get(theme);
	if (known) return known;
	const table = Uint32Array.from({ length: 256 }, (_, i) =>
		i === 0 ? 0 : pixel(RAMPS[theme]((i - 1) / 254))
	);
	tables.set(theme, table);
	return table;
}

/** 17 colours of the ramp at equal distances, from least to most. */
export const paletteStops = (theme: Theme): string[] =>
	Array.from({ length: 17 }, (_, i) => RAMPS[theme](i / 16));

/** The ramp as a CSS gradient from least to most. */
export const paletteGradient = (theme: Theme): string =>
	`linear-gradient(to right, ${paletteStops(theme).join(', ')})`;

/** Turns counts into pixels: `pixels` has as many entries as `cells`, both row-major. */
export function paint(
	cells: ArrayLike<number>,
	pixels: Uint32Array,
	{ index, table }: { index: (count: number) => number; table: Uint32Array }
): void {
	for (let i = 0; i < cells.length; i++) pixels[i] = table[index(cells[i] as number)] as number; // i < length
}

/** Like `paint`, but the first row of cells (the lowest gfn) becomes the last row of pixels. */
export function paintUp(
	grid: { readonly cells: ArrayLike<number>; readonly columns: number; readonly rows: number },
	pixels: Uint32Array,
	colours: { index: (count: number) => number; table: Uint32Array }
): void {
	const { cells, columns, rows } = grid;
	for (let row = 0; row < rows; row++) {
		const target = (rows - 1 - row) * columns;
		const source = row * columns;
		for (let column = 0; column < columns; column++)
			pixels[target + column] = colours.table[
				colours.index(cells[source + column] as number) // within columns x rows
			] as number;
	}
}
