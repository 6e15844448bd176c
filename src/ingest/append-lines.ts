import type { AppendReceipt } from '#lib/api/types.ts';
import { createBatch, type EventBatch } from '#lib/domain/batch.ts';
import type { SessionDetail } from '#lib/domain/session-info.ts';
import {
	LIVE_HEAD,
	NotLiveError,
	SeqConflictError,
	type SourceInfo,
	type TraceStore
} from '#lib/server/store/store.ts';
import { Diagnostics } from './diagnostics.ts';
import { FlushTimer } from './flush-timer.ts';
import { NativeScanner } from './formats/native.ts';

/** What a live session was made from, and where it stands. */
async function liveSession(store: TraceStore, id: string): Promise<[SessionDetail, SourceInfo]> {
	const session = await store.getSession(id);
	const [source] = await store.sourcesOf(id);
	if (source?.head !== LIVE_HEAD)
		throw new NotLiveError(id, `it was loaded from ${source?.name ?? 'elsewhere'}`);
	if (session.ended) throw new NotLiveError(id, 'it has ended');
	return [session, source];
}

/**
 * Adds native lines to a live session as they come: whatever was pushed is committed when `push` resolves or within
 * a quarter of a second. Waiting for `push` before the next one is what slows a source down to the store's pace.
 */
export class LineAppender {
	readonly #store: TraceStore;
	readonly #id: string;
	readonly #startSeq: number;
	readonly #startRejected: number;
	readonly #diagnostics: Diagnostics;
	readonly #scanner: NativeScanner;
	readonly #timer: FlushTimer;
	#seq: number;
	#committedByte: number;
	#pending = 0;
	/** Appends one after another; rejected for good once one failed. */
	#queue: Promise<void> = Promise.resolve();

	private constructor(store: TraceStore, session: SessionDetail, source: SourceInfo) {
		this.#store = store;
		this.#id = session.id;
		this.#startSeq = this.#seq = session.events;
		this.#startRejected = session.rejectedLines;
		this.#committedByte = source.byte;
		this.#diagnostics = new Diagnostics(source.diagnostics);
		const living = session.memslots.filter((slot) => slot.deletedSeq === null);
		this.#scanner = new NativeScanner({
			diagnostics: this.#diagnostics,
			byte: source.byte,
			line: source.line,
			lastNs: session.endNs,
			...(session.memslots.length && { memslots: living }),
			onBytes: () => {},
			onBatch: (batch) => this.#enqueue(batch)
		});
		this.#timer = new FlushTimer(
			() => this.#flush(),
			() => this.#pending === 0
		);
	}

	/**
	 * @throws {SeqConflictError} if the session is not at `expected`
	 * @throws {NotLiveError} if it takes no posted events, or no more
	 */
	static async open(store: TraceStore, id: string, expected: number): Promise<LineAppender> {
		const [session, source] = await liveSession(store, id);
		if (session.events !== expected) throw new SeqConflictError(id, expected, session.events);
		return new LineAppender(store, session, source);
	}

	/** Takes the next bytes; resolves when the store is ready for more. */
	async push(bytes: Uint8Array): Promise<void> {
		this.#scanner.push(bytes);
		this.#timer.touch();
		await this.#queue;
	}

	/** The source ended: a last line without newline counts. */
	async finish(): Promise<AppendReceipt> {
		this.#timer.reset();
		this.#scanner.finish();
		this.#flush();
		await this.#queue;
		const { ended, rejectedLines, diagnostics } = await this.#store.getSession(this.#id);
		return {
			session: this.#id,
			next: this.#seq,
			added: this.#seq - this.#startSeq,
			rejected: rejectedLines - this.#startRejected,
			lines: this.#scanner.lines,
			bytes: this.#scanner.byte,
			ended,
			diagnostics
		};
	}

	/** The source broke off: commits the whole lines that came, leaves out the beginning of one. */
	async abort(): Promise<void> {
		this.#timer.reset();
		this.#flush();
		await this.#queue;
	}

	/** Hands out what is scanned; lines without an event too, for their diagnostics. */
	#flush(): void {
		this.#scanner.flush();
		if (this.#scanner.byte > this.#committedByte) this.#enqueue(createBatch(0));
	}

	#enqueue(batch: EventBatch): void {
		this.#timer.reset();
		const { byte, lines: line } = this.#scanner;
		this.#committedByte = byte;
		const position = { byte, line, digest: '', complete: false };
		const diagnostics = this.#diagnostics.list();
		this.#pending++;
		this.#queue = this.#queue.then(async () => {
			this.#seq = await this.#store.append(this.#id, this.#seq, batch, { position, diagnostics });
			this.#pending--;
			this.#timer.check();
		});
		this.#queue.catch(() => {}); // whoever pushes next hears of it
	}
}
