import type { AppendReceipt } from '#lib/api/types.ts';
import { NoSuchSessionError, NotLiveError, SeqConflictError } from '#lib/server/store/store.ts';

export interface LiveStart {
	readonly databaseFile: string;
	/** No request waits yet. */
	readonly warm: boolean;
}

/** To the live worker; `key` tells the requests apart, each is sent only after the answer to the one before. */
export type ToLive =
	| { readonly type: 'open'; readonly key: number; readonly id: string; readonly expected: number }
	| { readonly type: 'chunk'; readonly key: number; readonly bytes: Uint8Array }
	| { readonly type: 'finish'; readonly key: number }
	| { readonly type: 'abort'; readonly key: number };

/** The answer to each of them. */
export type FromLive =
	| { readonly type: 'taken'; readonly key: number }
	| { readonly type: 'receipt'; readonly key: number; readonly receipt: AppendReceipt }
	| { readonly type: 'failed'; readonly key: number; readonly error: SentError };

/** An error on its way between threads: only its fields get through. */
export interface SentError {
	readonly name: string;
	readonly message: string;
	readonly sessionId?: string;
	readonly expected?: number;
	readonly current?: number;
	readonly reason?: string;
}

export const sendError = (error: unknown): SentError => {
	const { name, message } = error as Error;
	return { ...(error as object), name, message };
};

/** The error as the class it was. */
export function receiveError({ name, message, sessionId = '', ...rest }: SentError): Error {
	if (name === 'SeqConflictError')
		return new SeqConflictError(sessionId, rest.expected ?? 0, rest.current ?? 0);
	if (name === 'NoSuchSessionError') return new NoSuchSessionError(sessionId);
	if (name === 'NotLiveError') return new NotLiveError(sessionId, rest.reason ?? '');
	const error = new Error(message);
	error.name = name;
	return error;
}
