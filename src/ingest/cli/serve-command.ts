import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { Command } from 'commander';
import { ingest } from '../ingest.ts';
import { databaseOption, packageRoot, print, withStore } from './context.ts';
import { wholeWithin } from './arguments.ts';

interface Options {
	db: string;
	port: number;
	host: string;
	token?: string;
	samples?: boolean;
}
type Handler = (request: IncomingMessage, response: ServerResponse, next: () => void) => void;

const LOOPBACK = new Set(['127.0.0.1', '::1', 'localhost']);
const SAMPLES = ['small-kernel-image-1vcpu', 'medium-phases-2vcpu'];

/** `pagetrail serve` */
export const serveCommand = new Command('serve')
	.description('serve the web app and the HTTP API')
	.option(...databaseOption)
	.option('--port <n>', 'port (0: any free one)', wholeWithin(0, 65_535), 3000)
	.option('--host <address>', 'address to listen on; off loopback every request needs the token', '127.0.0.1')
	.option('--token <secret>', 'token to ask for (made up off loopback if absent)')
	.option('--samples', 'load the bundled sample captures first, once')
	.action(async (options: Options) => {
		if (options.samples) await loadSamples(options.db);
		const token =
			options.token ?? (LOOPBACK.has(options.host) ? null : randomBytes(18).toString('base64url'));
		const handler = await appHandler(options, token);
		// here: it takes a while to load, which the other commands need not wait for
		const { createServer } = await import('node:http');
		// Node's default ends a request that takes longer than five minutes, a long upload for instance
		const server = createServer({ requestTimeout: 0 }, (request, response) => {
			const { headers } = request;
			headers['x-forwarded-proto'] = 'http'; // the adapter takes https for granted
			// SvelteKit drops a body that has no content type
			if (headers['transfer-encoding'] ?? Number(headers['content-length']) > 0)
				headers['content-type'] ||= 'application/octet-stream';
			handler(request, response, () => response.writeHead(404).end());
		});
		await new Promise<void>((resolve, reject) => {
			server.once('error', reject);
			server.listen(options.port, options.host, resolve);
		});
		const address = server.address();
		const port = typeof address === 'object' && address ? address.port : options.port;
		const host = options.host.includes(':') ? `[${options.host}]` : options.host;
		print(`pagetrail is at http://${host}:${port}/${token === null ? '' : `?token=${token}`}`);
		stopOnSignals(server);
	});

async function loadSamples(db: string): Promise<void> {
	await withStore(db, async (store) => {
		for (const name of SAMPLES) {
			const file = path.join(packageRoot, 'samples', `${name}.ndjson.zst`);
			if (!existsSync(file)) continue; // the npm package carries the small one only
			const { duplicate, added, seconds } = await ingest(store, { path: file });
			if (!duplicate)
				print(`loaded sample ${name}: ${added.toLocaleString('en')} events in ${seconds.toFixed(1)} s`);
		}
	});
}

/** The built app; it reads these settings when it is imported. */
async function appHandler(options: Options, token: string | null): Promise<Handler> {
	process.env.PAGETRAIL_ROOT = packageRoot;
	process.env.PAGETRAIL_DB = path.resolve(options.db);
	if (token !== null) process.env.PAGETRAIL_TOKEN = token;
	if (!LOOPBACK.has(options.host) && process.env.PAGETRAIL_HOSTS === undefined)
		process.env.PAGETRAIL_HOSTS = options.host === '0.0.0.0' || options.host === '::' ? '*' : options.host;
	delete process.env.ORIGIN; // it would win over the header
	process.env.PROTOCOL_HEADER = 'x-forwarded-proto';
	process.env.BODY_SIZE_LIMIT = 'Infinity';
	const file = path.join(packageRoot, 'build', 'handler.js');
	if (!existsSync(file)) throw new Error(`${file} is missing: run npm run build first`);
	const { handler } = (await import(/* @vite-ignore */ pathToFileURL(file).href)) as { handler: Handler };
	return handler;
}

function stopOnSignals(server: Server): void {
	for (const signal of ['SIGINT', 'SIGTERM'] as const)
		process.once(signal, () => {
			server.close(() => {
				// what the adapter's own server does: the app closes the store then
				process.emit('sveltekit:shutdown' as never, signal as never);
				setImmediate(() => process.exit(0));
			});
			server.closeIdleConnections();
			setTimeout(() => server.closeAllConnections(), 2000).unref();
		});
}
