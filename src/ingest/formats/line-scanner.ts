import { copyEvents, createBatch, takeBatch, type EventBatch } from '#lib/domain/batch.ts';
import { pushEvent } from '#lib/domain/batch-events.ts';
import type { TraceEvent } from '#lib/domain/events.ts';
import { Diagnostics, type Where } from '../diagnostics.ts';
import type { FormatScanner, ScannerOptions } from './format.ts';

const BATCH_EVENTS = 32_768;
/**
 * The first two batches are small: the store begins its work while the next one is read. Together they are as big as
 * any other, so that those after them begin where the store takes its snapshots.
 */
const FIRST_BATCH_EVENTS = BATCH_EVENTS / 2;
/** Longer lines are skipped (and counted) without being kept. */
export const LINE_LIMIT = 1 << 20;
/** Room kept free in a batch for the events of one line; a line with more makes the batch grow. */
const LINE_EVENTS = 16;

const NEWLINE = 10;
const RETURN = 13;

/**
 * What every line-based format shares: cutting chunks into lines (LF, CRLF, none at the end), lines that are too
 * long, the account of bytes and lines, batches, and times that run backwards. A format gives `slow` for a line and
 * may give `fast`, which reads a common line straight from the bytes.
 */
export abstract class LineScanner implements FormatScanner {
	protected readonly options: ScannerOptions;
	#capacity: number;
	#fullBatches = 0;
	readonly #decoder = new TextDecoder();
	#diagnostics: Diagnostics;
	/** Takes the events of the line at hand; has room for `LINE_EVENTS`. */
	protected batch: EventBatch;
	/** Time of the last event. */
	protected lastNs: number;
	/** Beginning of a line whose end did not come yet. */
	#rest: Uint8Array = new Uint8Array(0);
	/** In the middle of a line that is too long: bytes of it so far. */
	#skipping = 0;
	/** True while events are only taken into memory (see `ScannerOptions.replay`). */
	#muted: boolean;
	lines: number;
	byte: number;
	eventLines = 0;

