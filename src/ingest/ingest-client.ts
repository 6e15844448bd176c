import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Worker } from 'node:worker_threads';
import type { IngestSummary } from '#lib/api/types.ts';
import type { SourceHints } from './formats/format.ts';
import { workerFile } from './worker-file.ts';

export interface IngestRequest {
	readonly databaseFile: string;
	readonly path: string;
	readonly name: string;
	readonly format?: string | undefined;
	readonly generation?: SourceHints['generation'] | undefined;
	readonly vendor?: SourceHints['vendor'] | undefined;
}
export type IngestReply =
	| { readonly type: 'done'; readonly summary: IngestSummary }
	| { readonly type: 'failed'; readonly name: string; readonly message: string };

/**
 * Loads an uploaded trace in a worker thread with a connection of its own, so that the server goes on answering.
 * The upload is written to a temporary file first: a trace is only begun once it is here whole.
 */
export async function ingestInWorker(
	databaseFile: string,
	body: AsyncIterable<Uint8Array>,
	source: Omit<IngestRequest, 'databaseFile' | 'path'>
): Promise<IngestSummary> {
	const folder = await mkdtemp(path.join(tmpdir(), 'pagetrail-'));
	try {
		const file = path.join(folder, 'upload');
		const out = createWriteStream(file);
		for await (const chunk of body) if (!out.write(chunk)) await once(out, 'drain');
		out.end();
		await once(out, 'finish');
		return await runWorker({ ...source, databaseFile, path: file }, folder);
	} finally {
		await rm(folder, { recursive: true, force: true });
	}
}

async function runWorker(request: IngestRequest, folder: string): Promise<IngestSummary> {
	const worker = new Worker(workerFile('ingest-worker'), { workerData: request });
	try {
		const [reply] = (await once(worker, 'message')) as [IngestReply];
		if (reply.type === 'done') return reply.summary;
		// the temporary file's name means nothing to whoever uploaded it
		const error = new Error(reply.message.replaceAll(path.join(folder, 'upload'), request.name));
		error.name = reply.name;
		throw error;
	} finally {
		await worker.terminate();
	}
}
