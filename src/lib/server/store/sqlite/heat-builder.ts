import type { Lane } from '#lib/domain/state.ts';
import { decodeTile, encodeTile, TileCells } from './heat-tile.ts';

/** Time bucket sizes of the pyramid, as powers of two (ns): each level is 8 times as coarse as the one below. */
export const HEAT_SHIFTS = [16, 19, 22, 25, 28, 31, 34, 37, 40, 43, 46, 49, 52] as const;
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

/** Counts of the bucket that is open in one level of one lane, and the closed cells of its tile. */
class OpenTile {
	readonly counts: Uint32Array;
	readonly touched: number[] = [];
	readonly cells = new TileCells();
	bucket = -1;
	/** First ns after the open bucket. */
	endNs = 0;
	constructor(rows: number) {
		this.counts = new Uint32Array(rows * 4);
	}

	/** Moves the open bucket's counts to the cells, in index order (mode, then row). */
	closeBucket(): void {
		this.#drainInto(this.cells);
		for (const index of this.touched) this.counts[index] = 0;
		this.touched.length = 0;
	}

	#drainInto(cells: TileCells): void {
		if (this.touched.length > 1) this.touched.sort((a, b) => a - b);
		for (const index of this.touched)
			cells.push(this.bucket % TILE_BUCKETS, index, this.counts[index] as number);
	}

	/** All cells so far, the open bucket's included. */
	encode(): Buffer {
		const closed = this.cells.length;
		this.#drainInto(this.cells);
		const data = encodeTile(this.cells);
		this.cells.length = closed;
		return data;
	}

	get tile(): number {
		return Math.floor(this.bucket / TILE_BUCKETS);
	}
}

/**
 * Builds the pyramid of a session while its events come in, in time order. What it writes depends on the events
 * alone, never on how they were cut into batches.
 */
export class HeatBuilder {
	/** By lane, then by level (index in HEAT_SHIFTS). */
	readonly #open: (OpenTile | null)[][] = [];
	readonly #lanes: { base: number; shift: number; rows: number }[] = [];
	#finest = 0;
	readonly #put: PutTile;
	constructor(put: PutTile) {
		this.#put = put;
	}

	/** Says where the session ends now: levels finer than its finest are no longer counted. */
	advance(endNs: number): void {
		const shift = finestShift(endNs);
		while ((HEAT_SHIFTS[this.#finest] as number) < shift) this.#finest++;
	}

	addLane(lane: Lane): void {
		const shift = gfnShiftOf(lane.npages);
		const base = Math.floor(lane.baseGfn / 2 ** shift);
		const rows = Math.floor((lane.baseGfn + lane.npages - 1) / 2 ** shift) - base + 1;
		this.#lanes.push({ base, shift, rows });
		this.#open.push(HEAT_SHIFTS.map(() => null));
	}

	get laneCount(): number {
		return this.#lanes.length;
	}

	/** Goes on where a stored tile ended. */
	resume(lane: number, shift: number, tile: number, data: Buffer): void {
		const level = HEAT_SHIFTS.indexOf(shift as (typeof HEAT_SHIFTS)[number]);
		const rows = this.#lanes[lane]?.rows ?? 0;
		const open = new OpenTile(rows);
		const cells = decodeTile(data);
		const last = cells.length ? (cells.time[cells.length - 1] as number) : 0;
		for (let i = 0; i < cells.length; i++) {
			if (cells.time[i] === last) {
				open.touched.push(cells.index[i] as number);
				open.counts[cells.index[i] as number] = cells.count[i] as number;
			} else open.cells.push(cells.time[i] as number, cells.index[i] as number, cells.count[i] as number);
		}
		open.bucket = tile * TILE_BUCKETS + last;
		open.endNs = (open.bucket + 1) * 2 ** shift;
		(this.#open[lane] as (OpenTile | null)[])[level] = open;
	}

	/** Counts accesses to `[gfn, gfn + npages)`, which lies in the lane; `mode` is 0..3. */
	add(lane: number, tsNs: number, mode: number, gfn: number, npages: number): void {
		const { base, shift, rows } = this.#lanes[lane] as { base: number; shift: number; rows: number };
		const open = this.#open[lane] as (OpenTile | null)[];
		const size = 2 ** shift;
		for (let level = this.#finest; level < HEAT_SHIFTS.length; level++) {
			const tile = (open[level] ??= new OpenTile(rows));
			if (tsNs >= tile.endNs) this.#next(lane, level, tile, tsNs);
			for (let from = gfn; from < gfn + npages;) {
				const row = Math.floor(from / size);
				const to = Math.min(gfn + npages, (row + 1) * size);
				const index = mode * rows + row - base;
				if (tile.counts[index] === 0) tile.touched.push(index);
				tile.counts[index] = (tile.counts[index] as number) + (to - from);
				from = to;
			}
		}
	}

	#next(lane: number, level: number, open: OpenTile, tsNs: number): void {
		const bucketNs = 2 ** (HEAT_SHIFTS[level] as number);
		const bucket = Math.floor(tsNs / bucketNs);
		if (open.bucket >= 0) {
			open.closeBucket();
			if (open.tile !== Math.floor(bucket / TILE_BUCKETS)) {
				this.#put(lane, HEAT_SHIFTS[level] as number, open.tile, encodeTile(open.cells));
				open.cells.length = 0;
			}
		}
		open.bucket = bucket;
		open.endNs = (bucket + 1) * bucketNs;
	}

	/** Writes every open tile as it is now; counting goes on. */
	flush(): void {
		this.#open.forEach((levels, lane) =>
			levels.forEach((open, level) => {
				if (open && level >= this.#finest)
					this.#put(lane, HEAT_SHIFTS[level] as number, open.tile, open.encode());
			})
		);
	}

	get finest(): number {
		return HEAT_SHIFTS[this.#finest] as number;
	}
}
