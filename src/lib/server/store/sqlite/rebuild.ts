import { createHash } from 'node:crypto';
import type { RebuildReport } from '../store.ts';
import { CHANGES_COLUMN, encodeChanges } from './changes.ts';
import { decompress, encodeSegment, LANE_COLUMN } from './codec.ts';
import type { Connection } from './open.ts';
import { Projector, type ProjectionSink, type Summary } from './projector.ts';
import type { SegmentReader } from './reader.ts';
import { databaseSink, type Statements } from './statements.ts';

const PROJECTIONS = ['heat_tiles', 'snapshots', 'memslots', 'moments'] as const;

/**
 * Makes all projections of a session anew from its events, in one transaction, and compares them with what was
 * stored. Compressed data is compared decompressed: another zstd may pack the same bytes differently.
 */
export function rebuildSession(
	{ raw }: Connection,
	run: Statements,
	reader: SegmentReader,
	rowId: number,
	onProgress?: (events: number) => void
): RebuildReport {
	return raw
		.transaction(() => {
			const before = fingerprints(raw, rowId);
			const oldSummary = raw
				.prepare('SELECT summary FROM sessions WHERE id = ?')
				.pluck()
				.get(rowId) as string;
			for (const table of PROJECTIONS) raw.prepare(`DELETE FROM ${table} WHERE session_id = ?`).run(rowId);
			const projector = new Projector(databaseSink(run, rowId) satisfies ProjectionSink);
			let lanesEqual = true;
			let changesEqual = true;
			let events = 0;
			const update = raw.prepare('INSERT OR REPLACE INTO segment_columns (id, data) VALUES (?, ?)');
			for (const segment of run.segments.all(rowId)) {
				const stored = reader.wholeSegment(segment);
				const batch = { ...stored, length: segment.count };
				const lanes = projector.take(batch, segment.firstSeq);
				if (lanes.some((lane, i) => lane !== stored.lane[i])) {
					lanesEqual = false;
					const blob = encodeSegment(batch, lanes).blobs.get(LANE_COLUMN);
					if (blob) update.run(segment.id * 32 + LANE_COLUMN, blob);
				}
				const changes = encodeChanges(batch);
				const id = segment.id * 32 + CHANGES_COLUMN;
				const copy = run.column.get(id)?.data;
				if (copy && !(changes && decompress(copy).equals(decompress(changes)))) changesEqual = false;
				if (changes) update.run(id, changes);
				else if (copy) run.dropColumns.run(id, id);
				events = segment.firstSeq + segment.count;
				onProgress?.(events);
			}
			projector.heat.flush();
			const summary: Summary = projector.summary;
			run.advance.run(events, JSON.stringify(summary), rowId);
			const after = fingerprints(raw, rowId);
			const checked = PROJECTIONS.map((name) => ({ name, equal: before[name] === after[name] }));
			const summaryEqual = oldSummary === JSON.stringify(summary);
			return {
				events,
				checked: [
					...checked,
					{ name: 'lanes', equal: lanesEqual },
					{ name: 'changes', equal: changesEqual },
					{ name: 'summary', equal: summaryEqual }
				]
			};
		})
		.immediate();
}

/** A digest of each projection's rows, in key order. */
function fingerprints(raw: Connection['raw'], rowId: number): Record<(typeof PROJECTIONS)[number], string> {
	const digest = (table: string, order: string): string => {
		const hash = createHash('sha256');
		const rows = raw.prepare(`SELECT * FROM ${table} WHERE session_id = ? ORDER BY ${order}`).iterate(rowId);
		for (const row of rows as IterableIterator<Record<string, unknown>>) {
			const { data, ...plain } = row;
			hash.update(JSON.stringify(plain));
			if (data instanceof Uint8Array) hash.update(decompress(data));
		}
		return hash.digest('hex');
	};
	return {
		heat_tiles: digest('heat_tiles', 'lane, shift, tile'),
		snapshots: digest('snapshots', 'seq'),
		memslots: digest('memslots', 'created_seq'),
		moments: digest('moments', 'seq')
	};
}
