import { compress, decompress, frame } from './codec.ts';

/** A tile that grows on is not compressed while it has at most this many bytes: each commit writes it anew. */
const SMALL = 4096;

/** Numbers as LEB128, one after another. */
class Varints {
	#bytes = new Uint8Array(64);
	length = 0;

	push(value: number): void {
		if (this.length + 5 > this.#bytes.length) this.#grow();
		const bytes = this.#bytes;
		let at = this.length;
		while (value > 127) {
			bytes[at++] = (value & 127) | 128;
			value >>>= 7;
		}
		bytes[at++] = value;
		this.length = at;
	}

	#grow(): void {
		const larger = new Uint8Array(this.#bytes.length * 2);
		larger.set(this.#bytes);
		this.#bytes = larger;
	}

	get bytes(): Uint8Array {
		return this.#bytes.subarray(0, this.length);
	}
}

/** How far a tile was written: what comes after can be taken back. */
interface TileMark {
	readonly length: number;
	readonly time: number;
	readonly index: number;
	readonly ends: readonly [number, number, number];
}

/**
 * A tile's cells in (time, index) order, encoded as they come; index = mode * rows + row. Its bytes: u32 number of
 * cells, then as LEB128 numbers all time steps (difference to the former cell's bucket), all indexes (difference to
 * the former one in the same bucket), all counts; zstd.
 */
export class TileWriter {
	#length = 0;
	#time = 0;
	#index = 0;
	readonly #times = new Varints();
	readonly #indexes = new Varints();
	readonly #counts = new Varints();

	push(time: number, index: number, count: number): void {
		this.#times.push(time - this.#time);
		this.#indexes.push(time === this.#time ? index - this.#index : index);
		this.#counts.push(count);
		this.#time = time;
		this.#index = index;
		this.#length++;
	}

	mark(): TileMark {
		const ends = [this.#times.length, this.#indexes.length, this.#counts.length] as const;
		return { length: this.#length, time: this.#time, index: this.#index, ends };
	}

	/** Takes back the cells pushed since. */
	rewind({ length, time, index, ends }: TileMark): void {
		this.#length = length;
		this.#time = time;
		this.#index = index;
		[this.#times.length, this.#indexes.length, this.#counts.length] = ends;
	}

	encode(use: 'now' | 'for good'): Buffer {
		const head = Buffer.alloc(4);
		head.writeUInt32LE(this.#length);
		const bytes = Buffer.concat([head, this.#times.bytes, this.#indexes.bytes, this.#counts.bytes]);
		return use === 'now' && bytes.length <= SMALL ? frame(bytes) : compress(bytes);
	}
}

/** The mark of an empty tile. */
export const EMPTY_TILE: TileMark = { length: 0, time: 0, index: 0, ends: [0, 0, 0] };

/** Cells of a tile, as `TileWriter` took them. */
export interface TileCells {
	readonly length: number;
	readonly time: Uint8Array;
	readonly index: Uint32Array;
	readonly count: Uint32Array;
}

export function decodeTile(data: Uint8Array): TileCells {
	const bytes = decompress(data);
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
	const time = new Uint8Array(n);
	const index = new Uint32Array(n);
	const count = new Uint32Array(n);
	for (let i = 0, last = 0; i < n; i++) last = time[i] = last + next();
	for (let i = 0; i < n; i++)
		index[i] = next() + (i > 0 && time[i] === time[i - 1] ? (index[i - 1] as number) : 0);
	for (let i = 0; i < n; i++) count[i] = next();
	return { length: n, time, index, count };
}
