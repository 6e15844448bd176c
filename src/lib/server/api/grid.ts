import type { HeatGrid } from '../query/heat-map.ts';

const TYPES = { u8: Uint8Array, u16: Uint16Array, u32: Uint32Array } as const;

/**
 * A heat map as bytes: `PTHG`, u32 length of the JSON head, the head (all fields but the cells, `cell` says the
 * number's size), zero bytes up to a multiple of 4, then the cells, little-endian, row-major, row 0 the lowest gfn.
 */
export function encodeGrid({ cells, ...head }: HeatGrid): Uint8Array<ArrayBuffer> {
	const cell = head.max < 256 ? 'u8' : head.max < 65_536 ? 'u16' : 'u32';
	const json = new TextEncoder().encode(JSON.stringify({ ...head, cell }));
	const start = Math.ceil((8 + json.length) / 4) * 4;
	const narrow = TYPES[cell].from(cells);
	const out = new Uint8Array(start + narrow.byteLength);
	out.set(new TextEncoder().encode('PTHG'));
	new DataView(out.buffer).setUint32(4, json.length, true);
	out.set(json, 8);
	out.set(new Uint8Array(narrow.buffer), start);
	return out;
}
