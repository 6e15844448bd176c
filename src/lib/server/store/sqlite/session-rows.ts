import { eq, sql } from 'drizzle-orm';
import { KINDS } from '#lib/domain/kinds.ts';
import type { DiagnosticInfo, SessionInfo } from '#lib/domain/session-info.ts';
import type { SourceInfo } from '../store.ts';
import type { Connection } from './open.ts';
import { sessions, type sources } from './schema.ts';

type SourceRow = typeof sources.$inferSelect;

/** A session's row by its slug. Nearly every call asks: building the query takes longer than running it. */
export const sessionBySlug = ({ db }: Connection) =>
	db
		.select()
		.from(sessions)
		.where(eq(sessions.slug, sql.placeholder('slug')))
		.prepare();

/** Counts of the kinds that occur. */
export const kindCounts = (byCode: readonly number[]): SessionInfo['kinds'] =>
	Object.fromEntries(KINDS.map((kind, code) => [kind, byCode[code] ?? 0] as const).filter(([, n]) => n > 0));

/** What a source tells of how far it was read: `complete` is 0 or 1. */
export interface SourceState {
	readonly diagnostics: string;
	readonly complete: number;
}

/** True if nothing more is to come of a session with these sources: it ended, or all of them were read to the end. */
export const isComplete = (ended: boolean, read: readonly SourceState[]): boolean =>
	ended || (read.length > 0 && read.every((source) => source.complete === 1));

/** What loading the sources found. */
export const diagnosticsOf = (read: readonly SourceState[]): DiagnosticInfo[] =>
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
export const clockOf = (clock: unknown): SessionInfo['clock'] =>
	clock === 'guest_insns' ? 'instructions' : clock === 'lines' ? 'lines' : 'ns';
