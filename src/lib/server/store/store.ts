import type { ColumnName, EventBatch } from '#lib/domain/batch.ts';
import type { NoteEvent } from '#lib/domain/notes.ts';
import {
	type DiagnosticInfo,
	OUTSIDE_LANE,
	type SessionDetail,
	type SessionInfo,
	type SessionProgress
} from '#lib/domain/session-info.ts';
import type { TrackingState } from '#lib/domain/state.ts';

/** Another writer was faster, or a batch was sent twice: nothing was written. */
export class SeqConflictError extends Error {
	readonly sessionId: string;
	readonly expected: number;
	readonly current: number;
	constructor(sessionId: string, expected: number, current: number) {
		super(`session ${sessionId} is at seq ${current}, not ${expected}`);
		this.name = 'SeqConflictError';
		this.sessionId = sessionId;
		this.expected = expected;
		this.current = current;
	}
}

/** The session takes no posted events: it ended, or it was loaded from a file. */
export class NotLiveError extends Error {
	readonly sessionId: string;
	readonly reason: string;
	constructor(sessionId: string, reason: string) {
		super(`session ${sessionId} takes no events: ${reason}`);
		this.name = 'NotLiveError';
		this.sessionId = sessionId;
		this.reason = reason;
	}
}

export class NoSuchSessionError extends Error {
	readonly sessionId: string;
	constructor(sessionId: string) {
		super(`there is no session ${sessionId}`);
		this.name = 'NoSuchSessionError';
		this.sessionId = sessionId;
	}
}

/** How far a source was read; commits in the same transaction as its events. */
export interface SourcePosition {
	/** Bytes of the decompressed source whose lines are committed; always at a line border. */
	readonly byte: number;
	readonly line: number;
	/** SHA-256 (hex) of exactly these bytes. */
	readonly digest: string;
	/** True once the source's end was reached. */
	readonly complete: boolean;
}

export interface SourceInfo extends SourcePosition {
	readonly sessionId: string;
	/** What the source begins with, see headKey; LIVE_HEAD if its lines are posted. */
	readonly head: string;
	/** File name without folders, `-` for standard input. */
	readonly name: string;
	readonly format: string;
	readonly diagnostics: readonly DiagnosticInfo[];
}

export interface NewSession {
	/** Shown to people; the id is made from it. */
	readonly name: string;
	readonly createdMs: number;
	/** `head`: the source's first 4,096 bytes, fewer if there are no more yet; `live` if its lines are posted. */
	readonly source?: {
		readonly head: Uint8Array | 'live';
		readonly name: string;
		readonly format: string;
	};
}

/** Stored as head of a session whose lines are posted: nothing that is read begins like it. */
export const LIVE_HEAD = 'live';

/** What commits together with a batch. */
export interface AppendContext {
	readonly position?: SourcePosition;
	/** The source's first bytes as far as they are known: a slow source has few when its session is made. */
	readonly head?: Uint8Array;
	/** All diagnostics of the source so far (replaces what was stored). */
	readonly diagnostics?: readonly DiagnosticInfo[];
}

/** Texts beside a session: symbols of the guest's code, or the guest's map of physical memory. */
export type SessionFileKind = 'symbols' | 'iomem';
export interface SessionFile {
	readonly kind: SessionFileKind;
	/** File name, for people. */
	readonly name: string;
	readonly createdMs: number;
	/** How to read it. */
	readonly options: Readonly<Record<string, string>>;
	readonly text: string;
}

/** A run of events stored together, with its zone map. */
export interface Segment {
	readonly id: number;
	readonly firstSeq: number;
	readonly count: number;
	readonly minNs: number;
	readonly maxNs: number;
	/** Over events with a place; `minGfn` > `maxGfn` if there is none. `maxGfn` is the last page touched. */
	readonly minGfn: number;
	readonly maxGfn: number;
	/** Bit set of kind codes. */
	readonly kinds: number;
	/** Bit set of lanes with accesses, `NO_LANE` too, lane modulo 32; a bit may be set without such an access. */
	readonly lanes: number;
}

/** Lane of an access outside every memslot. */
export const NO_LANE = OUTSIDE_LANE;

/** Columns of a segment; all arrays have `count` entries. */
export type StoredColumns = Omit<EventBatch, 'length'> & {
	/** Index of the access's lane, NO_LANE outside every memslot and for other kinds. */
	readonly lane: Uint16Array;
};
export type StoredColumnName = ColumnName | 'lane' | 'payload';

