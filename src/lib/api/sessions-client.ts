import { answer, ApiProblem, sessionUrl } from './client.ts';
import type { SessionDetail, SessionInfo, SessionList, Thumbnail } from './types.ts';

/** The sessions at one moment; `etag` names the moment. */
export interface SessionsAt {
	readonly etag: string | null;
	readonly sessions: readonly SessionInfo[];
}

/** All sessions, or null if nothing was committed since `etag`. @throws {ApiProblem} */
export async function getSessions(etag: string | null, signal: AbortSignal): Promise<SessionsAt | null> {
	const headers: Record<string, string> = etag ? { 'if-none-match': etag } : {};
	const response = await fetch('/api/v1/sessions', { headers, cache: 'no-store', signal });
	if (response.status === 304) return null;
	if (!response.ok)
		throw new ApiProblem({
			type: 'about:blank',
			title: response.statusText,
			status: response.status,
			detail: `the list of sessions cannot be had (${response.status})`
		});
	const { sessions } = (await response.json()) as SessionList;
	return { etag: response.headers.get('etag'), sessions };
}

/** What people may change of a session. */
export interface SessionChange {
	readonly name?: string;
	readonly tags?: readonly string[];
}

/** Renames or tags a session. @throws {ApiProblem} */
export async function changeSession(id: string, change: SessionChange): Promise<SessionDetail> {
	const init = {
		method: 'PATCH',
		headers: { 'content-type': 'application/json' },
		body: JSON.stringify(change)
	};
	return (await answer(sessionUrl(id, ''), init)).json() as Promise<SessionDetail>;
}

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
