import { NoSuchSessionError } from '#lib/server/store/store.ts';
import type { PageServerLoad } from './$types';

export const load: PageServerLoad = async ({ locals, url }) => {
	const wanted = new Set([url.searchParams.get('a'), url.searchParams.get('b')]);
	const known = await Promise.all(
		[...wanted].map(async (id) => {
			try {
				return id ? [await locals.store.getSession(id)] : [];
			} catch (failure) {
				// the page says so beside the choice of another
				if (failure instanceof NoSuchSessionError) return [];
				throw failure;
			}
		})
	);
	return { sessions: await locals.store.listSessions(), known: known.flat() };
};
