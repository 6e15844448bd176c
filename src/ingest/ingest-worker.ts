import { parentPort, workerData } from 'node:worker_threads';
import { openSqliteStore } from '#lib/server/store/sqlite/sqlite-store.ts';
import { ingest } from './ingest.ts';
import type { IngestReply, IngestRequest } from './ingest-client.ts';

const { databaseFile, path, name, format, generation, vendor } = workerData as IngestRequest;
const reply = (message: IngestReply) => parentPort?.postMessage(message);

const store = await openSqliteStore(databaseFile);
try {
	const summary = await ingest(
		store,
		{ path },
		{
			name,
			...(format !== undefined && { format }),
			hints: { ...(generation && { generation }), ...(vendor && { vendor }) }
		}
	);
	reply({ type: 'done', summary });
} catch (error) {
	const { name: kind, message } = error as Error;
	reply({ type: 'failed', name: kind, message });
} finally {
	await store.close();
}
