import { error } from '@sveltejs/kit';
import { NoSuchSessionError } from '#lib/server/store/store.ts';
import type { PageServerLoad } from './$types';

export const load: PageServerLoad = async ({ locals, params }) => {
	try {
		return { session: await locals.store.getSession(params.id) };
	} catch (failure) {
		if (failure instanceof NoSuchSessionError) error(404, failure.message);
		throw failure;
	}
};
