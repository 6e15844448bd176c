import { open } from 'node:fs/promises';
import type { Readable } from 'node:stream';
import { createGunzip, createZstdDecompress, type Gunzip, type ZstdDecompress } from 'node:zlib';

/** The compressed data ended early or is damaged; what came out before was good. */
export class ArchiveError extends Error {
	constructor(format: string, reason: string) {
		super(`the ${format} data is cut off or damaged (${reason}); the lines before were read`);
		this.name = 'ArchiveError';
	}
}

/** How bytes are compressed, by their magic number; null for plain ones. */
export function compressionOf(head: Uint8Array): 'gzip' | 'zstd' | null {
	if (head[0] === 0x1f && head[1] === 0x8b) return 'gzip';
	if (head[0] === 0x28 && head[1] === 0xb5 && head[2] === 0x2f && head[3] === 0xfd) return 'zstd';
	return null;
}

/** Whether these first bytes, fewer than four, leave open how the source is compressed. */
const mayBeMagic = (head: Uint8Array): boolean => head.length === 0 || head[0] === 0x1f || head[0] === 0x28;

const CHUNK = 1 << 20;

/**
 * A file's bytes in chunks of 1 MiB; `onRead` hears of each chunk's size. All chunks but the first share one buffer:
 * be done with a chunk before asking for the next.
 */
export async function* fileChunks(path: string, onRead: (bytes: number) => void): AsyncGenerator<Uint8Array> {
	const handle = await open(path);
	try {
		let buffer = new Uint8Array(CHUNK);
		for (let first = true; ; first = false) {
			const { bytesRead } = await handle.read(buffer, 0, CHUNK, null);
			if (bytesRead === 0) return;
			onRead(bytesRead);
			yield buffer.subarray(0, bytesRead);
			if (first) buffer = new Uint8Array(CHUNK);
		}
	} finally {
		await handle.close();
	}
}

/**
 * The decompressed bytes of a source, by its magic number.
 * @throws {ArchiveError} after the last good byte, if the source is damaged
 */
export async function* decompressed(source: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
	const iterator = source[Symbol.asyncIterator]();
	let head: Uint8Array = new Uint8Array(0);
	while (head.length < 4 && mayBeMagic(head)) {
		const next = await iterator.next();
		if (next.done) break;
		head = head.length ? Buffer.concat([head, next.value]) : next.value;
	}
	if (head.length === 0) return;
	const format = compressionOf(head);
	const all = (async function* () {
		yield head;
		for (let next = await iterator.next(); !next.done; next = await iterator.next()) yield next.value;
	})();
	if (!format) {
		yield* all;
		return;
	}
	const unpacker =
		format === 'gzip' ? createGunzip({ chunkSize: CHUNK }) : createZstdDecompress({ chunkSize: CHUNK });
	yield* through(unpacker, all, format);
}

/** Feeds an unpacker by hand, so that what it gave before an error is not lost. */
async function* through(
	unpacker: Gunzip | ZstdDecompress,
	source: AsyncIterable<Uint8Array>,
	format: string
): AsyncGenerator<Uint8Array> {
	let failure: Error | null = null;
	let ended = false;
	let wake = () => {};
	const change = () => wake();
	unpacker.on('readable', change);
	unpacker.on('end', () => {
		ended = true;
		change();
	});
	unpacker.on('error', (error: Error) => {
		failure = error;
		change();
	});
	const feeding = feed(unpacker, source).catch((error: unknown) => {
		failure ??= error as Error;
		change();
	});
	for (;;) {
		const chunk = (unpacker as Readable).read() as Uint8Array | null;
		if (chunk) {
			yield chunk;
			continue;
		}
		if (failure) throw new ArchiveError(format, (failure as Error).message);
		if (ended) break;
		await new Promise<void>((resolve) => (wake = resolve));
	}
	await feeding;
}

async function feed(unpacker: Gunzip | ZstdDecompress, source: AsyncIterable<Uint8Array>): Promise<void> {
	for await (const chunk of source) {
		if (unpacker.destroyed) return;
		// a full buffer: the chunk is used up before the source may use its memory again
		if (!unpacker.write(chunk)) await drained(unpacker);
	}
	unpacker.end();
}

/** Resolves when the unpacker wants more, or will never want any. */
function drained(unpacker: Gunzip | ZstdDecompress): Promise<void> {
	return new Promise((resolve) => {
		const done = () => {
			unpacker.off('drain', done);
			unpacker.off('close', done);
			resolve();
		};
		unpacker.on('drain', done);
		unpacker.on('close', done);
	});
}
