import { asc, eq, sql } from 'drizzle-orm';
import { KINDS } from '#lib/domain/kinds.ts';
import {
	countOf,
	type DiagnosticInfo,
	type LaneInfo,
	type SessionDetail,
	type SessionInfo,
	type SessionProgress
} from '#lib/domain/session-info.ts';
import type { SourceInfo } from '../store.ts';
import type { Connection } from './open.ts';
import type { Summary } from './projector.ts';
import { memslots, moments, sessions, type sources } from './schema.ts';
import type { Statements } from './statements.ts';

export type SessionRow = typeof sessions.$inferSelect;
type SourceRow = typeof sources.$inferSelect;

/** A session's row by its slug. Nearly every call asks: building the query takes longer than running it. */
export const sessionBySlug = ({ db }: Connection) =>
	db
		.select()
		.from(sessions)
		.where(eq(sessions.slug, sql.placeholder('slug')))
		.prepare();

/** Counts of the kinds that occur. */
const kindCounts = (byCode: readonly number[]): SessionInfo['kinds'] =>
	Object.fromEntries(KINDS.map((kind, code) => [kind, byCode[code] ?? 0] as const).filter(([, n]) => n > 0));

/** What a source tells of how far it was read: `complete` is 0 or 1. */
export interface SourceState {
	readonly diagnostics: string;
	readonly complete: number;
}

/** True if nothing more is to come of a session with these sources: it ended, or all of them were read to the end. */
const isComplete = (ended: boolean, read: readonly SourceState[]): boolean =>
	ended || (read.length > 0 && read.every((source) => source.complete === 1));

/** What loading the sources found. */
const diagnosticsOf = (read: readonly SourceState[]): DiagnosticInfo[] =>
	read.flatMap(({ diagnostics }) => JSON.parse(diagnostics) as DiagnosticInfo[]);

/** A source's row as the store gives it out; `slug` is its session's id. */
export const sourceInfo = (
	{ id: _, sessionId: __, diagnostics, ...row }: SourceRow,
	slug: string
): SourceInfo => ({
	...row,
	sessionId: slug,
	diagnostics: JSON.parse(diagnostics) as DiagnosticInfo[]
});

/** What `tsNs` counts, by the session's `clock` attribute. */
const clockOf = (clock: unknown): SessionInfo['clock'] =>
	clock === 'guest_insns' ? 'instructions' : clock === 'lines' ? 'lines' : 'ns';

/** What is told of sessions, from their rows; whoever wants it of one moment asks within a transaction. */
export class SessionRows {
	readonly #connection: Connection;
	readonly #run: Statements;
	readonly #noteCount: (rowId: number) => number;

	constructor(connection: Connection, run: Statements, noteCount: (rowId: number) => number) {
		this.#connection = connection;
		this.#run = run;
		this.#noteCount = noteCount;
	}

	info(row: SessionRow): SessionInfo {
		return this.#info(row, JSON.parse(row.summary) as Summary, this.#run.sourcesOf.all(row.id));
	}

	#info(row: SessionRow, summary: Summary, read: readonly SourceState[]): SessionInfo {
		const { lost, attributes } = summary;
		return {
			id: row.slug,
			name: row.name,
			source: typeof attributes.source === 'string' ? attributes.source : null,
			attributes,
			events: row.nextSeq,
			kinds: kindCounts(summary.kinds),
			startNs: summary.startNs,
			endNs: summary.endNs,
			vcpus: summary.vcpus,
			clock: clockOf(attributes.clock),
			lost,
			coverage: lost.unknown ? null : row.nextSeq ? row.nextSeq / (row.nextSeq + lost.count) : 1,
			rejectedLines: countOf(diagnosticsOf(read), 'rejected'),
			laneCount: summary.lanes.length,
			ended: summary.ended,
			complete: isComplete(summary.ended, read),
			createdMs: row.createdMs,
			tags: JSON.parse(row.tags) as string[],
			notes: this.#noteCount(row.id),
			sizeBytes: this.#sizeOf(row.id)
		};
	}

	detail(row: SessionRow): SessionDetail {
		const { db } = this.#connection;
		const slots = db
			.select()
			.from(memslots)
			.where(eq(memslots.sessionId, row.id))
			.orderBy(asc(memslots.createdSeq))
			.all()
			.map(({ sessionId: _, ...slot }) => slot);
		const points = db
			.select()
			.from(moments)
			.where(eq(moments.sessionId, row.id))
			.orderBy(asc(moments.seq))
			.all();
		const summary = JSON.parse(row.summary) as Summary;
		const read = this.#run.sourcesOf.all(row.id);
		const lanes = summary.lanes.map((lane, i): LaneInfo => {
			const own = slots.filter((slot) => slot.lane === i);
			const names = own.flatMap((slot) => slot.name ?? []);
			return {
				...lane,
				lane: i,
				accesses: summary.laneAccesses[i] ?? 0,
				slotIds: [...new Set(own.map((slot) => slot.slotId))],
				names: [...new Set(names)]
			};
		});
		return {
			...this.#info(row, summary, read),
			lanes,
			outsideAccesses: summary.outside,
			memslots: slots,
			marks: points
				.filter((point) => point.kind === 'mark')
				.map(({ seq, tsNs, name }) => ({ seq, tsNs, name: name ?? '' })),
			losses: points
				.filter((point) => point.kind === 'loss')
				.map(({ seq, tsNs, startNs, count, vcpu }) => ({
					seq,
					startNs: startNs ?? tsNs,
					endNs: tsNs,
					count,
					vcpuId: vcpu
				})),
			diagnostics: diagnosticsOf(read)
		};
	}

	progress({ id, nextSeq, summary }: Pick<SessionRow, 'id' | 'nextSeq' | 'summary'>): SessionProgress {
		const { kinds, startNs, endNs, lanes, lost, ended } = JSON.parse(summary) as Summary;
		const read = this.#run.sourcesOf.all(id);
		return {
			next: nextSeq,
			startNs,
			endNs,
			kinds: kindCounts(kinds),
			lanes: lanes.length,
			lost,
			rejectedLines: countOf(diagnosticsOf(read), 'rejected'),
			ended,
			complete: isComplete(ended, read)
		};
	}

	#sizeOf(rowId: number): number {
		const size = this.#connection.db.get<{ n: number | null }>(
			sql`SELECT (SELECT coalesce(sum(bytes), 0) FROM segments WHERE session_id = ${rowId})
			+ (SELECT coalesce(sum(length(data)), 0) FROM heat_tiles WHERE session_id = ${rowId})
			+ (SELECT coalesce(sum(length(data)), 0) FROM snapshots WHERE session_id = ${rowId})
			+ (SELECT coalesce(sum(octet_length(data)), 0) FROM note_events WHERE session_id = ${rowId})
			+ (SELECT coalesce(sum(length(data)), 0) FROM session_files WHERE session_id = ${rowId}) AS n`
		);
		return size?.n ?? 0;
	}
}
