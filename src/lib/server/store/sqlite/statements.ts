import type Database from 'better-sqlite3';
import type { MemslotRow, MomentRow, ProjectionSink } from './projector.ts';
import type { SourceState } from './session-rows.ts';

/** Statements of the append path, prepared once. */
export function prepareStatements(raw: Database.Database) {
	return {
		/** Runs what reads several times on one and the same state of the database. */
		consistently: <T>(read: () => T): T => raw.transaction(read)(),
		session: raw.prepare<[string], { id: number; nextSeq: number; summary: string; hiddenMs: number | null }>(
			'SELECT id, next_seq AS nextSeq, summary, hidden_ms AS hiddenMs FROM sessions WHERE slug = ?'
		),
		advance: raw.prepare<[number, string, number]>(
			'UPDATE sessions SET next_seq = ?, summary = ? WHERE id = ?'
		),
		source: raw.prepare<[number, number, string, number, number]>(
			'UPDATE sources SET byte = ?, line = ?, digest = ?, complete = ? WHERE session_id = ?'
		),
		sourceHead: raw.prepare<[string, number]>('UPDATE sources SET head = ? WHERE session_id = ?'),
		sourcesOf: raw.prepare<[number], SourceState>(
			'SELECT diagnostics, complete FROM sources WHERE session_id = ?'
		),
		diagnostics: raw.prepare<[string, number]>('UPDATE sources SET diagnostics = ? WHERE session_id = ?'),
		segment: raw.prepare<(number | string)[]>(
			`INSERT INTO segments (session_id, first_seq, count, min_ns, max_ns, min_gfn, max_gfn, kinds, lanes,
			 bytes, constants) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`
		),
		segments: raw.prepare<[number], SegmentRow>(`${SEGMENT_FIELDS} WHERE session_id = ? ORDER BY first_seq`),
		segmentAt: raw.prepare<[number, number], SegmentRow>(
			`${SEGMENT_FIELDS} WHERE session_id = ? AND first_seq <= ? ORDER BY first_seq DESC LIMIT 1`
		),
		segmentsWithin: raw.prepare<[number, number, number], SegmentRow>(
			`${SEGMENT_FIELDS} WHERE session_id = ? AND first_seq > ? AND first_seq < ? ORDER BY first_seq`
		),
		lastSegments: raw.prepare<[number], SegmentRow>(
			`${SEGMENT_FIELDS} WHERE session_id = ? ORDER BY first_seq DESC LIMIT 17`
		),
		constants: raw.prepare<[number], { constants: string }>('SELECT constants FROM segments WHERE id = ?'),
		dropSegment: raw.prepare<[number]>('DELETE FROM segments WHERE id = ?'),
		putColumn: raw.prepare<[number, Buffer]>('INSERT INTO segment_columns (id, data) VALUES (?, ?)'),
		column: raw.prepare<[number], { data: Buffer }>('SELECT data FROM segment_columns WHERE id = ?'),
		dropColumns: raw.prepare<[number, number]>('DELETE FROM segment_columns WHERE id BETWEEN ? AND ?'),
		snapshot: raw.prepare<[number, number], { seq: number; data: Buffer }>(
			'SELECT seq, data FROM snapshots WHERE session_id = ? AND seq <= ? ORDER BY seq DESC LIMIT 1'
		),
		putSnapshot: raw.prepare<[number, number, Buffer]>(
			'INSERT OR REPLACE INTO snapshots (session_id, seq, data) VALUES (?, ?, ?)'
		),
		putTile: raw.prepare<[number, number, number, number, Buffer]>(
			'INSERT OR REPLACE INTO heat_tiles (session_id, lane, shift, tile, data) VALUES (?, ?, ?, ?, ?)'
		),
		dropTiles: raw.prepare<[number, number]>('DELETE FROM heat_tiles WHERE session_id = ? AND shift < ?'),
		lastTiles: raw.prepare<[number], { lane: number; shift: number; tile: number; data: Buffer }>(
			`SELECT lane, shift, max(tile) AS tile, data FROM heat_tiles WHERE session_id = ? GROUP BY lane, shift`
		),
		shifts: raw
			.prepare<[number, number], number>(
				'SELECT DISTINCT shift FROM heat_tiles WHERE session_id = ? AND lane = ? ORDER BY shift'
			)
			.pluck(),
		tiles: raw.prepare<[number, number, number, number, number], { tile: number; data: Buffer }>(
			`SELECT tile, data FROM heat_tiles
			 WHERE session_id = ? AND lane = ? AND shift = ? AND tile BETWEEN ? AND ? ORDER BY tile`
		),
		openMemslot: raw.prepare(
			`INSERT OR REPLACE INTO memslots (session_id, created_seq, created_ns, as_id, slot_id, base_gfn, npages,
			 flags, name, lane) VALUES (@sessionId, @createdSeq, @createdNs, @asId, @slotId, @baseGfn, @npages,
			 @flags, @name, @lane)`
		),
		memslotFlags: raw.prepare<[number, number, number]>(
			'UPDATE memslots SET flags = ? WHERE session_id = ? AND created_seq = ?'
		),
		closeMemslot: raw.prepare<[number, number, number, number]>(
			'UPDATE memslots SET deleted_seq = ?, deleted_ns = ? WHERE session_id = ? AND created_seq = ?'
		),
		livingMemslots: raw.prepare<[number], { key: number; createdSeq: number }>(
			`SELECT as_id * 65536 + slot_id AS key, created_seq AS createdSeq FROM memslots
			 WHERE session_id = ? AND deleted_seq IS NULL`
		),
		moment: raw.prepare(
			`INSERT OR REPLACE INTO moments (session_id, seq, kind, ts_ns, name, start_ns, count, vcpu)
			 VALUES (@sessionId, @seq, @kind, @tsNs, @name, @startNs, @count, @vcpu)`
		)
	};
}
export type Statements = ReturnType<typeof prepareStatements>;

export interface SegmentRow {
	id: number;
	sessionId: number;
	firstSeq: number;
	count: number;
	minNs: number;
	maxNs: number;
	minGfn: number;
	maxGfn: number;
	kinds: number;
	lanes: number;
}
const SEGMENT_FIELDS = `SELECT id, session_id AS sessionId, first_seq AS firstSeq, count, min_ns AS minNs, max_ns AS maxNs,
	min_gfn AS minGfn, max_gfn AS maxGfn, kinds, lanes FROM segments`;

/** Writes projections of a session into the database, inside the caller's transaction. */
export function databaseSink(run: Statements, sessionId: number): ProjectionSink {
	return {
		snapshot: (seq, data) => void run.putSnapshot.run(sessionId, seq, data),
		tile: (lane, shift, tile, data) => void run.putTile.run(sessionId, lane, shift, tile, data),
		dropTiles: (shift) => void run.dropTiles.run(sessionId, shift),
		openMemslot: (row: MemslotRow) => void run.openMemslot.run({ sessionId, ...row }),
		memslotFlags: (seq, flags) => void run.memslotFlags.run(flags, sessionId, seq),
		closeMemslot: (created, seq, tsNs) => void run.closeMemslot.run(seq, tsNs, sessionId, created),
		moment: (row: MomentRow) => void run.moment.run({ sessionId, ...row })
	};
}
