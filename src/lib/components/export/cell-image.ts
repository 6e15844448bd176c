import { paintUp, paletteTable, type Theme } from '#lib/view/palette.ts';

/** Cells painted one pixel each, as a data URL of a PNG; zero is see-through. @throws {Error} without a canvas */
export function cellImage(
	grid: { readonly cells: ArrayLike<number>; readonly columns: number; readonly rows: number },
	index: (count: number) => number,
	theme: Theme
): string {
	const canvas = document.createElement('canvas');
	canvas.width = grid.columns;
	canvas.height = grid.rows;
	const context = canvas.getContext('2d');
	if (!context) throw new Error('this browser offers no canvas');
	const image = context.createImageData(grid.columns, grid.rows);
	paintUp(grid, new Uint32Array(image.data.buffer), { index, table: paletteTable(theme) });
	context.putImageData(image, 0, 0);
	return canvas.toDataURL('image/png');
}
