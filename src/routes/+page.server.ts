import type { PageServerLoad } from './$types';

export const load: PageServerLoad = async ({ locals }) => {
	const list = await locals.store.listSessions();
	const sessions = await Promise.all(list.map((session) => locals.store.getSession(session.id)));
	return { sessions, nowMs: Date.now() };
};
