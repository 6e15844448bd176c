import { copyEvents, createBatch, sliceBatch, type EventBatch } from '#lib/domain/batch.ts';
import type { NumberedEvent } from '#lib/domain/events.ts';
import { evolve } from '#lib/domain/evolve.ts';
import { eventAt } from '#lib/domain/batch-events.ts';
import { changesState, STATE_KINDS } from '#lib/domain/kinds.ts';
import { initialState, parseState, type TrackingState } from '#lib/domain/state.ts';
import { headKey } from '../head.ts';
import { SeqConflictError, type AppendContext, type Segment } from '../store.ts';
import { CHANGES_COLUMN, encodeChanges } from './changes.ts';
import { decompress, encodeSegment } from './codec.ts';
import type { Connection } from './open.ts';
import { Projector, type Summary } from './projector.ts';
import type { SegmentReader } from './reader.ts';
import { databaseSink, type Statements } from './statements.ts';
import { zoneOf } from './zone.ts';

/** Most events in one segment. */
export const SEGMENT_EVENTS = 32_768;
const COLUMN_IDS = 32;

/** Writes one session's events and projections; kept while the session grows. */
export class SessionWriter {
	readonly #connection: Connection;
	readonly #run: Statements;
	readonly #reader: SegmentReader;
	readonly rowId: number;
	readonly #slug: string;
	readonly #projector: Projector;
	nextSeq: number;

