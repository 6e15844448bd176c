import { constants, zstdCompressSync, zstdDecompressSync } from 'node:zlib';
import { COLUMN_DEFAULTS, COLUMNS, type EventBatch } from '#lib/domain/batch.ts';
import { NO_LANE, type StoredColumnName } from '../store.ts';

/** Column ids on disk: the batch's columns in order, then these. */
export const LANE_COLUMN = 30;
export const PAYLOAD_COLUMN = 31;

type NumberColumn = Exclude<StoredColumnName, 'payload'>;
type NumberArray = Float64Array | Uint32Array | Uint16Array | Uint8Array;

/** How a column's numbers are laid out before compression (first byte of the blob). */
const PLAIN = 0;
/** Differences to the former value as u32, the first value in 8 bytes in front (time never goes backwards). */
const DELTA = 1;
/** As u32, of a column that is Float64 in memory. */
const NARROW = 2;
/** Distinct 64-bit values, then u16 indexes: both halves of a pair of columns, stored under the lower half's id. */
const PAIR = 3;

const ARRAY_OF: Readonly<Record<NumberColumn, new (length: number) => NumberArray>> = {
	tsNs: Float64Array,
	kind: Uint8Array,
	vcpu: Uint16Array,
	flags: Uint16Array,
	gfn: Float64Array,
	npages: Uint32Array,
	offset: Uint16Array,
	bytes: Uint16Array,
	detail: Uint8Array,
	node: Uint16Array,
	slot: Uint32Array,
	ripLo: Uint32Array,
	ripHi: Uint32Array,
	gvaLo: Uint32Array,
	gvaHi: Uint32Array,
	valueLo: Uint32Array,
	valueHi: Uint32Array,
	lane: Uint16Array
};

/** Upper halves by their lower half. */
const PAIRS = new Map<NumberColumn, NumberColumn>([
	['ripLo', 'ripHi'],
	['gvaLo', 'gvaHi'],
	['valueLo', 'valueHi']
]);
const LOWER_OF = new Map([...PAIRS].map(([low, high]) => [high, low]));

export const columnId = (name: StoredColumnName): number =>
	name === 'lane' ? LANE_COLUMN : name === 'payload' ? PAYLOAD_COLUMN : COLUMNS.indexOf(name);

const defaultOf = (name: NumberColumn): number => (name === 'lane' ? NO_LANE : COLUMN_DEFAULTS[name]);

/** zstd at level 1: at higher levels a trace shrinks by 2 % and takes twice the time. */
export const compress = (bytes: Uint8Array, level = 1): Buffer =>
	zstdCompressSync(bytes, {
		params: { [constants.ZSTD_c_compressionLevel]: level },
		pledgedSrcSize: bytes.length // a live session's small columns take a third of the time with it
	});
/**
 * A zstd frame that holds at most 65,791 bytes as they are (RFC 8878): no context is made for what is soon written
 * anew, and `decompress` reads it like any other.
 */
export function frame(bytes: Uint8Array): Buffer {
	const n = bytes.length;
	const short = n < 256;
	const head = short ? 6 : 7;
	const out = Buffer.allocUnsafe(head + 3 + n);
	out.writeUInt32LE(0xfd2f_b528);
	// one segment, its size in one byte, or in two as what it is above 256
	out[4] = short ? 0x20 : 0x60;
	if (short) out[5] = n;
	else out.writeUInt16LE(n - 256, 5);
	// the last block, raw
	out.writeUIntLE((n << 3) | 1, head, 3);
	out.set(bytes, head + 3);
	return out;
}
/** `sizeBytes`: about what comes out, so that it is not put together from small pieces. */
export const decompress = (bytes: Uint8Array, sizeBytes = 0): Buffer =>
	zstdDecompressSync(bytes, { chunkSize: Math.max(16_384, sizeBytes) });

