import { createHash, type Hash } from 'node:crypto';
import { statSync } from 'node:fs';
import { parentPort, workerData } from 'node:worker_threads';
import { batchBuffers, createBatch, type EventBatch } from '#lib/domain/batch.ts';
import { KIND_CODES } from '#lib/domain/kinds.ts';
import { HEAD_BYTES } from '#lib/server/store/head.ts';
import type { SourcePosition } from '#lib/server/store/store.ts';
import { ArchiveError, decompressed, fileChunks } from './decompress.ts';
import { Diagnostics } from './diagnostics.ts';
import { FlushTimer } from './flush-timer.ts';
import { FollowError, followFile } from './follow.ts';
import type { FormatScanner, TraceFormat } from './formats/format.ts';
import { native } from './formats/native.ts';
import { detectFormat, formatByName } from './formats/registry.ts';
import { peek } from './peek.ts';
import type { Candidate, FromParser, ParseStart, ToParser } from './protocol.ts';
import { matchCandidates, Spool, type Match } from './resume.ts';
import { isTraceDat, isTraceDatFile, TraceDatError, traceCmdReport } from './trace-dat.ts';

type End = FromParser & { type: 'end' };

/** Batches sent and not yet stored. */
const AHEAD = 2;

if (!parentPort) throw new Error('parse-worker runs in a worker thread');
const port = parentPort;
const start = workerData as ParseStart;

const send = (message: FromParser, transfer: ArrayBuffer[] = []) => port.postMessage(message, transfer);

/** Messages that came and were not asked for yet. */
const inbox: ToParser[] = [];
/** Whoever waits for a message: the source, and the run, may both. */
let waiting: (() => void)[] = [];
let inFlight = 0;
let stopped = false;
/** The end event of a followed trace was read. */
let ended = false;
/** Ends the wait for the source's next bytes. */
let interrupt = () => {};
let onAck = () => {};
port.on('message', (message: ToParser) => {
	if (message.type === 'stop') {
		stopped = true;
		interrupt();
	} else if (message.type === 'ack') {
		inFlight--;
		onAck();
	} else inbox.push(message);
	const woken = waiting;
	waiting = [];
	for (const wake of woken) wake();
});
const nextMessage = () => new Promise<void>((resolve) => waiting.push(resolve));

async function receive<T extends ToParser['type']>(...types: T[]): Promise<ToParser & { type: T }> {
	for (;;) {
		const at = inbox.findIndex((message) => (types as string[]).includes(message.type));
		if (at >= 0) return inbox.splice(at, 1)[0] as ToParser & { type: T };
		await nextMessage();
	}
}

/** The source's format, and as many of its first bytes as are at hand, once they are known. */
let format: TraceFormat = native;
let beginning: Uint8Array = new Uint8Array(0);

let readBytes = 0;
const onRead = (bytes: number) => (readBytes += bytes);

async function* sentChunks(): AsyncGenerator<Uint8Array> {
	for (;;) {
		const message = await receive('chunk', 'chunks-end');
		if (message.type === 'chunks-end') return;
		onRead(message.bytes.length);
		send({ type: 'chunk-taken' });
		yield message.bytes;
	}
}

async function settled(limit: number): Promise<void> {
	while (inFlight > limit) await nextMessage();
}

/** The next bytes; null at the source's end and once `interrupt` was called. */
function nextChunk(source: AsyncIterator<Uint8Array>): Promise<Uint8Array | null> {
	if (stopped || ended) return Promise.resolve(null);
	return new Promise((resolve, reject) => {
		interrupt = () => resolve(null);
		source.next().then((next) => resolve(next.done ? null : next.value), reject);
	});
}

/**
 * Scans a source that begins with `peeked` to its end; `hash` has taken in what was skipped of it. If the format's
 * lines depend on the ones before, nothing was skipped: the scanner replays what is stored.
 */
