/** Steps that are measured in a process of their own: prints `{ result, maxRss }`. */
import { createWriteStream } from 'node:fs';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { ingest } from '#ingest/ingest.ts';
import { formatLine } from '#lib/domain/native.ts';
import { eventPages } from '#lib/server/query/events.ts';
import { openSqliteStore } from '#lib/server/store/sqlite/sqlite-store.ts';
import { loadPlainTable } from './peer.ts';

const [step = '', database = '', file = ''] = process.argv.slice(2);

async function load(): Promise<unknown> {
	const store = await openSqliteStore(database);
	const { added, seconds, session } = await ingest(store, { path: file });
	await store.close();
	return { events: added, seconds, id: session.id };
}

async function exportAll(): Promise<unknown> {
	const store = await openSqliteStore(database);
	const began = performance.now();
	let events = 0;
	async function* lines() {
		for await (const page of eventPages(store, file)) {
			events += page.length;
			yield page.map((event) => formatLine(event) + '\n').join('');
		}
	}
	await pipeline(
		Readable.from(lines(), { objectMode: true, highWaterMark: 1 }),
		createWriteStream('/dev/null')
	);
	await store.close();
	return { events, seconds: (performance.now() - began) / 1000 };
}

const steps: Readonly<Record<string, () => unknown>> = {
	load,
	export: exportAll,
	plain: () => loadPlainTable(file, database)
};
const result = await steps[step]?.();
console.log(JSON.stringify({ result, maxRss: process.resourceUsage().maxRSS * 1024 }));