/** Sparse access counts of one lane in a stretch of time, in (time, index) order. */
export interface HeatCells {
	/** Time buckets count from here: cell `i` is in bucket `firstBucket + time[i]` of `2^timeShift` ns from time 0. */
	readonly firstBucket: number;
	/** Gfn buckets of `2^gfnShift` pages, the first one holds the lane's base. */
	readonly rows: number;
	readonly length: number;
	readonly time: Uint8Array;
	/** Mode index * rows + gfn bucket. */
	readonly index: Uint32Array;
	readonly count: Uint32Array;
}

/** The levels of a lane's pyramid, finest first. */
export interface HeatLevel {
	readonly timeShift: number;
	readonly gfnShift: number;
}

export interface RebuildReport {
	/** Projections compared, with whether what was stored equalled what the events give. */
	readonly checked: readonly { readonly name: string; readonly equal: boolean }[];
	readonly events: number;
}

/**
 * Everything that reads or writes events goes through this. Methods that name a session throw
 * `NoSuchSessionError` for an unknown id.
 */
export interface TraceStore {
	createSession(session: NewSession): Promise<SessionInfo>;
	listSessions(): Promise<SessionInfo[]>;
	getSession(id: string): Promise<SessionDetail>;
	/** Where a session stands; cheap enough to ask after each commit. */
	progress(id: string): Promise<SessionProgress>;
	/**
	 * Calls `listener` after each commit to the store, whoever made it, at the latest 100 ms later; several commits may
	 * be one call. Returns the function that ends it.
	 */
	onCommit(listener: () => void): () => void;
	/** A text that changes with each commit to the store, whoever made it, and is never the same again. */
	revision(): Promise<string>;
	renameSession(id: string, name: string): Promise<void>;
	deleteSession(id: string): Promise<void>;
	setTags(id: string, tags: readonly string[]): Promise<void>;
	/** Makes a session as if it were not there, until `showSession` or `purgeHidden`. */
	hideSession(id: string, nowMs: number): Promise<void>;
	/** Takes a hidden session back; one that shows already stays as it is. */
	showSession(id: string): Promise<void>;
	/** Deletes the sessions hidden before a time; returns their ids. */
	purgeHidden(beforeMs: number): Promise<string[]>;
	/** The session's own notes stream, in order. */
	noteEvents(id: string): Promise<NoteEvent[]>;
	/**
	 * Adds events to the notes stream as number `expected…`, all or nothing, and returns the stream's length.
	 * @throws {SeqConflictError} if the stream has another length
	 */
	appendNotes(id: string, expected: number, events: readonly NoteEvent[]): Promise<number>;
	/** Keeps a text beside the session; replaces the one of its kind. */
	putFile(id: string, file: SessionFile): Promise<void>;
	getFile(id: string, kind: SessionFileKind): Promise<SessionFile | null>;
	/** False if there was none. */
	dropFile(id: string, kind: SessionFileKind): Promise<boolean>;
	/** Sources that begin like this one (`head`: its first 4,096 bytes, or all), oldest first. */
	findSources(head: Uint8Array): Promise<SourceInfo[]>;
	/** What the session was loaded from; empty if nobody said. */
	sourcesOf(id: string): Promise<SourceInfo[]>;
	/**
	 * Adds the batch's events as `expectedSeq…`, all or nothing, and returns the next seq. Times must not go
	 * backwards. An empty batch only commits the context.
	 * @throws {SeqConflictError} if the session is not at `expectedSeq`
	 */
	append(id: string, expectedSeq: number, batch: EventBatch, context?: AppendContext): Promise<number>;
	/** All segments in seq order. */
	segments(id: string): Promise<readonly Segment[]>;
	/**
	 * The named columns of a segment, also if it was joined with its neighbour since it was listed. The arrays are
	 * shared: never write to them. `once` says that this is a pass over a whole session, which must not push from memory
	 * what others read again and again.
	 */
	readColumns<N extends StoredColumnName>(
		id: string,
		segment: Segment,
		names: readonly N[],
		read?: 'often' | 'once'
	): Promise<Pick<StoredColumns, N>>;
	/** The tracking state right before event `seq` (at most the session's end); the caller may evolve it. */
	stateBefore(id: string, seq: number): Promise<TrackingState>;
	heatLevels(id: string, lane: number): Promise<readonly HeatLevel[]>;
	/** Cells of a level whose time bucket is in `[fromBucket, toBucket)`. */
	heatCells(
		id: string,
		lane: number,
		level: HeatLevel,
		range: { readonly from: number; readonly to: number }
	): Promise<HeatCells[]>;
	/** Makes all projections anew from the events and says whether they were equal. */
	rebuild(id: string, onProgress?: (events: number) => void): Promise<RebuildReport>;
	close(): Promise<void>;
}
