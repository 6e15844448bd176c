import { COLUMNS } from '#lib/domain/batch.ts';
import type { Segment, StoredColumnName, StoredColumns } from '../store.ts';
import { columnId, decodeColumn, decodePayload, PAYLOAD_COLUMN } from './codec.ts';
import { Lru } from './lru.ts';
import type { Statements } from './statements.ts';

type Column = StoredColumns[StoredColumnName];

/** Decoded columns kept in memory; a session of 3 million events fits with its heat-map columns. */
const CACHE_BYTES = 96 * 2 ** 20;

/** Reads and decodes columns of segments, the most recently used ones from memory. */
export class SegmentReader {
	readonly #run: Statements;
	readonly #cache = new Lru<Column>(CACHE_BYTES);
	readonly #constants = new Lru<Record<number, number>>(4 * 2 ** 20);
	constructor(run: Statements) {
		this.#run = run;
	}

	/** The named columns; the arrays are shared, never write to them. */
	columns<N extends StoredColumnName>(segment: Segment, names: readonly N[]): Pick<StoredColumns, N> {
		const out: Partial<Record<StoredColumnName, Column>> = {};
		for (const name of names) out[name] = this.#column(segment, name);
		return out as Pick<StoredColumns, N>;
	}

	/** Every column. */
	wholeSegment(segment: Segment): StoredColumns {
		return this.columns(segment, [...COLUMNS, 'lane', 'payload']);
	}

	#column(segment: Segment, name: StoredColumnName): Column {
		const key = segment.id * 32 + columnId(name);
		const cached = this.#cache.get(key);
		if (cached) return cached;
		if (name === 'payload') {
			const payload = decodePayload(this.#blob(segment.id, PAYLOAD_COLUMN));
			this.#cache.set(key, payload, payload.size * 200 + 64);
			return payload;
		}
		const { array, shared } = decodeColumn(name, {
			blob: (id) => this.#blob(segment.id, id),
			constants: this.#constantsOf(segment.id),
			count: segment.count
		});
		this.#cache.set(key, array, shared ? 64 : array.byteLength);
		return array;
	}

	#blob(segmentId: number, column: number): Buffer | undefined {
		return this.#run.column.get(segmentId * 32 + column)?.data;
	}

	#constantsOf(segmentId: number): Record<number, number> {
		let constants = this.#constants.get(segmentId);
		if (!constants) {
			constants = JSON.parse(this.#run.constants.get(segmentId)?.constants ?? '{}') as Record<number, number>;
			this.#constants.set(segmentId, constants, 256);
		}
		return constants;
	}
}
