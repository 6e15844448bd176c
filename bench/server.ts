import { type ChildProcess, spawn } from 'node:child_process';
import path from 'node:path';
import { ROOT } from './captures.ts';

/** Starts the web server on a database, at a free port; resolves once it listens. */
export async function serve(database: string): Promise<{ server: ChildProcess; url: string }> {
	const server = spawn(
		process.execPath,
		[path.join(ROOT, 'bin/pagetrail.js'), 'serve', '--db', database, '--port', '0'],
		{ stdio: ['ignore', 'pipe', 'inherit'] }
	);
	let text = '';
	for await (const part of server.stdout ?? []) {
		const url = /http:\/\/[\d.]+:\d+/.exec((text += String(part)))?.[0];
		if (url) return { server, url };
	}
	throw new Error(`the server said nothing of its address: ${text}`);
}
