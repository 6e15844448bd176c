#!/usr/bin/env node
// Plain JavaScript that any Node >= 18 can read: it hands over to a new enough Node before anything else is loaded.
import { spawn } from 'node:child_process';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';

const cli = fileURLToPath(new URL('../dist/cli.js', import.meta.url));
const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);

if (major > 22 || (major === 22 && minor >= 17)) {
	await import(new URL('../dist/cli.js', import.meta.url).href);
} else {
	let node;
	try {
		node = createRequire(import.meta.url).resolve(`node-linux-${process.arch}/bin/node`);
	} catch {
		console.error(`pagetrail needs Node 22.17 or newer; this is ${process.version}`);
		process.exit(1);
	}
	const child = spawn(node, [cli, ...process.argv.slice(2)], { stdio: 'inherit' });
	for (const signal of /** @type {const} */ (['SIGINT', 'SIGTERM', 'SIGHUP']))
		process.on(signal, () => child.kill(signal));
	child.on('exit', (code, signal) => process.exit(code ?? (signal ? 1 : 0)));
}
