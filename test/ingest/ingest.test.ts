import {
	createReadStream,
	mkdirSync,
	mkdtempSync,
	readdirSync,
	rmSync,
	writeFileSync,
	readFileSync
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { gzipSync, zstdCompressSync, zstdDecompressSync } from 'node:zlib';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { formatLine } from '#lib/domain/native.ts';
import { eventPages } from '#lib/server/query/events.ts';
import { openSqliteStore } from '#lib/server/store/sqlite/sqlite-store.ts';
import type { TraceStore } from '#lib/server/store/store.ts';
import { ingest } from '#ingest/ingest.ts';

let folder = '';
let store: TraceStore;
const small = zstdDecompressSync(readFileSync('samples/small-kernel-image-1vcpu.ndjson.zst'));
beforeAll(async () => {
	folder = mkdtempSync(path.join(tmpdir(), 'pagetrail-test-'));
	store = await openSqliteStore(path.join(folder, 'all.db'));
});
afterAll(async () => {
	await store.close();
	rmSync(folder, { recursive: true, force: true });
});
const file = (name: string, content: string | Uint8Array) => {
	const at = path.join(folder, name);
	writeFileSync(at, content);
	return at;
};
async function exported(from: TraceStore, id: string): Promise<string> {
	let text = '';
	for await (const page of eventPages(from, id)) for (const event of page) text += formatLine(event) + '\n';
	return text;
}

test('a real capture comes back byte for byte; the same content again adds nothing, however it is packed', async () => {
	const first = await ingest(store, { path: 'samples/small-kernel-image-1vcpu.ndjson.zst' });
	expect(first).toMatchObject({
		added: 52_439,
		lines: 52_439,
		bytes: 4_162_577,
		duplicate: false,
		diagnostics: []
	});
	expect(first.session.kinds).toMatchObject({
		preread: 185,
		prewrite: 20_090,
		write: 20_090,
		preexec: 11_756
	});
	expect(await exported(store, first.session.id)).toBe(small.toString());
	const again = [
		{ path: file('plain.ndjson', small) },
		{ path: file('packed.gz', gzipSync(small)) },
		{ path: file('packed.zst', zstdCompressSync(small)) },
		{ chunks: createReadStream(path.join(folder, 'packed.gz')), name: '-' }
	];
	for (const input of again)
		expect(await ingest(store, input)).toMatchObject({
			added: 0,
			duplicate: true,
			session: { id: first.session.id }
		});
});

test('nothing is left in the folder for temporary files, whether a stream was known, had grown or was refused', async () => {
	const lines = small.toString().split('\n').slice(0, 3000);
	lines[0] = lines[0]?.replace('"unix_ms":1', '"unix_ms":9') ?? '';
	const text = (n: number) => lines.slice(0, n).join('\n') + '\n';
	const temporary = path.join(folder, 'temporary');
	mkdirSync(temporary);
	const before = process.env.TMPDIR;
	process.env.TMPDIR = temporary;
	try {
		const stream = (content: string) => ({ chunks: createReadStream(file('streamed', content)), name: '-' });
		expect(await ingest(store, stream(text(2000)))).toMatchObject({ added: 2000 });
		expect(await ingest(store, stream(text(2000)))).toMatchObject({ added: 0, duplicate: true });
		expect(await ingest(store, stream(text(2500)))).toMatchObject({ added: 500 });
		const bad = stream(text(2600) + 'no line\n' + text(2600));
		await expect(ingest(store, bad, { strict: true })).rejects.toThrow('--strict');
		expect(readdirSync(temporary)).toEqual([]);
	} finally {
		if (before === undefined) delete process.env.TMPDIR;
		else process.env.TMPDIR = before;
	}
});

test('a stream of chunks is loaded like a file', async () => {
	const lines = small.toString().split('\n').slice(0, 2000);
	lines[0] = lines[0]?.replace('"unix_ms":1', '"unix_ms":2') ?? '';
	const chunks = (async function* () {
		for (const line of lines) yield await Promise.resolve(new TextEncoder().encode(line + '\n'));
	})();
	expect(await ingest(store, { chunks, name: '-' })).toMatchObject({
		added: 2000,
		session: { name: 'stdin' }
	});
});

test('a file that grew since is gone on with where it ended', async () => {
	const lines = small.toString().split('\n');
	lines[0] = lines[0]?.replace('"unix_ms":1', '"unix_ms":3') ?? '';
	const at = file('grows.ndjson', lines.slice(0, 40_000).join('\n') + '\n');
	const first = await ingest(store, { path: at });
	file('grows.ndjson', lines.join('\n'));
	expect(await ingest(store, { path: at })).toMatchObject({
		added: 12_439,
		session: { id: first.session.id }
	});
	expect(await exported(store, first.session.id)).toBe(lines.join('\n'));
});

test('a source that begins alike and differs later is a session of its own', async () => {
	const other = small.toString().replace('"k":"end"', '"k":"end","other":1');
	expect(await ingest(store, { path: file('differs.ndjson', other) })).toMatchObject({
		duplicate: false,
		added: 52_439
	});
});

test.each(['gz', 'zst'])('a cut off .%s keeps the lines before the cut and says so', async (ending) => {
	const text = small.toString().replace('"unix_ms":1', `"unix_ms":${ending.length + 3}`);
	const packed = ending === 'gz' ? gzipSync(text) : zstdCompressSync(text);
	const summary = await ingest(store, { path: file(`cut.${ending}`, packed.subarray(0, packed.length / 2)) });
	expect(summary.added).toBeGreaterThan(10_000);
	const [found] = summary.diagnostics.filter((each) => each.reason === 'damaged-archive');
	expect(found?.first[0]?.message).toMatch(/cut off or damaged/);
	expect(text.startsWith((await exported(store, summary.session.id)).trimEnd())).toBe(true);
});

test.each([
	['an empty file', () => file('empty.ndjson', ''), 'is empty'],
	['a folder', () => folder, 'is a folder'],
	['a missing file', () => path.join(folder, 'nowhere'), 'there is no such file'],
	[
		'binary junk',
		() =>
			file(
				'junk.bin',
				Uint8Array.from({ length: 9000 }, (_, i) => (i * 73) % 251)
			),
		'holds no event'
	],
	['an empty archive', () => file('empty.gz', gzipSync('')), 'is empty']
])('%s is refused with a clear message and makes no session', async (_, make, message) => {
	const before = (await store.listSessions()).length;
	await expect(ingest(store, { path: make() })).rejects.toThrow(message);
	expect((await store.listSessions()).length).toBe(before);
});

test('strict turns the first bad line into an error and takes the session back', async () => {
	const before = (await store.listSessions()).length;
	const at = file('strict.ndjson', '{"t":1,"k":"epoch","e":1}\n{"t":2,"k":"epoch"}\n{"t":3,"k":"end"}\n');
	await expect(ingest(store, { path: at }, { strict: true })).rejects.toThrow(
		`${at}:2 (byte 26): e is missing`
	);
	expect((await store.listSessions()).length).toBe(before);
});

test('a store may open while the trace is being read, and may fail to', async () => {
	const line = '{"t":1,"k":"preread","a":"0x1000","n":1,"ip":"0x1"}\n';
	const late = new Promise<TraceStore>((resolve) => setTimeout(() => resolve(store), 400));
	const summary = await ingest(late, { path: file('late.ndjson', line) });
	expect(summary.added).toBe(1);
	const broken = new Promise<TraceStore>((_, reject) => setTimeout(() => reject(new Error('no disk')), 400));
	await expect(ingest(broken, { path: file('broken.ndjson', line) })).rejects.toThrow('no disk');
});
