import { compress, decompress, frame } from './codec.ts';

/** Cells of a tile in (time, index) order; index = mode * rows + row. */
export class TileCells {
	length = 0;
	time = new Uint8Array(64);
	index = new Uint32Array(64);
	count = new Uint32Array(64);

	push(time: number, index: number, count: number): void {
		if (this.length === this.time.length) this.#grow();
		this.time[this.length] = time;
		this.index[this.length] = index;
		this.count[this.length++] = count;
	}

	#grow(): void {
		const copy = <T extends Uint8Array | Uint32Array>(from: T, to: T): T => {
			to.set(from);
			return to;
		};
		this.time = copy(this.time, new Uint8Array(this.length * 2));
		this.index = copy(this.index, new Uint32Array(this.length * 2));
		this.count = copy(this.count, new Uint32Array(this.length * 2));
	}
}

function writeVarint(out: Uint8Array, at: number, value: number): number {
	while (value > 127) {
		out[at++] = (value & 127) | 128;
		value >>>= 7;
	}
	out[at++] = value;
	return at;
}

/** A tile before compression: kept for the next one. */
let plainBytes = new Uint8Array(65_536);

/** A tile that grows on is not compressed while it has at most this many bytes: each commit writes it anew. */
const SMALL = 4096;

/**
 * Bytes of a tile: u32 number of cells, then as LEB128 numbers all time steps (difference to the former cell's
 * bucket), all indexes (difference to the former one in the same bucket), all counts; zstd.
 */
export function encodeTile(cells: TileCells, use: 'now' | 'for good' = 'for good'): Buffer {
	const { length, time, index, count } = cells;
	// a time step has at most 2 bytes, an index and a count 5 each
	const most = 4 + length * 12;
	if (plainBytes.length < most) plainBytes = new Uint8Array(most * 2);
	const out = plainBytes;
	new DataView(out.buffer).setUint32(0, length, true);
	let at = 4;
	for (let i = 0, last = 0; i < length; i++) {
		at = writeVarint(out, at, (time[i] as number) - last);
		last = time[i] as number;
	}
	let former = -1;
	let from = 0;
	for (let i = 0; i < length; i++) {
		if (time[i] !== former) from = 0;
		former = time[i] as number;
		const value = index[i] as number;
		at = writeVarint(out, at, value - from);
		from = value;
	}
	for (let i = 0; i < length; i++) at = writeVarint(out, at, count[i] as number);
	const bytes = out.subarray(0, at);
	return use === 'now' && at <= SMALL ? frame(bytes) : compress(bytes);
}

export function decodeTile(data: Uint8Array): TileCells {
	const bytes = decompress(data);
	const cells = new TileCells();
	const n = bytes.readUInt32LE(0);
	let at = 4;
	const next = (): number => {
		let value = 0;
		let scale = 1;
		for (;;) {
			const byte = bytes[at++] as number;
			value += (byte & 127) * scale;
			if (byte < 128) return value;
			scale *= 128;
		}
	};
	const time = (cells.time = new Uint8Array(n));
	const index = (cells.index = new Uint32Array(n));
	const count = (cells.count = new Uint32Array(n));
	cells.length = n;
	for (let i = 0, last = 0; i < n; i++) last = time[i] = last + next();
	for (let i = 0; i < n; i++)
		index[i] = next() + (i > 0 && time[i] === time[i - 1] ? (index[i - 1] as number) : 0);
	for (let i = 0; i < n; i++) count[i] = next();
	return cells;
}
