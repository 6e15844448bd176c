import { and, asc, desc, eq, isNull, like, or } from 'drizzle-orm';
import type { EventBatch } from '#lib/domain/batch.ts';
import type { SessionDetail, SessionInfo, SessionProgress } from '#lib/domain/session-info.ts';
import type { TrackingState } from '#lib/domain/state.ts';
import { beginsLike, headKey } from '../head.ts';
import {
	LIVE_HEAD,
	NoSuchSessionError,
	type AppendContext,
	type HeatCells,
	type HeatLevel,
	type NewSession,
	type RebuildReport,
	type Segment,
	type SourceInfo,
	type StoredColumnName,
	type StoredColumns,
	type TraceStore
} from '../store.ts';
import { AnnexedStore } from './annexes.ts';
import { gfnShiftOf, TILE_BUCKETS } from './heat-builder.ts';
import { decodeTile } from './heat-tile.ts';
import { CommitWatch } from './commit-watch.ts';
import { openConnection, type Connection } from './open.ts';
import { emptySummary, type Summary } from './projector.ts';
import { SegmentGoneError, SegmentReader } from './reader.ts';
import { rebuildSession } from './rebuild.ts';
import { sessions, sources } from './schema.ts';
import { sessionBySlug, SessionRows, sourceInfo, type SessionRow } from './session-rows.ts';
import { prepareStatements, type Statements } from './statements.ts';
import { SessionWriter, stateBefore } from './writer.ts';

/** Sessions whose state is kept in memory to append to; any other is loaded when it grows. */
const MAX_WRITERS = 16;

/** Opens a store in one SQLite file, made if it is not there. @throws {DatabaseFileError} */
export function openSqliteStore(file: string): Promise<SqliteStore> {
	return Promise.resolve().then(() => new SqliteStore(openConnection(file)));
}

/** The embedded store. Its methods are synchronous inside; they return promises for the interface's sake. */
export class SqliteStore extends AnnexedStore implements TraceStore {
	readonly #connection: Connection;
	readonly #run: Statements;
	readonly #bySlug: ReturnType<typeof sessionBySlug>;
	readonly #reader: SegmentReader;
	readonly #told: SessionRows;
	/** Of the sessions that grow, the one that grew last at the end. */
	readonly #writers = new Map<string, SessionWriter>();
	readonly #watch: CommitWatch;

	constructor(connection: Connection) {
		super(connection);
		this.#connection = connection;
		this.#run = prepareStatements(connection.raw);
		this.#bySlug = sessionBySlug(connection);
		this.#reader = new SegmentReader(this.#run);
		this.#told = new SessionRows(connection, this.#run, (rowId) => this.annexes.noteCount(rowId));
		this.#watch = new CommitWatch(connection.raw);
	}

	async createSession({ name, createdMs, source }: NewSession): Promise<SessionInfo> {
		const { db, raw } = this.#connection;
		const slug = raw
			.transaction(() => {
				const free = this.#freeSlug(name);
				const [row] = db
					.insert(sessions)
					.values({ slug: free, name, createdMs, summary: JSON.stringify(emptySummary()) })
					.returning({ id: sessions.id })
					.all();
				if (source && row) {
					const head = source.head === 'live' ? LIVE_HEAD : headKey(source.head);
					db.insert(sources)
						.values({ ...source, head, sessionId: row.id })
						.run();
				}
				return free;
			})
			.immediate();
		this.#watch.notify();
		return this.getSession(slug);
	}

	#freeSlug(name: string): string {
		const base =
			name
				.toLowerCase()
				.replace(/[^a-z0-9]+/g, '-')
				.replace(/^-|-$/g, '')
				.slice(0, 64) || 'session';
		for (let n = 1; ; n++) {
			const slug = n === 1 ? base : `${base}-${n}`;
			if (!this.#run.session.get(slug)) return slug;
		}
	}

