const TYPES = { u8: Uint8Array, u16: Uint16Array, u32: Uint32Array, f64: Float64Array } as const;

/** A grid with anything else that its head says. */
export interface GridLike {
	readonly cells: Uint32Array | Float64Array;
	readonly max: number;
}

function cellType({ cells, max }: GridLike): keyof typeof TYPES {
	if (cells instanceof Float64Array) return 'f64';
	return max < 256 ? 'u8' : max < 65_536 ? 'u16' : 'u32';
}

/**
 * A heat map as bytes: `PTHG`, u32 length of the JSON head, the head (all fields but the cells, `cell` says the
 * number's type: u8, u16, u32 or f64), then the cells, little-endian, row-major, row 0 the lowest gfn. Blanks at the
 * head's end make the cells begin at a multiple of 8.
 */
export function encodeGrid(grid: GridLike): Uint8Array<ArrayBuffer> {
	const cell = cellType(grid);
	const { cells, ...head } = grid;
	const text = new TextEncoder().encode(JSON.stringify({ ...head, cell }));
	const length = Math.ceil((8 + text.length) / 8) * 8 - 8;
	const narrow = TYPES[cell].from(cells);
	const out = new Uint8Array(8 + length + narrow.byteLength);
	out.set(new TextEncoder().encode('PTHG'));
	new DataView(out.buffer).setUint32(4, length, true);
	out.fill(0x20, 8, 8 + length);
	out.set(text, 8);
	out.set(new Uint8Array(narrow.buffer), 8 + length);
	return out;
}