	constructor(options: ScannerOptions) {
		this.options = options;
		this.#muted = options.replay !== undefined && options.replay.byte > 0;
		this.#diagnostics = this.#muted ? new Diagnostics() : options.diagnostics;
		this.#capacity = options.batchEvents ?? FIRST_BATCH_EVENTS;
		this.batch = createBatch(this.#capacity + LINE_EVENTS);
		this.lastNs = options.lastNs ?? 0;
		this.lines = options.line ?? 0;
		this.byte = options.byte ?? 0;
	}

	/** Reads the line at `start` without making a text of it; where the next one begins, -1 to leave it to `slow`. */
	protected abstract fast(bytes: Uint8Array, start: number): number;
	/** Takes in the line `[start, stop)`, its end left out. */
	protected abstract slow(bytes: Uint8Array, start: number, stop: number): void;
	/** Other bytes come, whole lines of a chunk: `fast` and `slow` are called with them until the next ones come. */
	// eslint-disable-next-line @typescript-eslint/no-unused-vars -- for scanners that look at a chunk as a whole
	protected enter(bytes: Uint8Array): void {}
	/** Decides whatever still waits for a next line. */
	protected settle(): void {}

	protected get diagnostics(): Diagnostics {
		return this.#diagnostics;
	}

	push(chunk: Uint8Array): void {
		let from = 0;
		if (this.#skipping) from = this.#skipOverlong(chunk);
		else if (this.#rest.length) from = this.#finishLine(chunk);
		const end = this.#lines(chunk, from);
		if (end === chunk.length) return;
		this.#rest = this.#rest.length ? concat(this.#rest, chunk) : chunk.slice(end);
		if (this.#rest.length > LINE_LIMIT) this.#beginOverlong();
	}

	/** Joins the line that began in the former chunk with its end in this one; returns where the next line begins. */
	#finishLine(chunk: Uint8Array): number {
		const end = chunk.indexOf(NEWLINE) + 1;
		if (end === 0) return 0;
		const line = concat(this.#rest, chunk.subarray(0, end));
		this.#rest = new Uint8Array(0);
		this.#lines(line, 0);
		return end;
	}

	/** Takes in all whole lines from `at` on; returns where the first unfinished one begins. */
	#lines(bytes: Uint8Array, at: number): number {
		if (this.#rest.length) return 0;
		this.enter(bytes);
		let taken = at;
		while (at < bytes.length) {
			if (this.batch.length >= this.#capacity) {
				if (at > taken) this.options.onBytes(bytes.subarray(taken, at));
				taken = at;
				this.#emit();
			}
			if (this.#muted) this.#unmute();
			let end = this.fast(bytes, at);
			if (end < 0) {
				end = bytes.indexOf(NEWLINE, at) + 1;
				if (end === 0) break;
				this.#slow(bytes, at, end - 1);
			}
			this.byte += end - at;
			this.lines++;
			at = end;
		}
		if (at > taken) this.options.onBytes(bytes.subarray(taken, at));
		return at;
	}

	finish(): void {
		if (this.#skipping) {
			this.byte += this.#skipping;
			this.#reportOverlong(this.#skipping);
		} else if (this.#rest.length) {
			if (this.batch.length >= this.#capacity) this.#emit();
			this.options.onBytes(this.#rest);
			if (this.#muted) this.#unmute();
			this.enter(this.#rest);
			this.#slow(this.#rest, 0, this.#rest.length);
			this.byte += this.#rest.length;
			this.lines++;
			this.#rest = new Uint8Array(0);
		}
		if (this.#muted) this.#unmute();
		this.settle();
		this.flush();
	}

	flush(): void {
		if (this.batch.length) this.#emit();
	}

	#emit(): void {
		const full = this.batch;
		// a slow source's small batches are copied: large arrays that are mostly empty cost more
		const batch = full.length * 2 < this.#capacity ? takeBatch(full) : full;
		if (batch === full) {
			if (++this.#fullBatches === 2) this.#capacity = this.options.batchEvents ?? BATCH_EVENTS;
			this.batch = createBatch(this.#capacity + LINE_EVENTS);
		}
		if (!this.#muted) this.options.onBatch(batch);
	}

	/** Past the replayed part: what came of it is dropped, from here on everything counts. */
	#unmute(): void {
		const { replay, diagnostics } = this.options;
		if (!replay || this.byte < replay.byte) return;
		if (replay.complete) this.settle();
		this.flush();
		this.#muted = false;
		this.#diagnostics = diagnostics;
	}

	#beginOverlong(): void {
		this.flush(); // a position lies at a line's border: none can be given while the line is skipped
		this.options.onBytes(this.#rest);
		this.#skipping = this.#rest.length;
		this.#rest = new Uint8Array(0);
	}

	/** Skips to the end of the line; returns where the next one begins. */
	#skipOverlong(bytes: Uint8Array): number {
		const newline = bytes.indexOf(NEWLINE);
		const end = newline < 0 ? bytes.length : newline + 1;
		this.#skipping += end;
		this.options.onBytes(bytes.subarray(0, end));
		if (newline >= 0) {
			const length = this.#skipping;
			this.#skipping = 0;
			this.#reportOverlong(length);
			this.byte += length;
		}
		return end;
	}

	#reportOverlong(length: number): void {
		this.#rejectLong(length, { line: this.lines + 1, byte: this.byte, text: '' });
		this.lines++;
	}

	#rejectLong(length: number, where: Where): void {
		const message = `the line has ${length.toLocaleString('en')} bytes, at most ${LINE_LIMIT.toLocaleString('en')} are read`;
		this.diagnostics.add('rejected', 'line-too-long', message, where);
	}

	#slow(bytes: Uint8Array, start: number, end: number): void {
		const stop = end > start && bytes[end - 1] === RETURN ? end - 1 : end;
		if (end - start > LINE_LIMIT) this.#rejectLong(end - start, this.where(bytes, start, stop));
		else this.slow(bytes, start, stop);
	}

	/** Place and beginning of the line at hand. */
	protected where(bytes: Uint8Array, start: number, stop: number): Where {
		const text = this.#decoder.decode(bytes.subarray(start, Math.min(stop, start + 400)));
		return { line: this.lines + 1, byte: this.byte, text };
	}

	/** Writes an event; a time before the former event's is set to that, its own stays with it as `t_source`. */
	protected pushInOrder(event: TraceEvent, where: () => Where): void {
		if (this.batch.length === this.batch.tsNs.length) this.#grow();
		if (event.tsNs >= this.lastNs) {
			this.lastNs = event.tsNs;
			return pushEvent(this.batch, event);
		}
		const message = `the time ${event.tsNs} is before the former event's ${this.lastNs}: kept at that`;
		this.diagnostics.add('adjusted', 'time-backwards', message, where());
		pushEvent(this.batch, {
			...event,
			tsNs: this.lastNs,
			extra: { ...event.extra, t_source: event.tsNs }
		});
	}

	#grow(): void {
		const larger = createBatch(this.batch.length * 2);
		copyEvents(larger, this.batch, 0, this.batch.length);
		this.batch = larger;
	}
}

function concat(a: Uint8Array, b: Uint8Array): Uint8Array {
	const both = new Uint8Array(a.length + b.length);
	both.set(a);
	both.set(b, a.length);
	return both;
}