/** Bytes of each position together: all lowest bytes, then all second ones, … */
function shuffle(array: NumberArray, out: Uint8Array, at: number): void {
	if (array instanceof Uint32Array) return shuffleWords(array, out, at);
	if (array instanceof Uint16Array) return shuffleHalves(array, out, at);
	if (array instanceof Uint8Array) return out.set(array, at);
	const width = array.BYTES_PER_ELEMENT;
	const n = array.length;
	const bytes = new Uint8Array(array.buffer, array.byteOffset, n * width);
	for (let plane = 0; plane < width; plane++) {
		const base = at + plane * n;
		for (let i = 0, from = plane; i < n; i++, from += width) out[base + i] = bytes[from] as number;
	}
}

function shuffleHalves(array: Uint16Array, out: Uint8Array, at: number): void {
	const n = array.length;
	const upper = at + n;
	for (let i = 0; i < n; i++) {
		const half = array[i] as number;
		out[at + i] = half;
		out[upper + i] = half >>> 8;
	}
}

/** Each word is read once, not once for each of its bytes. */
function shuffleWords(array: Uint32Array, out: Uint8Array, at: number): void {
	const n = array.length;
	const [second, third, fourth] = [at + n, at + 2 * n, at + 3 * n];
	for (let i = 0; i < n; i++) {
		const word = array[i] as number;
		out[at + i] = word;
		out[second + i] = word >>> 8;
		out[third + i] = word >>> 16;
		out[fourth + i] = word >>> 24;
	}
}

function unshuffle(bytes: Uint8Array, at: number, array: NumberArray): void {
	if (array instanceof Uint32Array) return unshuffleWords(bytes, at, array);
	if (array instanceof Uint16Array) return unshuffleHalves(bytes, at, array);
	if (array instanceof Uint8Array) return array.set(bytes.subarray(at, at + array.length));
	const width = array.BYTES_PER_ELEMENT;
	const n = array.length;
	const out = new Uint8Array(array.buffer, array.byteOffset, n * width);
	for (let plane = 0; plane < width; plane++) {
		const base = at + plane * n;
		for (let i = 0, to = plane; i < n; i++, to += width) out[to] = bytes[base + i] as number;
	}
}

function unshuffleHalves(bytes: Uint8Array, at: number, array: Uint16Array): void {
	const n = array.length;
	const upper = at + n;
	for (let i = 0; i < n; i++) array[i] = (bytes[at + i] as number) | ((bytes[upper + i] as number) << 8);
}

function unshuffleWords(bytes: Uint8Array, at: number, array: Uint32Array): void {
	const n = array.length;
	for (let i = 0; i < n; i++) array[i] = wordAt(bytes, at + i, n);
}

/** A u32 whose bytes are `step` apart. */
const wordAt = (bytes: Uint8Array, at: number, step: number): number =>
	((bytes[at] as number) |
		((bytes[at + step] as number) << 8) |
		((bytes[at + 2 * step] as number) << 16) |
		((bytes[at + 3 * step] as number) << 24)) >>>
	0;

/** Most events that can be encoded together: a pair's indexes are u16. */
const MAX_EVENTS = 65_536;
/** A column's bytes before compression. Kept, as all that encoding needs: new arrays cost more than filling these. */
let plainBytes = new Uint8Array(MAX_EVENTS * 8);
const words = new Uint32Array(MAX_EVENTS);
const indexes = new Uint16Array(MAX_EVENTS);
const table = new Int32Array(MAX_EVENTS * 2);
const lows = new Uint32Array(MAX_EVENTS);
const highs = new Uint32Array(MAX_EVENTS);

function pack(encoding: number, head: NumberArray | null, array: NumberArray): Buffer {
	const headBytes = head ? head.byteLength : 0;
	const size = headBytes + array.byteLength;
	if (size > plainBytes.length) plainBytes = new Uint8Array(size);
	const plain = plainBytes.subarray(0, size);
	if (head) plain.set(new Uint8Array(head.buffer, head.byteOffset, headBytes));
	shuffle(array, plain, headBytes);
	const packed = compress(plain);
	return Buffer.concat([Uint8Array.of(encoding), packed]);
}

/** Null if not every difference fits 32 bits. */
function deltas(array: Float64Array): Uint32Array | null {
	const out = words.subarray(0, array.length);
	out[0] = 0;
	let former = array[0] as number;
	for (let i = 1; i < out.length; i++) {
		const value = array[i] as number;
		const delta = value - former;
		if (delta < 0 || delta > 0xffff_ffff) return null;
		out[i] = delta;
		former = value;
	}
	return out;
}

