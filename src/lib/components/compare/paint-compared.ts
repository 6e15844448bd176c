import type { ComparedGrid } from '#lib/api/compare-types.ts';
import { colourIndex } from '#lib/view/colour-scale.ts';
import { sideFactor } from '#lib/view/compared-cells.ts';
import { type SideName, SIDES } from '#lib/view/compare-view.ts';
import { paintUp, paletteTable, type Theme } from '#lib/view/palette.ts';
import { ratioIndexes, ratioTable } from '#lib/view/ratio-colour.ts';
import type { Comparing } from './comparing.svelte.ts';

/** What a picture of a grid is made of besides its cells. */
export type Colours = Pick<Comparing, 'view' | 'shared' | 'max' | 'normalise' | 'ratioLimit' | 'grids'>;

/** The cells of a side, or their log ratio, painted one pixel each; the lowest gfn is at the bottom. */
export function comparedImage(
	grid: ComparedGrid,
	what: SideName | 'ratio',
	colours: Colours,
	theme: Theme
): ImageData {
	const image = new ImageData(grid.columns, grid.rows);
	const pixels = new Uint32Array(image.data.buffer);
	const { columns, rows } = grid;
	if (what === 'ratio') {
		const cells = ratioIndexes(grid, colours.ratioLimit, colours.shared(grid));
		paintUp({ cells, columns, rows }, pixels, { index: (index) => index, table: ratioTable(theme) });
		return image;
	}
	const ranked =
		colours.view.scale === 'rank'
			? [...colours.grids.values()].flatMap((each) => SIDES.map((side) => each[side].cells))
			: [];
	const base = colourIndex(colours.view.scale, colours.max, ranked);
	const factor = sideFactor(grid, what, colours.normalise);
	const index = (count: number) => (count > 0 ? base(Math.max(1, Math.round(count * factor))) : 0);
	paintUp({ cells: grid[what].cells, columns, rows }, pixels, { index, table: paletteTable(theme) });
	return image;
}

/** The same on a canvas to draw from. */
export function paintCompared(
	grid: ComparedGrid,
	what: SideName | 'ratio',
	colours: Colours,
	theme: Theme
): OffscreenCanvas {
	const sheet = new OffscreenCanvas(grid.columns, grid.rows);
	sheet.getContext('2d')?.putImageData(comparedImage(grid, what, colours, theme), 0, 0);
	return sheet;
}
