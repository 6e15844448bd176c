import { and, asc, count, eq, isNotNull, lt } from 'drizzle-orm';
import type { NoteEvent } from '#lib/domain/notes.ts';
import { SeqConflictError, type SessionFile, type SessionFileKind, type TraceStore } from '../store.ts';
import { compress, decompress } from './codec.ts';
import type { Connection } from './open.ts';
import { noteEvents, sessionFiles, sessions } from './schema.ts';

/** What belongs to a session beside its events: notes, tags, files, and whether it is hidden. */
export class Annexes {
	readonly #connection: Connection;
	constructor(connection: Connection) {
		this.#connection = connection;
	}

	notes(rowId: number): NoteEvent[] {
		const { db } = this.#connection;
		const rows = db
			.select({ data: noteEvents.data })
			.from(noteEvents)
			.where(eq(noteEvents.sessionId, rowId))
			.orderBy(asc(noteEvents.n));
		return rows.all().map((row) => JSON.parse(row.data) as NoteEvent); // our own text
	}

	noteCount(rowId: number): number {
		const { db } = this.#connection;
		const own = eq(noteEvents.sessionId, rowId);
		return db.select({ n: count() }).from(noteEvents).where(own).get()?.n ?? 0;
	}

	appendNotes(rowId: number, slug: string, expected: number, events: readonly NoteEvent[]): number {
		const { db, raw } = this.#connection;
		return raw
			.transaction(() => {
				const current = this.noteCount(rowId);
				if (current !== expected) throw new SeqConflictError(slug, expected, current);
				for (const [i, event] of events.entries())
					db.insert(noteEvents)
						.values({ sessionId: rowId, n: expected + i, data: JSON.stringify(event) })
						.run();
				return expected + events.length;
			})
			.immediate();
	}

	setTags(rowId: number, tags: readonly string[]): void {
		const { db } = this.#connection;
		db.update(sessions)
			.set({ tags: JSON.stringify(tags) })
			.where(eq(sessions.id, rowId))
			.run();
	}

	setHidden(rowId: number, hiddenMs: number | null): void {
		this.#connection.db.update(sessions).set({ hiddenMs }).where(eq(sessions.id, rowId)).run();
	}

	/** Ids of the sessions hidden before a time. */
	hiddenBefore(ms: number): string[] {
		const { db } = this.#connection;
		const old = and(isNotNull(sessions.hiddenMs), lt(sessions.hiddenMs, ms));
		return db
			.select({ slug: sessions.slug })
			.from(sessions)
			.where(old)
			.all()
			.map((row) => row.slug);
	}

	putFile(rowId: number, { kind, name, createdMs, options, text }: SessionFile): void {
		const row = {
			name,
			createdMs,
			options: JSON.stringify(options),
			data: compress(Buffer.from(text), 3)
		};
		this.#connection.db
			.insert(sessionFiles)
			.values({ sessionId: rowId, kind, ...row })
			.onConflictDoUpdate({ target: [sessionFiles.sessionId, sessionFiles.kind], set: row })
			.run();
	}

	getFile(rowId: number, kind: SessionFileKind): SessionFile | null {
		const { db } = this.#connection;
		const own = and(eq(sessionFiles.sessionId, rowId), eq(sessionFiles.kind, kind));
		const row = db.select().from(sessionFiles).where(own).get();
		if (!row) return null;
		const options = JSON.parse(row.options) as SessionFile['options'];
		return {
			kind,
			name: row.name,
			createdMs: row.createdMs,
			options,
			text: decompress(row.data).toString()
		};
	}

	dropFile(rowId: number, kind: SessionFileKind): boolean {
		const { db } = this.#connection;
		const own = and(eq(sessionFiles.sessionId, rowId), eq(sessionFiles.kind, kind));
		return db.delete(sessionFiles).where(own).run().changes > 0;
	}
}

type AnnexMethods = Pick<
	TraceStore,
	| 'setTags'
	| 'hideSession'
	| 'showSession'
	| 'noteEvents'
	| 'appendNotes'
	| 'putFile'
	| 'getFile'
	| 'dropFile'
>;

/** The part of a store that is about annexes; methods are synchronous inside. */
export abstract class AnnexedStore implements AnnexMethods {
	protected readonly annexes: Annexes;

	constructor(connection: Connection) {
		this.annexes = new Annexes(connection);
	}

	/** A session's row id. @throws {NoSuchSessionError} also for a hidden one, unless `hidden` */
	protected abstract rowIdOf(id: string, hidden?: boolean): number;
	/** Tells whoever waits for commits. */
	protected abstract changed(): void;

	async setTags(id: string, tags: readonly string[]): Promise<void> {
		this.annexes.setTags(this.rowIdOf(id), tags);
		this.changed();
	}

	async hideSession(id: string, nowMs: number): Promise<void> {
		this.annexes.setHidden(this.rowIdOf(id), nowMs);
		this.changed();
	}

	async showSession(id: string): Promise<void> {
		this.annexes.setHidden(this.rowIdOf(id, true), null);
		this.changed();
	}

	async noteEvents(id: string): Promise<NoteEvent[]> {
		return this.annexes.notes(this.rowIdOf(id));
	}

	async appendNotes(id: string, expected: number, events: readonly NoteEvent[]): Promise<number> {
		const length = this.annexes.appendNotes(this.rowIdOf(id), id, expected, events);
		this.changed();
		return length;
	}

	async putFile(id: string, file: SessionFile): Promise<void> {
		this.annexes.putFile(this.rowIdOf(id), file);
	}

	async getFile(id: string, kind: SessionFileKind): Promise<SessionFile | null> {
		return this.annexes.getFile(this.rowIdOf(id), kind);
	}

	async dropFile(id: string, kind: SessionFileKind): Promise<boolean> {
		return this.annexes.dropFile(this.rowIdOf(id), kind);
	}
}
