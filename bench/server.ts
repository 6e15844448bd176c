import { spawn } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { ROOT } from './captures.ts';

export interface Server {
	readonly url: string;
	stop(): Promise<void>;
}

/** Starts the web server on a database, at a free port; resolves once it listens. */
export async function serve(database: string): Promise<Server> {
	const server = spawn(
		process.execPath,
		[path.join(ROOT, 'bin/pagetrail.js'), 'serve', '--db', database, '--port', '0'],
		{ stdio: ['ignore', 'pipe', 'inherit'] }
	);
	const stop = async () => {
		if (server.exitCode !== null) return;
		server.kill();
		await once(server, 'exit');
	};
	let text = '';
	for await (const part of server.stdout ?? []) {
		const url = /http:\/\/[\d.]+:\d+/.exec((text += String(part)))?.[0];
		if (url) return { url, stop };
	}
	throw new Error(`the server said nothing of its address: ${text}`);
}
