import { ingestInWorker } from '#ingest/ingest-client.ts';
import { Simulations } from '#ingest/simulate/simulate-client.ts';
import { api, type UploadHints } from '#lib/server/api/api.ts';
import type { RequestHandler } from './$types';

// kept across edits in development, like the store
const kept = globalThis as { pagetrailSimulations?: Simulations };

function simulations(databaseFile: string): Simulations {
	if (kept.pagetrailSimulations) return kept.pagetrailSimulations;
	const made = (kept.pagetrailSimulations = new Simulations(databaseFile));
	process.once('sveltekit:shutdown', () => void made.close());
	return made;
}

export const fallback: RequestHandler = ({ request, locals }) =>
	api.fetch(request, {
		store: locals.store,
		upload: (body: ReadableStream<Uint8Array>, name: string, hints: UploadHints) =>
			ingestInWorker(locals.databaseFile, body, { name, ...hints }),
		append: (id: string, expected: number, body: AsyncIterable<Uint8Array>) =>
			locals.appends.append(id, expected, body),
		simulate: (wish, options) => simulations(locals.databaseFile).start(wish, options)
	});
