import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';

/** What each part may import, besides itself; the most specific folder counts. Packages are not looked at. */
const MAY: Readonly<Record<string, readonly string[]>> = {
	'src/lib/domain': [],
	'src/lib/api': ['src/lib/domain'],
	'src/lib/view': ['src/lib/domain', 'src/lib/api'],
	'src/lib/host': ['src/lib/domain'],
	'src/lib/components': ['src/lib/view', 'src/lib/domain', 'src/lib/api'],
	'src/lib/server/store': ['src/lib/domain'],
	'src/lib/server/query': ['src/lib/server/store', 'src/lib/domain', 'src/lib/api'],
	'src/lib/server/api': [
		'src/lib/server/query',
		'src/lib/server/store',
		'src/lib/host',
		'src/lib/domain',
		'src/lib/api'
	],
	'src/ingest': [
		'src/lib/server/query',
		'src/lib/server/store',
		'src/lib/host',
		'src/lib/domain',
		'src/lib/api'
	],
	'src/routes/api/[...path]': ['src/lib/server/api', 'src/ingest'],
	'src/routes': [
		'src/lib/components',
		'src/lib/view',
		'src/lib/domain',
		'src/lib/api',
		'src/lib/server/query',
		'src/lib/server/store'
	]
};
const PARTS = Object.keys(MAY).sort((a, b) => b.length - a.length);
const partOf = (file: string) => PARTS.find((part) => file.startsWith(part + '/'));

const files = readdirSync('src', { recursive: true, encoding: 'utf8' })
	.filter((file) => /\.(ts|svelte)$/.test(file))
	.map((file) => path.posix.join('src', file.split(path.sep).join('/')));

/** Files that a file imports, as paths from the top; packages and generated types are left out. */
function importsOf(file: string): string[] {
	const text = readFileSync(file, 'utf8');
	const found = [...text.matchAll(/(?:from|import)\s*\(?\s*'([^']+)'/g)].map((match) => match[1] ?? '');
	return found.flatMap((name) => {
		if (name.startsWith('#lib/')) return [name.replace('#lib', 'src/lib')];
		if (name.startsWith('#ingest/')) return [name.replace('#ingest', 'src/ingest')];
		return name.startsWith('.') ? [path.posix.join(path.posix.dirname(file), name)] : [];
	});
}

test('no import points up the layers', () => {
	const wrong = files.flatMap((file) => {
		const part = partOf(file);
		if (!part) return [];
		return importsOf(file)
			.map((target) => [target, partOf(target)] as const)
			.filter(([, to]) => to !== undefined && to !== part && !MAY[part]?.includes(to))
			.map(([target]) => `${file} imports ${target}`);
	});
	expect(wrong).toEqual([]);
	expect(files.length).toBeGreaterThan(40);
});

test('the domain uses no package and no Node API', () => {
	const foreign = files
		.filter((file) => partOf(file) === 'src/lib/domain')
		.flatMap((file) =>
			[...readFileSync(file, 'utf8').matchAll(/from '([^.'][^']*)'/g)].map((match) => match[1])
		);
	expect(foreign).toEqual([]);
});