	#row(id: string, hidden = false): SessionRow {
		const row = this.#bySlug.get({ slug: id });
		if (!row || (row.hiddenMs !== null && !hidden)) throw new NoSuchSessionError(id);
		return row;
	}

	protected rowIdOf(id: string, hidden = false): number {
		return this.#row(id, hidden).id;
	}

	protected changed(): void {
		this.#watch.notify();
	}

	async listSessions(): Promise<SessionInfo[]> {
		const { db } = this.#connection;
		const rows = db
			.select()
			.from(sessions)
			.where(isNull(sessions.hiddenMs))
			.orderBy(desc(sessions.createdMs), desc(sessions.id))
			.all();
		return rows.map((row) => this.#told.info(row));
	}

	async getSession(id: string): Promise<SessionDetail> {
		return this.#watch.untilCommit(`session ${id}`, () =>
			this.#run.consistently(() => this.#told.detail(this.#row(id)))
		);
	}

	async renameSession(id: string, name: string): Promise<void> {
		this.#connection.db
			.update(sessions)
			.set({ name })
			.where(eq(sessions.id, this.#row(id).id))
			.run();
		this.#watch.notify();
	}

	async deleteSession(id: string): Promise<void> {
		const { raw, db } = this.#connection;
		raw
			.transaction(() => {
				const row = this.#row(id, true);
				for (const segment of this.#run.segments.all(row.id))
					this.#run.dropColumns.run(segment.id * 32, segment.id * 32 + 31);
				db.delete(sessions).where(eq(sessions.id, row.id)).run();
			})
			.immediate();
		this.#writers.delete(id);
		this.#watch.notify();
	}

	async findSources(head: Uint8Array): Promise<SourceInfo[]> {
		const rows = this.#connection.db
			.select({ source: sources, slug: sessions.slug })
			.from(sources)
			.innerJoin(sessions, eq(sources.sessionId, sessions.id))
			// a key with a slash is of fewer bytes than these
			.where(and(or(eq(sources.head, headKey(head)), like(sources.head, '%/%')), isNull(sessions.hiddenMs)))
			.orderBy(asc(sources.id))
			.all();
		return rows
			.filter(({ source }) => beginsLike(source.head, head))
			.map(({ source, slug }) => sourceInfo(source, slug));
	}

	async sourcesOf(id: string): Promise<SourceInfo[]> {
		const { db } = this.#connection;
		const rows = db
			.select()
			.from(sources)
			.where(eq(sources.sessionId, this.#row(id).id))
			.orderBy(asc(sources.id));
		return rows.all().map((source) => sourceInfo(source, id));
	}

	async append(
		id: string,
		expectedSeq: number,
		batch: EventBatch,
		context: AppendContext = {}
	): Promise<number> {
		let writer = this.#writers.get(id);
		// another connection may have written since: then what this one remembers is stale
		if (!writer || writer.nextSeq !== expectedSeq || writer.rowId !== this.#row(id).id)
			writer = this.#newWriter(id);
		this.#keep(id, writer);
		try {
			const next = writer.append(expectedSeq, batch, context);
			this.#watch.notify();
			return next;
		} catch (error) {
			this.#writers.delete(id); // its memory may be ahead of what was rolled back
			throw error;
		}
	}

	#keep(id: string, writer: SessionWriter): void {
		this.#writers.delete(id);
		this.#writers.set(id, writer);
		const [oldest] = this.#writers.keys();
		if (this.#writers.size > MAX_WRITERS && oldest !== undefined) this.#writers.delete(oldest);
	}

	#newWriter(id: string): SessionWriter {
		return new SessionWriter(this.#connection, this.#run, this.#reader, id, this.#row(id).id);
	}

	async segments(id: string): Promise<readonly Segment[]> {
		return this.#watch.untilCommit(`segments ${id}`, () => this.#run.segments.all(this.#row(id).id));
	}

	async readColumns<N extends StoredColumnName>(
		id: string,
		segment: Segment,
		names: readonly N[],
		read: 'often' | 'once' = 'often'
	): Promise<Pick<StoredColumns, N>> {
		try {
			return this.#reader.columns(segment, names, read === 'often');
		} catch (error) {
			throw error instanceof SegmentGoneError ? new NoSuchSessionError(id) : error;
		}
	}

	async stateBefore(id: string, seq: number): Promise<TrackingState> {
		return stateBefore(this.#run, this.#reader, this.#row(id).id, seq).state;
	}

	async heatLevels(id: string, lane: number): Promise<readonly HeatLevel[]> {
		const row = this.#row(id);
		const npages = (JSON.parse(row.summary) as Summary).lanes[lane]?.npages ?? 1;
		const gfnShift = gfnShiftOf(npages);
		return this.#run.shifts.all(row.id, lane).map((timeShift) => ({ timeShift, gfnShift }));
	}

	async heatCells(
		id: string,
		lane: number,
		level: HeatLevel,
		range: { readonly from: number; readonly to: number }
	): Promise<HeatCells[]> {
		const row = this.#row(id);
		const base = (JSON.parse(row.summary) as Summary).lanes[lane];
		if (!base) return [];
		const rows =
			Math.floor((base.baseGfn + base.npages - 1) / 2 ** level.gfnShift) -
			Math.floor(base.baseGfn / 2 ** level.gfnShift) +
			1;
		const first = Math.floor(range.from / TILE_BUCKETS);
		const last = Math.floor((range.to - 1) / TILE_BUCKETS);
		return this.#run.tiles
			.all(row.id, lane, level.timeShift, first, last)
			.map(({ tile, data }) => ({ firstBucket: tile * TILE_BUCKETS, rows, ...decodeTile(data) }));
	}

	async rebuild(id: string, onProgress?: (events: number) => void): Promise<RebuildReport> {
		const report = rebuildSession(this.#connection, this.#run, this.#reader, this.#row(id).id, onProgress);
		this.#writers.delete(id);
		this.#reader.forget();
		this.#watch.notify();
		return report;
	}

	async progress(id: string): Promise<SessionProgress> {
		return this.#run.consistently(() => {
			const row = this.#run.session.get(id);
			if (!row || row.hiddenMs !== null) throw new NoSuchSessionError(id);
			return this.#told.progress(row);
		});
	}

	onCommit(listener: () => void): () => void {
		return this.#watch.add(listener);
	}

	async revision(): Promise<string> {
		return this.#watch.revision();
	}

	async purgeHidden(beforeMs: number): Promise<string[]> {
		const ids = this.annexes.hiddenBefore(beforeMs);
		for (const id of ids) await this.deleteSession(id);
		return ids;
	}

	async close(): Promise<void> {
		this.#watch.close();
		this.#connection.raw.close();
	}
}
