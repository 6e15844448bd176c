import { createHash, type Hash } from 'node:crypto';
import { createWriteStream, statSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { once } from 'node:events';
import { parentPort, workerData } from 'node:worker_threads';
import { batchBuffers } from '#lib/domain/batch.ts';
import type { DiagnosticInfo } from '#lib/domain/session-info.ts';
import type { SourcePosition } from '#lib/server/store/store.ts';
import { ArchiveError, decompressed, fileChunks } from './decompress.ts';
import { Diagnostics } from './diagnostics.ts';
import { detect, NativeScanner } from './formats/native.ts';
import type { Candidate, FromParser, ParseStart, ToParser } from './protocol.ts';

/** Batches sent and not yet stored. */
const AHEAD = 2;
const HEAD_BYTES = 4096;

if (!parentPort) throw new Error('parse-worker runs in a worker thread');
const port = parentPort;
const start = workerData as ParseStart;

const send = (message: FromParser, transfer: ArrayBuffer[] = []) => port.postMessage(message, transfer);

/** Messages that came and were not asked for yet. */
const inbox: ToParser[] = [];
let arrived = () => {};
let inFlight = 0;
port.on('message', (message: ToParser) => {
	if (message.type === 'ack') inFlight--;
	else inbox.push(message);
	arrived();
});
const nextMessage = () => new Promise<void>((resolve) => (arrived = resolve));

async function receive<T extends ToParser['type']>(...types: T[]): Promise<ToParser & { type: T }> {
	for (;;) {
		const at = inbox.findIndex((message) => (types as string[]).includes(message.type));
		if (at >= 0) return inbox.splice(at, 1)[0] as ToParser & { type: T };
		await nextMessage();
	}
}

let readBytes = 0;

async function* sentChunks(): AsyncGenerator<Uint8Array> {
	for (;;) {
		const message = await receive('chunk', 'chunks-end');
		if (message.type === 'chunks-end') return;
		readBytes += message.bytes.length;
		send({ type: 'chunk-taken' });
		yield message.bytes;
	}
}

const open = (file: string | null) => {
	if (file === null) return sentChunks();
	readBytes = 0;
	return fileChunks(file, (bytes) => (readBytes += bytes));
};

/** The source's first bytes, and a generator that gives all of them (those included). */
async function peek(source: AsyncGenerator<Uint8Array>) {
	const chunks: Uint8Array[] = [];
	let length = 0;
	let failure: unknown = null;
	while (length < HEAD_BYTES) {
		const next = await source.next().catch((error: unknown) => {
			failure = error;
			return { done: true, value: undefined } as const;
		});
		if (next.done) break;
		chunks.push(next.value);
		length += next.value.length;
	}
	async function* all(): AsyncGenerator<Uint8Array> {
		yield* chunks;
		if (failure) throw failure as Error;
		yield* source;
	}
	return { head: Buffer.concat(chunks).subarray(0, HEAD_BYTES), all };
}

/** Copies what is sent into a file, so that it can be read twice. */
async function spool(source: AsyncIterable<Uint8Array>): Promise<string> {
	const folder = await mkdtemp(path.join(tmpdir(), 'pagetrail-'));
	const file = path.join(folder, 'source');
	const out = createWriteStream(file);
	for await (const chunk of source) if (!out.write(chunk)) await once(out, 'drain');
	out.end();
	await once(out, 'finish');
	return file;
}

/** Hashes the first `bytes` of a source; gives the digest, the hash to go on with, and what follows. */
async function skip(source: AsyncGenerator<Uint8Array>, bytes: number) {
	const hash = createHash('sha256');
	let left = bytes;
	let rest: Uint8Array | null = null;
	while (left > 0) {
		const next = await source.next();
		if (next.done) return null;
		hash.update(next.value.subarray(0, left));
		if (next.value.length > left) rest = next.value.subarray(left);
		left -= Math.min(left, next.value.length);
	}
	const following = async function* () {
		if (rest) yield rest;
		yield* source;
	};
	return { hash, digest: hash.copy().digest('hex'), following };
}

async function settled(limit: number): Promise<void> {
	while (inFlight > limit) await nextMessage();
}

/** Scans a source to its end. */
async function scan(source: AsyncIterable<Uint8Array>, hash: Hash, from: Candidate | null): Promise<void> {
	const diagnostics = new Diagnostics(from?.diagnostics);
	const position = (complete: boolean): SourcePosition => ({
		byte: scanner.byte,
		line: scanner.lines,
		digest: hash.copy().digest('hex'),
		complete
	});
	const scanner = new NativeScanner({
		diagnostics,
		...(from && { byte: from.position.byte, line: from.position.line, lastNs: from.lastNs }),
		onBytes: (bytes) => hash.update(bytes),
		onBatch: (batch) => {
			inFlight++;
			const message = {
				type: 'batch',
				batch,
				position: position(false),
				diagnostics: diagnostics.list(),
				readBytes
			} as const;
			send(message, batchBuffers(batch));
		}
	});
	let complete = true;
	try {
		for await (const chunk of source) {
			scanner.push(chunk);
			await settled(AHEAD);
		}
	} catch (error) {
		if (!(error instanceof ArchiveError)) throw error;
		complete = false;
		const where = { line: scanner.lines + 1, byte: scanner.byte, text: '' };
		diagnostics.add('rejected', 'damaged-archive', error.message, where);
	}
	scanner.finish();
	const list: readonly DiagnosticInfo[] = diagnostics.list();
	send({ type: 'end', position: position(complete), diagnostics: list, readBytes });
}

/** The candidate that this file begins with, scanned on from there. */
async function resume(file: string, candidates: readonly Candidate[]): Promise<boolean> {
	for (const [index, candidate] of candidates.entries()) {
		const { position } = candidate;
		const skipped = await skip(decompressed(open(file)), position.byte).catch(() => null);
		if (skipped?.digest !== position.digest && position.byte > 0) continue;
		if (!skipped) continue;
		send({ type: 'source', index, complete: position.complete });
		await scan(skipped.following(), skipped.hash, candidate);
		return true;
	}
	return false;
}

async function run(): Promise<void> {
	let file = start.path;
	let temporary: string | null = null;
	let decided = false;
	const raw: Uint8Array[] = [];
	const source = open(file);
	const recorded = (async function* () {
		for await (const chunk of source) {
			if (file === null && !decided) raw.push(chunk);
			yield chunk;
		}
	})();
	const { head, all } = await peek(decompressed(recorded));
	const format = detect(head) ? 'native' : 'unknown';
	const sizeBytes = file === null ? null : statSync(file).size;
	send({ type: 'head', head: createHash('sha256').update(head).digest('hex'), format, sizeBytes });
	const { candidates } = await receive('candidates');
	decided = true;
	try {
		if (candidates.length) {
			if (file === null) {
				file = temporary = await spool(
					(async function* () {
						yield* raw;
						yield* source;
					})()
				);
			}
			if (await resume(file, candidates)) return;
			send({ type: 'source', index: null, complete: false });
			await scan(decompressed(open(file)), createHash('sha256'), null);
			return;
		}
		raw.length = 0;
		send({ type: 'source', index: null, complete: false });
		await scan(all(), createHash('sha256'), null);
	} finally {
		if (temporary) await rm(path.dirname(temporary), { recursive: true, force: true });
	}
}

run()
	.catch((error: unknown) =>
		send({ type: 'failed', message: error instanceof Error ? error.message : String(error) })
	)
	.finally(() => port.close());
