import type { Lane } from '#lib/domain/state.ts';
import { decodeTile, EMPTY_TILE, TileWriter } from './heat-tile.ts';

/** Time bucket sizes of the pyramid, as powers of two (ns): each level is 8 times as coarse as the one below. */
export const HEAT_SHIFTS = [16, 19, 22, 25, 28, 31, 34, 37, 40, 43, 46, 49, 52] as const;
/** Nanoseconds in a bucket, by level. */
const BUCKET_NS = HEAT_SHIFTS.map((shift) => 2 ** shift);
/** The finest level kept has at most this many buckets over the whole session. */
const MAX_BUCKETS = 16_384;
/** Time buckets in a tile. */
export const TILE_BUCKETS = 256;
/** A lane has at most this many gfn buckets (one more if its base is not aligned). */
const MAX_ROWS = 512;

/** Finest level kept for a session that ends at `endNs`. */
export const finestShift = (endNs: number): number =>
	HEAT_SHIFTS.find((shift) => Math.floor(endNs / 2 ** shift) < MAX_BUCKETS) ?? 52;

/** Pages in a gfn bucket of a lane, as a power of two. */
export function gfnShiftOf(npages: number): number {
	let shift = 0;
	while (npages / 2 ** shift > MAX_ROWS) shift++;
	return shift;
}

export type PutTile = (lane: number, shift: number, tile: number, data: Buffer) => void;

/** A bucket of a quiet time has so few cells that the call of a sort would take longer than sorting. */
const FEW = 12;

function sortFew(array: Uint32Array, length: number): void {
	for (let i = 1; i < length; i++) {
		const value = array[i] as number;
		let at = i;
		for (; at > 0 && (array[at - 1] as number) > value; at--) array[at] = array[at - 1] as number;
		array[at] = value;
	}
}

/** Counts of the bucket that is open in one level of one lane, and the closed cells of its tile. */
class OpenTile {
	readonly counts: Uint32Array;
	readonly #touched: Uint32Array;
	#touchedCount = 0;
	readonly cells = new TileWriter();
	bucket = -1;
	/** Whether something was counted since the tile was written. */
	dirty = false;
	constructor(size: number) {
		this.counts = new Uint32Array(size);
		this.#touched = new Uint32Array(size);
	}

	add(index: number, count: number): void {
		if (this.counts[index] === 0) this.#touched[this.#touchedCount++] = index;
		this.counts[index] = (this.counts[index] as number) + count;
	}

