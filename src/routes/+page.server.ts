import type { PageServerLoad } from './$types';

export const load: PageServerLoad = async ({ locals }) => ({
	sessions: await locals.store.listSessions(),
	nowMs: Date.now()
});
