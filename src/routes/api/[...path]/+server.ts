import { ingestInWorker } from '#ingest/ingest-client.ts';
import { api } from '#lib/server/api/api.ts';
import type { RequestHandler } from './$types';

export const fallback: RequestHandler = ({ request, locals }) =>
	api.fetch(request, {
		store: locals.store,
		upload: (body: ReadableStream<Uint8Array>, name: string) =>
			ingestInWorker(locals.databaseFile, body, { name })
	});
