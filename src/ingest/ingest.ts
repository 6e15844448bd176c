import { createReadStream, statSync } from 'node:fs';
import path from 'node:path';
import { Worker } from 'node:worker_threads';
import type { IngestSummary } from '#lib/api/types.ts';
import { createBatch } from '#lib/domain/batch.ts';
import type { JsonObject } from '#lib/domain/events.ts';
import type { DiagnosticInfo } from '#lib/domain/session-info.ts';
import { sessionName } from '#lib/domain/session-name.ts';
import type { AppendContext, SourceInfo, TraceStore } from '#lib/server/store/store.ts';
import { lineSums } from './diagnostics.ts';
import { IngestError } from './errors.ts';
import type { SourceHints } from './formats/format.ts';
import type { Candidate, FromParser, ParseStart, ToParser } from './protocol.ts';
import { warmUp } from './warm-up.ts';
import { workerFile } from './worker-file.ts';

/** A file by its path, or chunks with a name for messages. */
export type IngestInput =
	{ readonly path: string } | { readonly chunks: AsyncIterable<Uint8Array>; readonly name: string };

export interface IngestProgress {
	readonly readBytes: number;
	/** Size of the file; null for a stream. */
	readonly sizeBytes: number | null;
	readonly events: number;
}

export interface IngestOptions {
	/** The session's name; the file's name without its endings if absent. */
	readonly name?: string;
	/** The first line that is rejected or adjusted ends the run and takes back what it added. */
	readonly strict?: boolean;
	/** Name of the source's format; told by its content if absent. */
	readonly format?: string;
	/** What the source's lines may not say. */
	readonly hints?: SourceHints;
	readonly onProgress?: (progress: IngestProgress) => void;
	/** Waits for a file to grow, until the trace's end event comes. */
	readonly follow?: boolean;
	/** Ends the run: the whole lines read so far are stored, and the same call goes on from there. */
	readonly signal?: AbortSignal;
}

/** A pipe or device with a name can be read only once, and as it comes. */
function openInput(input: IngestInput, follow: boolean): IngestInput {
	if ('chunks' in input) return input;
	const file = input.path;
	const found = statSync(file, { throwIfNoEntry: false });
	if (!found) throw new IngestError(file, 'there is no such file');
	if (found.isDirectory()) throw new IngestError(file, 'is a folder: name the trace files in it');
	if (!found.isFile()) return { chunks: createReadStream(file), name: file };
	if (found.size === 0 && !follow) throw new IngestError(file, 'is empty');
	return input;
}

/**
 * Loads a trace into a store: parsing runs in a worker thread, each batch commits with the source's position. The
 * same content (plain or compressed) adds nothing; one that was interrupted goes on where it was. What a slow source
 * gives is committed within a quarter of a second; a fast one is read no faster than the store takes it. A store that
 * is not open yet may open while the thread starts.
 * @throws {IngestError} if the source is missing, empty, holds no event at all, or (strict) has a bad line
 */
export async function ingest(
	store: TraceStore | Promise<TraceStore>,
	input: IngestInput,
	options: IngestOptions = {}
): Promise<IngestSummary> {
	const opened = openInput(input, options.follow ?? false);
	const file = 'path' in opened ? opened.path : null;
	const name = 'path' in opened ? opened.path : opened.name;
	const { format, hints, follow = false } = options;
	const workerData: ParseStart = {
		...{ path: file, name, follow },
		...(format !== undefined && { format }),
		...(hints && { hints })
	};
	const worker = new Worker(workerFile('parse-worker'), { workerData });
	const run = new IngestRun(worker, name, options);
	const stop = () => run.stop();
	options.signal?.addEventListener('abort', stop);
	try {
		const finished = run.finish('chunks' in opened || follow ? warmed(store) : store);
		if (options.signal?.aborted) stop();
		if ('chunks' in opened) await Promise.race([run.feed(opened.chunks), finished]);
		return await finished;
	} finally {
		options.signal?.removeEventListener('abort', stop);
		await worker.terminate();
	}
}