async function scan(
	source: AsyncGenerator<Uint8Array>,
	peeked: Uint8Array,
	hash: Hash = createHash('sha256'),
	from: Candidate | null = null
): Promise<End> {
	const diagnostics = new Diagnostics(from?.diagnostics);
	const seek = format.seekable ? from : null;
	let hashed = seek?.position.byte ?? 0;
	let head = peeked.subarray(0, hashed);
	let sent: SourcePosition = from?.position ?? { byte: 0, line: 0, digest: '', complete: false };
	/** Position and diagnostics as they are now; in the middle of an overlong line, as they were before it. */
	const state = (complete: boolean) => {
		const { byte, lines: line } = scanner;
		if (hashed === byte && byte >= sent.byte)
			sent = { byte, line, digest: hash.copy().digest('hex'), complete };
		return { head, position: { ...sent, complete }, diagnostics: diagnostics.list(), readBytes };
	};
	const sendBatch = (batch: EventBatch) => {
		// or else a resumed run would add events twice
		if (batch.length && hashed !== scanner.byte) throw new Error('a batch ends inside a line');
		inFlight++;
		timer.reset();
		ended ||= start.follow && batch.kind.subarray(0, batch.length).includes(KIND_CODES.end);
		send({ type: 'batch', batch, ...state(false) }, batchBuffers(batch));
		if (ended) interrupt();
	};
	const timer = new FlushTimer(
		() => {
			scanner.flush();
			if (scanner.byte > sent.byte && hashed === scanner.byte) sendBatch(createBatch(0));
		},
		() => inFlight === 0
	);
	if (start.path !== null && !start.follow) timer.reset(); // a file fills its first batch in no time
	onAck = () => timer.check();
	const scanner: FormatScanner = format.create({
		diagnostics,
		head: beginning,
		...start.hints,
		...(seek && { byte: seek.position.byte, line: seek.position.line, lastNs: seek.lastNs }),
		...(seek?.memslots && { memslots: seek.memslots }),
		...(from && !seek && { replay: from.position }),
		onBytes: (bytes) => {
			hash.update(bytes);
			hashed += bytes.length;
			if (head.length < HEAD_BYTES) head = Buffer.concat([head, bytes.subarray(0, HEAD_BYTES - head.length)]);
		},
		onBatch: sendBatch
	});
	let complete = true;
	let whole = true;
	try {
		for (let chunk = await nextChunk(source); chunk; chunk = await nextChunk(source)) {
			scanner.push(chunk);
			timer.touch();
			await settled(AHEAD);
		}
		if (stopped && !ended) complete = whole = false;
	} catch (error) {
		const where = { line: scanner.lines + 1, byte: scanner.byte, text: '' };
		if (error instanceof ArchiveError) diagnostics.add('rejected', 'damaged-archive', error.message, where);
		else if (error instanceof FollowError) diagnostics.add('note', error.reason, error.message, where);
		else throw error;
		complete = false;
		whole = error instanceof ArchiveError;
	}
	// the beginning of a line whose end may still come is left for the next run
	if (whole) scanner.finish();
	else scanner.flush();
	timer.reset();
	return { type: 'end', interrupted: stopped && !ended, ...state(complete) };
}

const detect = (head: Uint8Array): TraceFormat | null =>
	start.format === undefined ? detectFormat(head) : formatByName(start.format);
const isKnown = (head: Uint8Array): boolean => detect(head) !== null;

const candidatesFor = async (head: Uint8Array, peeked: Uint8Array, sizeBytes: number | null) => {
	const found = detect(peeked);
	format = found ?? native;
	beginning = peeked;
	send({ type: 'head', head, format: found?.name ?? 'unknown', sizeBytes });
	return (await receive('candidates')).candidates;
};

/** The candidate to go on with: one that the source begins with, else one that nothing was stored of yet. */
function choose(match: Match | null, candidates: readonly Candidate[]): Candidate | null {
	const index = match?.index ?? candidates.findIndex(({ position }) => position.byte === 0);
	const chosen = candidates[index] ?? null;
	send({ type: 'source', index: chosen && index, complete: chosen?.position.complete ?? false });
	return chosen;
}

async function scanFile(file: string): Promise<End> {
	const binary = await isTraceDatFile(file);
	if (binary && start.follow) throw new TraceDatError(file, 'is a trace-cmd file: it cannot be followed');
	const open = () => {
		readBytes = 0;
		return binary ? traceCmdReport(file) : decompressed(fileChunks(file, onRead));
	};
	const fresh = new AbortController();
	const source = start.follow ? followFile(file, { from: 0, onRead, signal: fresh.signal }) : open();
	const { head, peeked, all } = await peek(source, start.follow ? isKnown : null);
	const candidates = await candidatesFor(head, peeked, start.follow || binary ? null : statSync(file).size);
	const readSoFar = readBytes;
	// a damaged archive ends where it ends: that is no match
	const match = candidates.length ? await matchCandidates(open(), candidates).catch(() => null) : null;
	const chosen = choose(match, candidates);
	if (!match) readBytes = readSoFar;
	if (!match || !chosen) return scan(all(), head);
	fresh.abort();
	ended = start.follow && chosen.ended;
	const { seekable } = format;
	const hash = seekable ? match.hash : createHash('sha256');
	if (!start.follow) return scan(seekable ? match.rest() : open(), head, hash, chosen);
	const from = (readBytes = seekable ? chosen.position.byte : 0);
	return scan(followFile(file, { from, onRead }), head, hash, chosen);
}

/** trace-cmd reads files only. */
async function scanSpooled(source: AsyncGenerator<Uint8Array>): Promise<End> {
	const spool = await Spool.open(source, { named: true });
	try {
		const recorded = spool.record();
		while (!stopped && !(await recorded.next()).done);
		return await scanFile(spool.file);
	} finally {
		await spool.close();
	}
}

async function scanStream(): Promise<End> {
	const { head, peeked, all } = await peek(decompressed(sentChunks()), isKnown);
	if (isTraceDat(peeked)) return scanSpooled(all());
	const candidates = await candidatesFor(head, peeked, null);
	if (!candidates.some(({ position }) => position.byte > 0)) {
		choose(null, candidates);
		return scan(all(), head);
	}
	const spool = await Spool.open(all());
	try {
		const match = await matchCandidates(spool.record(), candidates).catch(() => null);
		const chosen = choose(match, candidates);
		if (match && format.seekable) return await scan(match.rest(), head, match.hash, chosen);
		return await scan(spool.replay(), head, createHash('sha256'), match && chosen);
	} finally {
		await spool.close();
	}
}

void (start.path === null ? scanStream() : scanFile(start.path))
	.catch((error: unknown): FromParser => {
		return { type: 'failed', message: error instanceof Error ? error.message : String(error) };
	})
	// once nothing is left behind: whoever hears of the end stops this thread
	.then((last) => send(last))
	.finally(() => port.close());