	constructor(connection: Connection, run: Statements, reader: SegmentReader, slug: string, rowId: number) {
		this.#connection = connection;
		this.#run = run;
		this.#reader = reader;
		this.#slug = slug;
		this.rowId = rowId;
		this.nextSeq = 0;
		this.#projector = run.consistently(() => {
			const row = run.session.get(slug);
			this.nextSeq = row?.nextSeq ?? 0;
			return this.#load(JSON.parse(row?.summary ?? '{}') as Summary);
		});
	}

	/** Brings projector and pyramid to where the database is. */
	#load(summary: Summary): Projector {
		const { state, changes } = stateBefore(this.#run, this.#reader, this.rowId, this.nextSeq);
		const projector = new Projector(databaseSink(this.#run, this.rowId), state, summary);
		projector.changes = changes;
		projector.resumeMemslots(
			new Map(this.#run.livingMemslots.all(this.rowId).map((row) => [row.key, row.createdSeq]))
		);
		for (const tile of this.#run.lastTiles.all(this.rowId))
			projector.heat.resume(tile.lane, tile.shift, tile.tile, tile.data);
		return projector;
	}

	append(expectedSeq: number, batch: EventBatch, context: AppendContext): number {
		return this.#connection.raw
			.transaction(() => {
				const current = this.#run.session.get(this.#slug)?.nextSeq ?? 0;
				if (current !== expectedSeq) throw new SeqConflictError(this.#slug, expectedSeq, current);
				for (let from = 0; from < batch.length; from += SEGMENT_EVENTS) {
					const whole = from === 0 && batch.length <= SEGMENT_EVENTS;
					const part = whole ? batch : sliceBatch(batch, from, Math.min(batch.length, from + SEGMENT_EVENTS));
					const lanes = this.#projector.take(part, expectedSeq + from);
					this.#write(part, lanes, expectedSeq + from);
				}
				if (batch.length) this.#projector.heat.flush();
				this.#compact();
				this.#commitContext(context);
				const next = expectedSeq + batch.length;
				this.#run.advance.run(next, JSON.stringify(this.#projector.summary), this.rowId);
				return (this.nextSeq = next);
			})
			.immediate();
	}

	#commitContext({ position, head, diagnostics }: AppendContext): void {
		if (head) this.#run.sourceHead.run(headKey(head), this.rowId);
		if (position) {
			const { byte, line, digest, complete } = position;
			this.#run.source.run(byte, line, digest, complete ? 1 : 0, this.rowId);
		}
		if (diagnostics) this.#run.diagnostics.run(JSON.stringify(diagnostics), this.rowId);
	}

	#write(batch: EventBatch, lanes: Uint16Array, firstSeq: number): void {
		writeSegment(this.#run, this.rowId, batch, lanes, firstSeq);
	}

	/**
	 * Joins the last segments for as long as the one before them is neither twice as big nor half as big as one may be:
	 * each event moves O(log n) times.
	 * They are joined at once, because a commit with a row of joins, each with the former's outcome, takes twice as long.
	 */
	#compact(): void {
		const segments = this.#run.lastSegments.all(this.rowId);
		let count = segments[0]?.count ?? 0;
		let joined = 1;
		for (const { count: former } of segments.slice(1)) {
			if (former >= Math.min(2 * count, SEGMENT_EVENTS / 2) || former + count > SEGMENT_EVENTS) break;
			count += former;
			joined++;
		}
		if (joined > 1) this.#join(segments.slice(0, joined).reverse(), count);
	}

	/** Makes one segment of these, which follow each other and have `count` events together. */
	#join(segments: readonly Segment[], count: number): void {
		const batch = createBatch(count);
		const lanes = new Uint16Array(count);
		for (const segment of segments) {
			const columns = this.#reader.wholeSegment(segment);
			lanes.set(columns.lane, batch.length);
			copyEvents(batch, { ...columns, length: segment.count }, 0, segment.count);
			this.#run.dropSegment.run(segment.id);
			this.#run.dropColumns.run(segment.id * COLUMN_IDS, segment.id * COLUMN_IDS + COLUMN_IDS - 1);
		}
		this.#write(batch, lanes, segments[0]?.firstSeq ?? 0);
	}
}

function writeSegment(
	run: Statements,
	rowId: number,
	batch: EventBatch,
	lanes: Uint16Array,
	firstSeq: number
): void {
	const { constants, blobs } = encodeSegment(batch, lanes);
	const zone = zoneOf(batch, lanes);
	const changes = zone.kinds & STATE_KINDS ? encodeChanges(batch) : null;
	const stored = changes ? [...blobs, [CHANGES_COLUMN, changes] as const] : [...blobs];
	const bytes = stored.reduce((sum, [, blob]) => sum + blob.length, 0);
	const { minNs, maxNs, minGfn, maxGfn, kinds } = zone;
	const { lastInsertRowid } = run.segment.run(
		...[rowId, firstSeq, batch.length, minNs, maxNs, minGfn, maxGfn, kinds, zone.lanes, bytes],
		JSON.stringify(constants)
	);
	for (const [column, blob] of stored) run.putColumn.run(Number(lastInsertRowid) * COLUMN_IDS + column, blob);
}

/** The tracking state right before event `seq`: snapshot and replay; `changes` counts the replayed events. */
export function stateBefore(
	run: Statements,
	reader: SegmentReader,
	rowId: number,
	seq: number
): { state: TrackingState; changes: number } {
	return run.consistently(() => replay(run, reader, rowId, seq));
}

function replay(
	run: Statements,
	reader: SegmentReader,
	rowId: number,
	seq: number
): { state: TrackingState; changes: number } {
	const stored = run.snapshot.get(rowId, seq);
	const state = stored ? parseState(decompress(stored.data).toString()) : initialState();
	let changes = 0;
	const from = stored?.seq ?? 0;
	const change = (event: NumberedEvent) => {
		state.seq = event.seq;
		evolve(state, event);
		changes++;
	};
	for (const segment of run.segmentsWithin.all(rowId, from - SEGMENT_EVENTS, seq)) {
		const { firstSeq, count } = segment;
		if (firstSeq + count <= from || !(segment.kinds & STATE_KINDS)) continue;
		const few = reader.changes(segment);
		if (few) {
			for (const [n, i] of few.at.entries())
				if (firstSeq + i >= from && firstSeq + i < seq) change(eventAt(few.batch, n, firstSeq + i));
			continue;
		}
		const { kind } = reader.columns(segment, ['kind']);
		const batch = reader.lazySegment(segment);
		const end = Math.min(count, seq - firstSeq);
		for (let i = Math.max(0, from - firstSeq); i < end; i++)
			if (changesState(kind[i] as number)) change(eventAt(batch, i, firstSeq + i));
	}
	state.seq = seq;
	return { state, changes };
}
