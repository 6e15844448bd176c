import { COLUMNS, type EventBatch } from '#lib/domain/batch.ts';
import type { Segment, StoredColumnName, StoredColumns } from '../store.ts';
import { CHANGES_COLUMN, decodeChanges, type Changes } from './changes.ts';
import { columnId, decodeColumn, decodePayload, PAYLOAD_COLUMN } from './codec.ts';
import { Lru } from './lru.ts';
import type { SegmentRow, Statements } from './statements.ts';

type Column = StoredColumns[StoredColumnName];
const ALL_COLUMNS = [...COLUMNS, 'lane', 'payload'] as const;

/** Decoded columns kept in memory; a session of 3 million events fits with its heat-map columns. */
const CACHE_BYTES = 96 * 2 ** 20;
const CHANGES_BYTES = 8 * 2 ** 20;

/** The segment is not there any more, nor one that holds its events: the session was deleted. */
export class SegmentGoneError extends Error {
	constructor() {
		super('the segment is gone');
		this.name = 'SegmentGoneError';
	}
}

/** Reads and decodes columns of segments, the most recently used ones from memory. */
export class SegmentReader {
	readonly #run: Statements;
	#cache = new Lru<Column>(CACHE_BYTES);
	#changes = new Lru<Changes>(CHANGES_BYTES);
	constructor(run: Statements) {
		this.#run = run;
	}

	/**
	 * The named columns; the arrays are shared, never write to them. A segment that was joined with its neighbour
	 * since it was listed (by this connection or another) is read as a part of what it became. What is not in memory
	 * stays there if `keep`.
	 * @throws {SegmentGoneError}
	 */
	columns<N extends StoredColumnName>(
		segment: Segment,
		names: readonly N[],
		keep = true
	): Pick<StoredColumns, N> {
		const out: Partial<Record<StoredColumnName, Column>> = {};
		const missing: N[] = [];
		for (const name of names) {
			const cached = this.#cache.get(keyOf(segment, name));
			if (cached) out[name] = cached;
			else missing.push(name);
		}
		if (missing.length) this.#run.consistently(() => this.#read(segment, missing, out, keep));
		return out as Pick<StoredColumns, N>;
	}

	/** Every column. */
	wholeSegment(segment: Segment): StoredColumns {
		return this.columns(segment, ALL_COLUMNS);
	}

	/** The segment's events, each column decoded when it is first looked at: few kinds of events have all. */
	lazySegment(segment: Segment): EventBatch {
		const batch = { length: segment.count };
		for (const name of ALL_COLUMNS) {
			let column: Column | undefined;
			const get = () => (column ??= this.columns(segment, [name])[name]);
			Object.defineProperty(batch, name, { get });
		}
		return batch as EventBatch; // just given all its columns
	}

	/** The segment's state-changing events; null if they are to be looked for in its columns. */
	changes(segment: Segment): Changes | null {
		const kept = this.#changes.get(segment.id);
		if (kept) return kept;
		const blob = this.#blob(segment.id, CHANGES_COLUMN);
		if (!blob) return null;
		const changes = decodeChanges(blob);
		this.#changes.set(segment.id, changes, 512 + changes.at.length * 128);
		return changes;
	}

	/** Forgets what it keeps: columns were changed in place. */
	forget(): void {
		this.#cache = new Lru<Column>(CACHE_BYTES);
		this.#changes = new Lru<Changes>(CHANGES_BYTES);
	}

	#read(
		segment: Segment,
		names: readonly StoredColumnName[],
		out: Partial<Record<StoredColumnName, Column>>,
		keep: boolean
	): void {
		const row = this.#run.constants.get(segment.id);
		if (!row) return this.#readJoined(segment, names, out, keep);
		const constants = JSON.parse(row.constants) as Record<number, number>;
		for (const name of names) {
			const { column, sizeBytes } = this.#decode(segment, name, constants);
			out[name] = column;
			if (keep) this.#cache.set(keyOf(segment, name), column, sizeBytes);
		}
	}

	#readJoined(
		segment: Segment,
		names: readonly StoredColumnName[],
		out: Partial<Record<StoredColumnName, Column>>,
		keep: boolean
	): void {
		const { sessionId } = segment as SegmentRow; // every segment comes from a statement that gives it
		const joined = this.#run.segmentAt.get(sessionId, segment.firstSeq);
		if (!joined || joined.firstSeq + joined.count < segment.firstSeq + segment.count)
			throw new SegmentGoneError();
		const columns = this.columns(joined, names, keep);
		const from = segment.firstSeq - joined.firstSeq;
		for (const name of names) out[name] = part(columns[name], from, from + segment.count);
	}

	#decode(
		segment: Segment,
		name: StoredColumnName,
		constants: Record<number, number>
	): { column: Column; sizeBytes: number } {
		if (name === 'payload') {
			const column = decodePayload(this.#blob(segment.id, PAYLOAD_COLUMN));
			return { column, sizeBytes: column.size * 200 + 64 };
		}
		const blob = (id: number) => this.#blob(segment.id, id);
		const { array, shared } = decodeColumn(name, { blob, constants, count: segment.count });
		return { column: array, sizeBytes: shared ? 64 : array.byteLength };
	}

	#blob(segmentId: number, column: number): Buffer | undefined {
		return this.#run.column.get(segmentId * 32 + column)?.data;
	}
}

const keyOf = (segment: Segment, name: StoredColumnName): number => segment.id * 32 + columnId(name);

/** Entries `[from, to)` of a column. */
function part(column: Column, from: number, to: number): Column {
	if (!(column instanceof Map)) return column.subarray(from, to);
	const entries = [...column].filter(([i]) => i >= from && i < to);
	return new Map(entries.map(([i, text]) => [i - from, text]));
}
