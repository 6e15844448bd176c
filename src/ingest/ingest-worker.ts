import { parentPort, workerData } from 'node:worker_threads';
import { openSqliteStore } from '#lib/server/store/sqlite/sqlite-store.ts';
import { ingest } from './ingest.ts';
import type { IngestReply, IngestRequest } from './ingest-client.ts';

const { databaseFile, path, name } = workerData as IngestRequest;
const reply = (message: IngestReply) => parentPort?.postMessage(message);

const store = await openSqliteStore(databaseFile);
try {
	reply({ type: 'done', summary: await ingest(store, { path }, { name }) });
} catch (error) {
	const { name: kind, message } = error as Error;
	reply({ type: 'failed', name: kind, message });
} finally {
	await store.close();
}
