import type { EventBatch } from '#lib/domain/batch.ts';
import type { DiagnosticInfo } from '#lib/domain/session-info.ts';
import type { SourcePosition } from '#lib/server/store/store.ts';

/** What the parse worker reads: a file, or chunks that are sent to it. */
export interface ParseStart {
	readonly path: string | null;
	readonly name: string;
}

/** A source loaded before that begins with the same bytes. */
export interface Candidate {
	readonly position: SourcePosition;
	readonly diagnostics: readonly DiagnosticInfo[];
	/** Time of the session's last event. */
	readonly lastNs: number;
}

/** To the parse worker. */
export type ToParser =
	| { readonly type: 'candidates'; readonly candidates: readonly Candidate[] }
	| { readonly type: 'chunk'; readonly bytes: Uint8Array }
	| { readonly type: 'chunks-end' }
	| { readonly type: 'ack' };

/** From the parse worker, in this order: head, source, batches, end; or failed at any time. */
export type FromParser =
	| {
			readonly type: 'head';
			readonly head: string;
			readonly format: string;
			readonly sizeBytes: number | null;
	  }
	/** `index` of the candidate that this source is, null for a new one; `complete`: nothing is left to add. */
	| { readonly type: 'source'; readonly index: number | null; readonly complete: boolean }
	| {
			readonly type: 'batch';
			readonly batch: EventBatch;
			readonly position: SourcePosition;
			readonly diagnostics: readonly DiagnosticInfo[];
			/** Bytes of the file itself (compressed) read so far. */
			readonly readBytes: number;
	  }
	| {
			readonly type: 'end';
			readonly position: SourcePosition;
			readonly diagnostics: readonly DiagnosticInfo[];
			readonly readBytes: number;
	  }
	| { readonly type: 'chunk-taken' }
	| { readonly type: 'failed'; readonly message: string };
