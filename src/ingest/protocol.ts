import type { EventBatch } from '#lib/domain/batch.ts';
import type { DiagnosticInfo, MemslotInfo } from '#lib/domain/session-info.ts';
import type { SourcePosition } from '#lib/server/store/store.ts';
import type { SourceHints } from './formats/format.ts';

/** What the parse worker reads: a file, or chunks that are sent to it. */
export interface ParseStart {
	readonly path: string | null;
	readonly name: string;
	/** Waits for the file to grow until the trace's end event comes. */
	readonly follow: boolean;
	/** Name of the format; by content if absent. */
	readonly format?: string;
	readonly hints?: SourceHints;
}

/** A source loaded before that begins with the same bytes. */
export interface Candidate {
	readonly position: SourcePosition;
	readonly diagnostics: readonly DiagnosticInfo[];
	/** Time of the session's last event. */
	readonly lastNs: number;
	/** True if the trace's end event was read. */
	readonly ended: boolean;
	/** Living memslots; undefined if the session had none yet. */
	readonly memslots: readonly MemslotInfo[] | undefined;
}

/** To the parse worker. */
export type ToParser =
	| { readonly type: 'candidates'; readonly candidates: readonly Candidate[] }
	| { readonly type: 'chunk'; readonly bytes: Uint8Array }
	| { readonly type: 'chunks-end' }
	| { readonly type: 'ack' }
	/** Hand out the whole lines read so far and end. */
	| { readonly type: 'stop' };

/** From the parse worker, in this order: head, source, batches, end; or failed at any time. */
export type FromParser =
	| {
			readonly type: 'head';
			/** The first 4,096 bytes, or what came of them. */
			readonly head: Uint8Array;
			readonly format: string;
			readonly sizeBytes: number | null;
	  }
	/** `index` of the candidate that this source is, null for a new one; `complete`: nothing is left to add. */
	| { readonly type: 'source'; readonly index: number | null; readonly complete: boolean }
	/** An empty batch brings position and diagnostics only. */
	| {
			readonly type: 'batch';
			readonly batch: EventBatch;
			/** The source's first 4,096 bytes, or what was scanned of them. */
			readonly head: Uint8Array;
			readonly position: SourcePosition;
			readonly diagnostics: readonly DiagnosticInfo[];
			/** Bytes of the file itself (compressed) read so far. */
			readonly readBytes: number;
	  }
	| {
			readonly type: 'end';
			/** True if it was stopped: the source may have more. */
			readonly interrupted: boolean;
			readonly head: Uint8Array;
			readonly position: SourcePosition;
			readonly diagnostics: readonly DiagnosticInfo[];
			readonly readBytes: number;
	  }
	| { readonly type: 'chunk-taken' }
	| { readonly type: 'failed'; readonly message: string };
