import { answer, ApiProblem, type Dated, jsonSince, send, sessionUrl } from './client.ts';
import type { SessionDetail, SessionList, Thumbnail } from './types.ts';

/** All sessions, or null if nothing was committed since `etag`. @throws {ApiProblem} */
export const getSessions = (etag: string | null, signal: AbortSignal): Promise<Dated<SessionList> | null> =>
	jsonSince('/api/v1/sessions', etag, signal);

/** A session, or null if nothing was committed since `etag`. @throws {ApiProblem} */
export const getSessionSince = (id: string, etag: string | null): Promise<Dated<SessionDetail> | null> =>
	jsonSince(sessionUrl(id, ''), etag);

/** What people may change of a session. */
export interface SessionChange {
	readonly name?: string;
	readonly tags?: readonly string[];
}

/** Renames or tags a session. @throws {ApiProblem} */
export const changeSession = (id: string, change: SessionChange): Promise<SessionDetail> =>
	send(sessionUrl(id, ''), 'PATCH', JSON.stringify(change));

/** Takes back a deletion, for an hour after it. @throws {ApiProblem} */
export const restoreSession = (id: string): Promise<Response> =>
	answer(sessionUrl(id, '/restore'), { method: 'POST' });

/** A small heat map of the busiest lane; null if nothing was accessed there. @throws {ApiProblem} */
export async function getThumbnail(
	id: string,
	size: { readonly columns: number; readonly rows: number },
	signal: AbortSignal
): Promise<Thumbnail | null> {
	try {
		return (await (await answer(sessionUrl(id, '/thumbnail', size), { signal })).json()) as Thumbnail;
	} catch (error) {
		if (error instanceof ApiProblem && error.problem.status === 404) return null;
		throw error;
	}
}
