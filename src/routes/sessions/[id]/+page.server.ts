import { error } from '@sveltejs/kit';
import { usedGfns } from '#lib/server/query/used-gfns.ts';
import { NoSuchSessionError } from '#lib/server/store/store.ts';
import type { PageServerLoad } from './$types';

export const load: PageServerLoad = async ({ locals, params }) => {
	try {
		const session = await locals.store.getSession(params.id);
		// with the page, as the first heat map cannot be asked for without
		return { session, used: await usedGfns(locals.store, session) };
	} catch (failure) {
		if (failure instanceof NoSuchSessionError) error(404, failure.message);
		throw failure;
	}
};