/** The store, once a first append will be quick: a live source has yet to say something. */
async function warmed(opening: TraceStore | Promise<TraceStore>): Promise<TraceStore> {
	const store = await opening;
	await warmUp();
	return store;
}

/** One run: the parse worker's messages, in order, become appends. */
class IngestRun {
	#store!: TraceStore;
	readonly #worker: Worker;
	readonly #name: string;
	readonly #options: IngestOptions;
	/** When the store was open. */
	#began = performance.now();
	#head: Uint8Array = new Uint8Array(0);
	#format = '';
	#sizeBytes: number | null = null;
	readonly #known: SourceInfo[] = [];
	#sessionId: string | null = null;
	#startSeq = 0;
	#seq = 0;
	#duplicate = false;
	/** Whether the source was found out; before that there is nothing to keep. */
	#scanning = false;
	#chunkTaken: () => void = () => {};
	/** Set once the run failed: what the worker still sends must not be stored, for something before it is missing. */
	#failed = false;
	#fail: (error: Error) => void = () => {};

	constructor(worker: Worker, name: string, options: IngestOptions) {
		this.#worker = worker;
		this.#name = name;
		this.#options = options;
	}

	#send(message: ToParser): void {
		this.#worker.postMessage(message);
	}

	/** Hands a stream's chunks to the worker, one at a time. */
	async feed(chunks: AsyncIterable<Uint8Array>): Promise<void> {
		for await (const bytes of chunks) {
			const taken = new Promise<void>((resolve) => (this.#chunkTaken = resolve));
			this.#send({ type: 'chunk', bytes });
			await taken;
		}
		this.#send({ type: 'chunks-end' });
	}

	/** Ends the run early: `finish` resolves once what was read is stored. */
	stop(): void {
		if (this.#scanning) this.#send({ type: 'stop' });
		else this.#fail(new IngestError(this.#name, 'interrupted before its first event'));
	}

	/** Resolves with the summary when the worker is through. */
	finish(opening: TraceStore | Promise<TraceStore>): Promise<IngestSummary> {
		return new Promise((resolve, reject) => {
			this.#fail = (error: Error) => {
				this.#failed = true;
				reject(error);
			};
			// messages are handled strictly one after another: each append awaits the one before
			let queue: Promise<unknown> = Promise.resolve(opening).then((store) => {
				this.#store = store;
				this.#began = performance.now();
			}, this.#fail);
			this.#worker.on('message', (message: FromParser) => {
				if (message.type === 'chunk-taken') return this.#chunkTaken();
				queue = queue
					.then(() => (this.#failed ? null : this.#handle(message)))
					.then((done) => done && resolve(done), this.#fail);
			});
			this.#worker.on('error', this.#fail);
			const early = new Error('the parse worker ended early');
			this.#worker.on('exit', () => void queue.then(() => this.#fail(early)));
		});
	}

	async #handle(message: FromParser): Promise<IngestSummary | null> {
		switch (message.type) {
			case 'head':
				await this.#begin(message);
				return null;
			case 'source':
				await this.#choose(message.index, message.complete);
				return null;
			case 'batch':
				await this.#append(message);
				return null;
			case 'end':
				return this.#end(message);
			case 'failed':
				throw new IngestError(this.#name, message.message);
			case 'chunk-taken':
				return null;
		}
	}

	async #begin({ head, format, sizeBytes }: FromParser & { type: 'head' }): Promise<void> {
		this.#head = head;
		this.#format = format;
		this.#sizeBytes = sizeBytes;
		const candidates: Candidate[] = [];
		for (const known of await this.#store.findSources(head)) {
			const { byte, line, digest, complete, diagnostics, sessionId } = known;
			const { endNs, memslots, ended, attributes } = await this.#store.getSession(sessionId);
			if (known.format !== format || !this.#readAlike(format, attributes)) continue;
			this.#known.push(known);
			candidates.push({
				position: { byte, line, digest, complete },
				diagnostics,
				lastNs: endNs,
				ended,
				memslots: memslots.length ? memslots.filter((slot) => slot.deletedSeq === null) : undefined
			});
		}
		this.#send({ type: 'candidates', candidates });
	}

	/** Whether a session was read with what is said about the source now; our own lines need no such words. */
	#readAlike(format: string, { generation, vendor }: JsonObject): boolean {
		const { hints } = this.#options;
		if (!hints || format === 'native') return true;
		return (
			(hints.generation === undefined || hints.generation === generation) &&
			(hints.vendor === undefined || hints.vendor === vendor)
		);
	}

	async #choose(index: number | null, complete: boolean): Promise<void> {
		this.#scanning = true;
		const known = index === null ? undefined : this.#known[index];
		if (!known) return;
		this.#sessionId = known.sessionId;
		this.#seq = this.#startSeq = (await this.#store.getSession(known.sessionId)).events;
		this.#duplicate = complete;
	}

	async #session(): Promise<string> {
		if (this.#sessionId !== null) return this.#sessionId;
		const { id } = await this.#store.createSession({
			name: this.#options.name ?? (this.#name === '-' ? 'stdin' : sessionName(this.#name)),
			createdMs: Date.now(),
			source: { head: this.#head, name: path.basename(this.#name), format: this.#format }
		});
		return (this.#sessionId = id);
	}

	async #append(message: FromParser & { type: 'batch' }): Promise<void> {
		const { batch, head, position, diagnostics, readBytes } = message;
		this.#head = head;
		await this.#checkStrict(diagnostics);
		if (batch.length === 0 && this.#sessionId === null) return this.#send({ type: 'ack' });
		const id = await this.#session();
		if (batch.length) this.#duplicate = false;
		this.#seq = await this.#store.append(id, this.#seq, batch, { position, head, diagnostics });
		this.#send({ type: 'ack' });
		this.#report(readBytes);
	}

	#report(readBytes: number): void {
		const events = this.#seq - this.#startSeq;
		this.#options.onProgress?.({ readBytes, sizeBytes: this.#sizeBytes, events });
	}

	async #end(message: FromParser & { type: 'end' }): Promise<IngestSummary> {
		const { head, position, diagnostics, readBytes, interrupted } = message;
		await this.#checkStrict(diagnostics);
		if (this.#sessionId === null && interrupted)
			throw new IngestError(this.#name, 'interrupted before its first event');
		if (this.#sessionId === null) throw this.#nothing(diagnostics, position.byte);
		const context: AppendContext = { position, head, diagnostics };
		await this.#store.append(this.#sessionId, this.#seq, createBatch(0), context);
		this.#report(readBytes);
		return {
			session: await this.#store.getSession(this.#sessionId),
			duplicate: this.#duplicate,
			interrupted,
			added: this.#seq - this.#startSeq,
			...lineSums(position.line, diagnostics),
			bytes: position.byte,
			seconds: (performance.now() - this.#began) / 1000,
			diagnostics
		};
	}

	#nothing(diagnostics: readonly DiagnosticInfo[], bytes: number): IngestError {
		const worst = diagnostics.find((each) => each.severity === 'rejected');
		const [first] = worst?.first ?? [];
		if (bytes === 0 && !diagnostics.length) return new IngestError(this.#name, 'is empty');
		if (!first) return new IngestError(this.#name, 'holds no event');
		if (this.#format === 'unknown')
			return new IngestError(this.#name, 'holds no event of a known format (pagetrail formats lists them)');
		const reason = `holds no event of the format ${this.#format}; the first line: ${first.message}`;
		return new IngestError(this.#name, reason, first);
	}

	async #checkStrict(diagnostics: readonly DiagnosticInfo[]): Promise<void> {
		if (!this.#options.strict) return;
		const bad = diagnostics
			.filter(({ severity }) => severity === 'rejected' || severity === 'adjusted')
			.flatMap((each) => each.first);
		const [first] = bad.sort((a, b) => a.line - b.line);
		if (!first) return;
		if (this.#sessionId !== null && this.#startSeq === 0) await this.#store.deleteSession(this.#sessionId);
		throw new IngestError(this.#name, `${first.message} (--strict: nothing was added)`, first);
	}
}
