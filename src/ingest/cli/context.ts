import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import Table from 'cli-table3';
import { DatabaseFileError } from '#lib/server/store/sqlite/open.ts';
import { openSqliteStore } from '#lib/server/store/sqlite/sqlite-store.ts';
import type { TraceStore } from '#lib/server/store/store.ts';

/** The package's folder: both the sources and the bundle in dist/ find it. */
export const packageRoot =
	process.env.PAGETRAIL_ROOT ??
	(import.meta.filename.endsWith('.ts')
		? path.resolve(import.meta.dirname, '../../..')
		: import.meta.dirname.slice(0, import.meta.dirname.lastIndexOf(`${path.sep}dist`)));

/** The version in package.json. */
export function packageVersion(): string {
	const { version } = JSON.parse(readFileSync(path.join(packageRoot, 'package.json'), 'utf8')) as {
		version: string;
	};
	return version;
}

export const databaseOption = [
	'--db <file>',
	'database file',
	process.env.PAGETRAIL_DB ?? 'pagetrail.db'
] as const;

/** Opens the store, runs `work`, closes the store. */
export async function withStore<T>(file: string, work: (store: TraceStore) => Promise<T>): Promise<T> {
	const store = await openSqliteStore(file);
	try {
		return await work(store);
	} finally {
		await store.close();
	}
}

/** `withStore` for what only makes sense with a database: a mistyped name makes none. @throws {DatabaseFileError} */
export async function withSessions<T>(file: string, work: (store: TraceStore) => Promise<T>): Promise<T> {
	if (!existsSync(file))
		throw new DatabaseFileError(file, 'there is no such database: pagetrail ingest makes it');
	return withStore(file, work);
}

export const print = (text: string): void => void process.stdout.write(text + '\n');
export const printJson = (value: unknown): void => print(JSON.stringify(value, null, 2));

/** A window of a session's time. @throws {RangeError} if it is empty */
export function windowOf(session: string, from: number, to: number): { from: number; to: number } {
	if (from < to) return { from, to };
	throw new RangeError(`the window of session ${session} is empty: its end is not after its start`);
}

/** A table without frames, first columns left, the others right. */
export function table(head: readonly string[], rows: readonly (string | number)[][], left = 1): string {
	const none = Object.fromEntries(
		'top top-mid top-left top-right bottom bottom-mid bottom-left bottom-right left left-mid mid mid-mid right right-mid'
			.split(' ')
			.map((part) => [part, ''])
	);
	const made = new Table({
		head: [...head],
		chars: { ...none, middle: '  ' },
		style: { head: [], border: [], 'padding-left': 0, 'padding-right': 0 },
		colAligns: head.map((_, i) => (i < left ? 'left' : 'right'))
	});
	made.push(...rows);
	return made.toString();
}

export const count = (value: number): string => value.toLocaleString('en');
export const megabytes = (bytes: number): string =>
	bytes < 1e5 ? `${(bytes / 1e3).toFixed(1)} kB` : `${(bytes / 1e6).toFixed(1)} MB`;

/** `12.204 551 s`, or instructions where the session counts those. */
export const duration = (ns: number, clock: 'ns' | 'instructions' | 'lines'): string =>
	clock === 'ns'
		? `${(ns / 1e9).toFixed(3)} s`
		: clock === 'lines'
			? `${count(ns)} lines`
			: `${(ns / 1e9).toFixed(3)} G instructions`;
