import path from 'node:path';
import { building } from '$app/environment';
import { env } from '$env/dynamic/private';
import { LiveAppends } from '#ingest/live-client.ts';
import { openSqliteStore } from '#lib/server/store/sqlite/sqlite-store.ts';
import type { TraceStore } from '#lib/server/store/store.ts';
import { refusal } from '#lib/server/api/guard.ts';
import { GRACE_MS } from '#lib/server/api/sessions.ts';
import type { Handle, ServerInit } from '@sveltejs/kit';

/** Time (ms) from the start to that of the live worker: a first page goes before it. */
const START_APPENDS_MS = 1000;

// kept across edits: in development each change of a server module runs init again
const kept = globalThis as { pagetrailStore?: TraceStore; pagetrailAppends?: LiveAppends };
const databaseFile = () => path.resolve(env.PAGETRAIL_DB ?? 'pagetrail.db');

export const init: ServerInit = async () => {
	if (building) return;
	await kept.pagetrailStore?.close();
	await kept.pagetrailAppends?.close();
	const store = (kept.pagetrailStore = await openSqliteStore(databaseFile()));
	await store.purgeHidden(Date.now() - GRACE_MS);
	const appends = (kept.pagetrailAppends = new LiveAppends(databaseFile()));
	appends.startIn(START_APPENDS_MS);
	process.once('sveltekit:shutdown', () => {
		void appends.close();
		void store.close();
	});
};

export const handle: Handle = async ({ event, resolve }) => {
	const refused = refusal(event.request, event.url, {
		hosts: env.PAGETRAIL_HOSTS?.split(',') ?? [],
		token: env.PAGETRAIL_TOKEN ?? null
	});
	if (refused) return refused;
	if (!kept.pagetrailStore || !kept.pagetrailAppends) throw new Error('the store is not open');
	event.locals.store = kept.pagetrailStore;
	event.locals.appends = kept.pagetrailAppends;
	event.locals.databaseFile = databaseFile();
	const response = await resolve(event);
	response.headers.set('x-content-type-options', 'nosniff');
	response.headers.set('referrer-policy', 'no-referrer');
	return response;
};