function encodeTime(array: Float64Array): Buffer {
	const differences = deltas(array);
	return differences ? pack(DELTA, array.slice(0, 1), differences) : pack(PLAIN, null, array);
}

function encodeGfn(array: Float64Array): Buffer {
	const narrow = words.subarray(0, array.length);
	for (let i = 0; i < narrow.length; i++) {
		const gfn = array[i] as number;
		if (gfn > 0xffff_ffff) return pack(PLAIN, null, array);
		narrow[i] = gfn;
	}
	return pack(NARROW, null, narrow);
}

/**
 * Distinct 64-bit values in order of appearance (into `lows` and `highs`), and the index of each event's value (into
 * `indexes`); how many values there are, null if more than `limit`.
 */
function dictionary(low: Uint32Array, high: Uint32Array, limit: number): number | null {
	const n = low.length;
	// a power of two that is at least twice the number of values
	const bits = Math.max(8, Math.ceil(Math.log2(n * 2)));
	const mask = 2 ** bits - 1;
	table.fill(-1, 0, mask + 1);
	let size = 0;
	let former = -1;
	for (let i = 0; i < n; i++) {
		const a = low[i] as number;
		const b = high[i] as number;
		// most accesses of a loop come from the same instruction as the one before
		if (former >= 0 && lows[former] === a && highs[former] === b) {
			indexes[i] = former;
			continue;
		}
		let at = (Math.imul(a ^ Math.imul(b, 0x85eb_ca6b), 0x9e37_79b1) >>> (32 - bits)) & mask;
		let found = table[at] as number;
		while (found >= 0 && (lows[found] !== a || highs[found] !== b)) {
			at = (at + 1) & mask;
			found = table[at] as number;
		}
		if (found < 0) {
			if (size >= limit) return null;
			found = table[at] = size++;
			lows[found] = a;
			highs[found] = b;
		}
		indexes[i] = former = found;
	}
	return size;
}

function encodePair(low: Uint32Array, high: Uint32Array): Buffer | null {
	const n = low.length;
	const size = dictionary(low, high, Math.min(MAX_EVENTS, Math.floor(n / 2 + 16)));
	if (size === null) return null;
	const head = new Uint32Array(1 + size * 2);
	head[0] = size;
	head.set(lows.subarray(0, size), 1);
	head.set(highs.subarray(0, size), 1 + size);
	return pack(PAIR, head, indexes.subarray(0, n));
}

export interface EncodedSegment {
	/** Columns whose events all have the same value that is not the column's default. */
	readonly constants: Readonly<Record<number, number>>;
	readonly blobs: ReadonlyMap<number, Buffer>;
}

/** The value that all of a column's numbers are; null if they differ. */
function constantOf(array: NumberArray): number | null {
	const first = array[0] as number;
	if (first !== array[array.length - 1] || first !== array[array.length >> 1]) return null;
	// equal to itself moved by one element: compared by memcmp
	const { buffer, byteOffset, byteLength, BYTES_PER_ELEMENT: width } = array;
	const lower = Buffer.from(buffer, byteOffset, byteLength - width);
	return lower.equals(new Uint8Array(buffer, byteOffset + width, byteLength - width)) ? first : null;
}

/** Encodes all columns of a batch of at most `MAX_EVENTS` events. */
export function encodeSegment(batch: EventBatch, lane: Uint16Array): EncodedSegment {
	const constants: Record<number, number> = {};
	const blobs = new Map<number, Buffer>();
	const column = (name: NumberColumn): NumberArray =>
		name === 'lane' ? lane : batch[name].subarray(0, batch.length);
	for (const name of [...COLUMNS, 'lane'] as const) {
		const lower = LOWER_OF.get(name);
		if (lower !== undefined && blobs.get(columnId(lower))?.[0] === PAIR) continue;
		const array = column(name);
		const constant = constantOf(array);
		const upper = PAIRS.get(name);
		const upperArray = upper && (column(upper) as Uint32Array);
		if (constant !== null && (!upperArray || constantOf(upperArray) !== null)) {
			if (constant !== defaultOf(name)) constants[columnId(name)] = constant;
			continue;
		}
		blobs.set(columnId(name), encodeColumn(name, array, upperArray));
	}
	if (batch.payload.size) {
		const entries = [...batch.payload].filter(([i]) => i < batch.length);
		blobs.set(PAYLOAD_COLUMN, compress(Buffer.from(JSON.stringify(entries)), 3));
	}
	return { constants, blobs };
}

