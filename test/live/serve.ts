import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Readable } from 'node:stream';
import { once } from 'node:events';
import { api } from '#lib/server/api/api.ts';
import { openSqliteStore, type SqliteStore } from '#lib/server/store/sqlite/sqlite-store.ts';
import { LiveAppends } from '#ingest/live-client.ts';

export interface TestServer {
	readonly url: string;
	readonly store: SqliteStore;
	close(): Promise<void>;
}

/** The API over HTTP on a free port of the loopback address, on a database file, as the app mounts it. */
export async function serve(databaseFile: string): Promise<TestServer> {
	const store = await openSqliteStore(databaseFile);
	const appends = new LiveAppends(databaseFile);
	const bindings = {
		store,
		append: (id: string, expected: number, body: AsyncIterable<Uint8Array>) =>
			appends.append(id, expected, body)
	};
	const server = createServer({ requestTimeout: 0 }, (request, response) => {
		answer(request, response, bindings).catch(() => response.destroy());
	});
	server.listen(0, '127.0.0.1');
	await once(server, 'listening');
	return {
		url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/api/v1`,
		store,
		async close() {
			server.closeAllConnections();
			server.close();
			await once(server, 'close');
			await appends.close();
			await store.close();
		}
	};
}

async function answer(
	request: IncomingMessage,
	response: ServerResponse,
	bindings: Parameters<typeof api.fetch>[1] & object
): Promise<void> {
	const { method = 'GET', url = '/' } = request;
	const hasBody = method !== 'GET' && method !== 'HEAD';
	const gone = new AbortController();
	response.once('close', () => gone.abort());
	const asked = new Request(`http://localhost${url}`, {
		method,
		headers: Object.entries(request.headers).flatMap(([key, value]) =>
			typeof value === 'string' ? [[key, value] as [string, string]] : []
		),
		signal: gone.signal,
		...(hasBody && { body: Readable.toWeb(request) as ReadableStream<Uint8Array>, duplex: 'half' })
	});
	const given = await api.fetch(asked, bindings);
	response.writeHead(given.status, Object.fromEntries(given.headers));
	response.flushHeaders();
	const reader = given.body?.getReader();
	let drained = () => {};
	response.on('drain', () => drained());
	response.once('close', () => {
		drained();
		void reader?.cancel().catch(() => {});
	});
	for (let next = await reader?.read(); next && !next.done; next = await reader?.read())
		if (!response.write(next.value)) await new Promise<void>((resolve) => (drained = resolve));
	response.end();
}