	/** Moves the open bucket's counts to the cells, in index order (mode, then row). */
	closeBucket(): void {
		this.#copyOpen();
		for (let i = 0; i < this.#touchedCount; i++) this.counts[this.#touched[i] as number] = 0;
		this.#touchedCount = 0;
	}

	#copyOpen(): void {
		const n = this.#touchedCount;
		if (n > FEW) this.#touched.subarray(0, n).sort();
		else if (n > 1) sortFew(this.#touched, n);
		const time = this.bucket % TILE_BUCKETS;
		for (let i = 0; i < n; i++) {
			const index = this.#touched[i] as number;
			this.cells.push(time, index, this.counts[index] as number);
		}
	}

	/** All cells so far, the open bucket's included; written anew once there are more. */
	encode(): Buffer {
		const closed = this.cells.mark();
		this.#copyOpen();
		const data = this.cells.encode('now');
		this.cells.rewind(closed);
		return data;
	}

	get tile(): number {
		return Math.floor(this.bucket / TILE_BUCKETS);
	}

	/** The same open bucket, of a tile that has no closed one. */
	copy(): OpenTile {
		const other = new OpenTile(this.counts.length);
		other.bucket = this.bucket;
		other.dirty = this.dirty;
		for (const index of this.#touched.subarray(0, this.#touchedCount))
			other.add(index, this.counts[index] as number);
		return other;
	}
}

/** One lane's counts since they were last given to the levels: all in one bucket of the finest level. */
class LaneCounts {
	readonly base: number;
	readonly size: number;
	readonly rows: number;
	readonly counts: Uint32Array;
	readonly touched: Uint32Array;
	touchedCount = 0;
	/** By level (index in HEAT_SHIFTS); the last one stands for all coarser levels (see `HeatBuilder.#whole`). */
	readonly open: (OpenTile | null)[] = HEAT_SHIFTS.map(() => null);
	constructor(lane: Lane) {
		this.size = 2 ** gfnShiftOf(lane.npages);
		this.base = Math.floor(lane.baseGfn / this.size);
		this.rows = Math.floor((lane.baseGfn + lane.npages - 1) / this.size) - this.base + 1;
		this.counts = new Uint32Array(this.rows * 4);
		this.touched = new Uint32Array(this.rows * 4);
	}
}

/**
 * Builds the pyramid of a session while its events come in, in time order. What it writes depends on the events
 * alone, never on how they were cut into batches.
 */
export class HeatBuilder {
	readonly #lanes: LaneCounts[] = [];
	#finest = 0;
	/**
	 * The finest level whose first bucket holds the whole session so far. It and all coarser levels count the same:
	 * they share one open tile.
	 */
	#whole = 0;
	/** The finest level's bucket that the undrained counts are in: `[#startNs, #endNs)`. */
	#startNs = 0;
	#endNs = 0;
	readonly #put: PutTile;
	/** Accesses by lane, counted along. */
	readonly #accesses: number[];
	constructor(put: PutTile, accesses: number[]) {
		this.#put = put;
		this.#accesses = accesses;
	}

	/** Says where the session ends now: levels finer than its finest are no longer counted. */
	advance(endNs: number): void {
		this.drain();
		const shift = finestShift(endNs);
		while ((HEAT_SHIFTS[this.#finest] as number) < shift) this.#finest++;
		while (this.#whole < HEAT_SHIFTS.length - 1 && endNs >= 2 ** (HEAT_SHIFTS[this.#whole] as number))
			this.#part();
		this.#endNs = 0;
	}

	/** From here on the level that stands for all coarser ones counts for itself. */
	#part(): void {
		for (const { open } of this.#lanes) open[this.#whole + 1] = open[this.#whole]?.copy() ?? null;
		this.#whole++;
	}

	addLane(lane: Lane): void {
		this.#lanes.push(new LaneCounts(lane));
	}

	get laneCount(): number {
		return this.#lanes.length;
	}

	/** Goes on where a stored tile ended. */
	resume(lane: number, shift: number, tile: number, data: Buffer): void {
		const counts = this.#lanes[lane];
		const level = HEAT_SHIFTS.indexOf(shift as (typeof HEAT_SHIFTS)[number]);
		if (!counts || level > this.#whole) return;
		const open = new OpenTile(counts.counts.length);
		const cells = decodeTile(data);
		const last = cells.length ? (cells.time[cells.length - 1] as number) : 0;
		for (let i = 0; i < cells.length; i++) {
			const count = cells.count[i] as number;
			if (cells.time[i] === last) open.add(cells.index[i] as number, count);
			else open.cells.push(cells.time[i] as number, cells.index[i] as number, count);
		}
		open.bucket = tile * TILE_BUCKETS + last;
		counts.open[level] = open;
	}

	/** Counts accesses to `[gfn, gfn + npages)`, which lies in the lane; `mode` is 0..3. */
	add(lane: number, tsNs: number, mode: number, gfn: number, npages: number): void {
		if (tsNs >= this.#endNs) this.#nextBucket(tsNs);
		const own = this.#lanes[lane] as LaneCounts;
		for (let from = gfn; from < gfn + npages;) {
			const row = Math.floor(from / own.size);
			const to = npages === 1 ? from + 1 : Math.min(gfn + npages, (row + 1) * own.size);
			const index = mode * own.rows + row - own.base;
			if (own.counts[index] === 0) own.touched[own.touchedCount++] = index;
			own.counts[index] = (own.counts[index] as number) + (to - from);
			from = to;
		}
	}

	#nextBucket(tsNs: number): void {
		this.drain();
		const bucketNs = BUCKET_NS[this.#finest] as number;
		this.#startNs = Math.floor(tsNs / bucketNs) * bucketNs;
		this.#endNs = this.#startNs + bucketNs;
	}

	/** Gives the counts to every level: they lie in one bucket of each. */
	drain(): void {
		for (let lane = 0; lane < this.#lanes.length; lane++) {
			const own = this.#lanes[lane] as LaneCounts;
			if (own.touchedCount === 0) continue;
			for (let level = this.#finest; level <= this.#whole; level++) {
				const open = (own.open[level] ??= new OpenTile(own.counts.length));
				this.#moveTo(lane, level, open);
				open.dirty = true;
				for (let i = 0; i < own.touchedCount; i++) {
					const index = own.touched[i] as number;
					open.add(index, own.counts[index] as number);
				}
			}
			let accesses = 0;
			for (let i = 0; i < own.touchedCount; i++) {
				accesses += own.counts[own.touched[i] as number] as number;
				own.counts[own.touched[i] as number] = 0;
			}
			this.#accesses[lane] = (this.#accesses[lane] as number) + accesses;
			own.touchedCount = 0;
		}
	}

	/** Opens the bucket that holds the counts, and writes the tile before it if it was the last of that. */
	#moveTo(lane: number, level: number, open: OpenTile): void {
		const bucket = Math.floor(this.#startNs / (BUCKET_NS[level] as number));
		if (open.bucket === bucket) return;
		if (open.bucket >= 0) {
			open.closeBucket();
			if (open.tile !== Math.floor(bucket / TILE_BUCKETS)) {
				this.#put(lane, HEAT_SHIFTS[level] as number, open.tile, open.cells.encode('for good'));
				open.cells.rewind(EMPTY_TILE);
			}
		}
		open.bucket = bucket;
	}

	/** Writes every open tile that changed as it is now; counting goes on. */
	flush(): void {
		this.drain();
		for (const [lane, { open }] of this.#lanes.entries())
			for (let level = this.#finest; level <= this.#whole; level++) {
				const tile = open[level];
				if (!tile?.dirty) continue;
				const data = tile.encode();
				const last = level === this.#whole ? HEAT_SHIFTS.length - 1 : level;
				for (let like = level; like <= last; like++)
					this.#put(lane, HEAT_SHIFTS[like] as number, tile.tile, data);
				tile.dirty = false;
			}
	}

	get finest(): number {
		return HEAT_SHIFTS[this.#finest] as number;
	}
}