function encodeColumn(name: NumberColumn, array: NumberArray, upper: Uint32Array | undefined): Buffer {
	if (name === 'tsNs') return encodeTime(array as Float64Array);
	if (name === 'gfn') return encodeGfn(array as Float64Array);
	return (upper && encodePair(array as Uint32Array, upper)) ?? pack(PLAIN, null, array);
}

/** Where a column's numbers come from: its own blob, its lower half's blob, a constant or its default. */
export interface ColumnSource {
	readonly blob: (id: number) => Buffer | undefined;
	readonly constants: Readonly<Record<number, number>>;
	readonly count: number;
}

const filled = new Map<string, NumberArray>();

/** Shared array of one value: most columns of most segments. */
function constantArray(name: NumberColumn, value: number, count: number): NumberArray {
	const key = `${ARRAY_OF[name].name} ${value} ${count}`;
	let array = filled.get(key);
	if (!array) {
		if (filled.size > 256) filled.clear();
		filled.set(key, (array = new ARRAY_OF[name](count).fill(value)));
	}
	return array;
}

/** One column's numbers; `shared` says that the array is common to many and costs nothing to keep. */
export function decodeColumn(
	name: NumberColumn,
	source: ColumnSource
): { array: NumberArray; shared: boolean } {
	const id = columnId(name);
	const lower = LOWER_OF.get(name);
	const lowerBlob = lower === undefined ? undefined : source.blob(columnId(lower));
	const blob = lowerBlob?.[0] === PAIR ? lowerBlob : source.blob(id);
	if (!blob) {
		const value = source.constants[id] ?? defaultOf(name);
		return { array: constantArray(name, value, source.count), shared: true };
	}
	return { array: decodeBlob(name, blob, source.count), shared: false };
}

function decodeBlob(name: NumberColumn, blob: Buffer, count: number): NumberArray {
	const plain = decompress(blob.subarray(1), count * 4 + 8);
	switch (blob[0]) {
		case PLAIN: {
			const array = new ARRAY_OF[name](count);
			unshuffle(plain, 0, array);
			return array;
		}
		case DELTA:
			return sums(plain, count);
		case NARROW:
			return widened(plain, count);
		case PAIR: {
			const size = plain.readUInt32LE(0);
			const index = new Uint16Array(count);
			unshuffleHalves(plain, 4 + size * 8, index);
			return looked(plain, 4 + (LOWER_OF.has(name) ? size * 4 : 0), index);
		}
		default:
			throw new Error(`column ${name} has the unknown encoding ${blob[0]}: written by a newer version`);
	}
}

// One loop for each kind of array, straight from the bytes: a cold look at a session waits for these.

/** Of a DELTA column. */
function sums(plain: Buffer, count: number): Float64Array {
	const out = new Float64Array(count);
	let value = plain.readDoubleLE(0);
	for (let i = 0; i < count; i++) out[i] = value += wordAt(plain, 8 + i, count);
	return out;
}

/** Of a NARROW column. */
function widened(plain: Buffer, count: number): Float64Array {
	const out = new Float64Array(count);
	for (let i = 0; i < count; i++) out[i] = wordAt(plain, i, count);
	return out;
}

/** Of a PAIR column, the half whose values begin at `at`. */
function looked(plain: Buffer, at: number, index: Uint16Array): Uint32Array {
	const out = new Uint32Array(index.length);
	for (let i = 0; i < out.length; i++) out[i] = wordAt(plain, at + (index[i] as number) * 4, 1);
	return out;
}

/** Payload texts by event index. */
export const decodePayload = (blob: Buffer | undefined): Map<number, string> =>
	new Map(blob ? (JSON.parse(decompress(blob).toString()) as [number, string][]) : []);
