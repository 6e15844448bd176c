import { Worker } from 'node:worker_threads';
import type { AppendReceipt } from '#lib/api/types.ts';
import { receiveError, type FromLive, type LiveStart, type ToLive } from './live-protocol.ts';
import { workerFile } from './worker-file.ts';

interface Waiting {
	readonly resolve: (answer: FromLive) => void;
	readonly reject: (error: Error) => void;
}

/**
 * Adds posted lines to live sessions in a worker thread with a connection of its own, so that the server goes on
 * answering. One worker serves all requests; it does not keep the process alive.
 */
export class LiveAppends {
	readonly #databaseFile: string;
	#worker: Worker | null = null;
	#starting: NodeJS.Timeout | undefined;
	#lastKey = 0;
	readonly #waiting = new Map<number, Waiting>();
	constructor(databaseFile: string) {
		this.#databaseFile = databaseFile;
	}

	/** Makes the worker in so many ms and warms it up: a first request after that does not wait for it. */
	startIn(ms: number): void {
		this.#starting = setTimeout(() => (this.#worker ??= this.#make(true)), ms);
	}

	/**
	 * Reads a body of native lines no faster than they are stored, and says what was added. If the body breaks off,
	 * the whole lines that came are kept.
	 * @throws what LineAppender.open throws, and SeqConflictError if another writer came between
	 */
	async append(id: string, expected: number, body: AsyncIterable<Uint8Array>): Promise<AppendReceipt> {
		const key = ++this.#lastKey;
		await this.#call({ type: 'open', key, id, expected });
		let stored = true;
		try {
			for await (const chunk of body) {
				const bytes = chunk.slice(); // a chunk may be part of a pool: its buffer is not ours to give away
				stored = false;
				await this.#call({ type: 'chunk', key, bytes }, [bytes.buffer]);
				stored = true;
			}
		} catch (error) {
			if (stored) await this.#call({ type: 'abort', key });
			throw error;
		}
		const answer = await this.#call({ type: 'finish', key });
		if (answer.type !== 'receipt') throw new Error(`the live worker answered ${answer.type}`);
		return answer.receipt;
	}

	async #call(message: ToLive, transfer: ArrayBuffer[] = []): Promise<FromLive> {
		const worker = (this.#worker ??= this.#make(false));
		const answer = await new Promise<FromLive>((resolve, reject) => {
			this.#waiting.set(message.key, { resolve, reject });
			worker.postMessage(message, transfer);
		}).finally(() => this.#waiting.delete(message.key));
		if (answer.type === 'failed') throw receiveError(answer.error);
		return answer;
	}

	#make(warm: boolean): Worker {
		const workerData: LiveStart = { databaseFile: this.#databaseFile, warm };
		const worker = new Worker(workerFile('live-worker'), { workerData });
		worker.unref();
		worker.on('message', (answer: FromLive) => this.#waiting.get(answer.key)?.resolve(answer));
		const gone = (error: Error) => {
			if (this.#worker === worker) this.#worker = null; // the next request makes a new one
			for (const each of this.#waiting.values()) each.reject(error);
		};
		worker.on('error', gone);
		worker.on('exit', () => gone(new Error('the live worker ended')));
		return worker;
	}

	/** Ends the worker; what it acknowledged is stored. */
	async close(): Promise<void> {
		clearTimeout(this.#starting);
		await this.#worker?.terminate();
	}
}
