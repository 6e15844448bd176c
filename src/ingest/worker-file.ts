import path from 'node:path';
import { pathToFileURL } from 'node:url';

/** Workers by name, with their sources beside this file; the bundle has each as NAME.js. */
const SOURCES = {
	'parse-worker': './parse-worker.ts',
	'ingest-worker': './ingest-worker.ts',
	'live-worker': './live-worker.ts',
	'simulate-worker': './simulate/simulate-worker.ts'
} as const;
type WorkerName = keyof typeof SOURCES;

/**
 * A worker's file: TypeScript beside its sources, or JavaScript in the package's dist folder (PAGETRAIL_ROOT says
 * where the package is when the web server's bundle asks).
 */
export function workerFile(name: WorkerName): URL {
	const here = import.meta.filename;
	if (here.endsWith('.ts')) return new URL(SOURCES[name], import.meta.url);
	const root = process.env.PAGETRAIL_ROOT;
	if (root) return pathToFileURL(path.join(root, 'dist', `${name}.js`));
	const dist = here.slice(0, here.lastIndexOf(`${path.sep}dist${path.sep}`) + 6);
	return pathToFileURL(path.join(dist, `${name}.js`));
}
