import type { SessionList } from '#lib/api/types.ts';
import type { ApiDocument } from '#lib/view/api-document.ts';
import type { PageLoad } from './$types';

/** The API's own description, and the ids of the sessions to try it on. */
export const load: PageLoad = async ({ fetch, url }) => {
	const [document, list] = await Promise.all([
		fetch('/api/v1/openapi.json').then((answer) => answer.json() as Promise<ApiDocument>),
		fetch('/api/v1/sessions').then((answer) => answer.json() as Promise<SessionList>)
	]);
	return { document, sessions: list.sessions.map((session) => session.id), origin: url.origin };
};
