import type { HeatMapHead } from './types.ts';

/** A heat map whose cells share the answer's memory: length = columns x rows, row-major, row 0 is the lowest gfn. */
export interface HeatGrid extends HeatMapHead {
	readonly cells: Uint8Array | Uint16Array | Uint32Array | Float64Array;
}

/** Bytes that are no binary grid. */
export class GridFormatError extends Error {
	constructor(reason: string) {
		super(`not a heat map: ${reason}`);
		this.name = 'GridFormatError';
	}
}

const ARRAYS = { u8: Uint8Array, u16: Uint16Array, u32: Uint32Array, f64: Float64Array } as const;
const isCell = (value: unknown): value is keyof typeof ARRAYS => typeof value === 'string' && value in ARRAYS;

/**
 * Reads `format=grid`: `PTHG`, u32le length H, H bytes of JSON (blanks at its end), then the cells,
 * little-endian.
 * @throws {GridFormatError}
 */
export function decodeGrid(buffer: ArrayBuffer): HeatGrid {
	if (buffer.byteLength < 8) throw new GridFormatError('too short');
	const bytes = new DataView(buffer);
	if (bytes.getUint32(0) !== 0x50544847) throw new GridFormatError('no PTHG at the beginning');
	const length = bytes.getUint32(4, true);
	if (8 + length > buffer.byteLength) throw new GridFormatError('its header is cut off');
	const text = new TextDecoder().decode(new Uint8Array(buffer, 8, length));
	const head = JSON.parse(text) as HeatMapHead & { cell: unknown }; // our own server's
	if (!isCell(head.cell)) throw new GridFormatError('unknown cell type');
	const start = 8 + length;
	const count = head.columns * head.rows;
	const Cells = ARRAYS[head.cell];
	if (start + count * Cells.BYTES_PER_ELEMENT > buffer.byteLength)
		throw new GridFormatError('its cells are cut off');
	return { ...head, cells: new Cells(buffer, start, count) };
}
