import { isAscii } from 'node:buffer';
import type { JsonObject, TraceEvent } from '#lib/domain/events.ts';
import type { Where } from '../diagnostics.ts';
import type { ScannerOptions } from './format.ts';
import { LineScanner } from './line-scanner.ts';

/** A line that gave no event, and why. */
export interface NoEvent {
	readonly severity: 'skipped' | 'rejected';
	readonly reason: string;
	readonly message: string;
}
/** What became of a line; `held`: the next lines decide (see `conclude`). */
export type Outcome = 'event' | 'held' | NoEvent;

export const skipped = (reason: string, message: string): NoEvent => ({
	severity: 'skipped',
	reason,
	message
});
export const rejected = (reason: string, message: string): NoEvent => ({
	severity: 'rejected',
	reason,
	message
});
export const HEADER = skipped('header', 'a header line');
const BLANK = skipped('blank', 'a blank line');
const NUL = rejected('nul-bytes', 'the line holds NUL bytes');

const BILLION = 1_000_000_000;
const TIME_LIMIT = 2 ** 53;

/** Makes times count from the first one. */
export class TimeBase {
	#seconds: number | null = null;
	#ns = 0;

	/** The first stamp as it was written: seconds and nanoseconds. */
	get first(): { readonly seconds: number; readonly ns: number } | null {
		return this.#seconds === null ? null : { seconds: this.#seconds, ns: this.#ns };
	}

	/** True once there was a stamp. */
	get begun(): boolean {
		return this.#seconds !== null;
	}

	/** ns since the first stamp, negative for an earlier one; NaN if no safe integer holds it. */
	since(seconds: number, ns: number): number {
		if (this.#seconds === null) {
			if (!Number.isSafeInteger(seconds) || !Number.isSafeInteger(ns)) return NaN;
			this.#seconds = seconds;
			this.#ns = ns;
		}
		const t = (seconds - this.#seconds) * BILLION + (ns - this.#ns);
		return t > -TIME_LIMIT && t < TIME_LIMIT ? t : NaN;
	}
}

/** ns of a stamp's fraction (`066209` → 66,209,000), digits beyond nine cut off. */
export const fractionNs = (digits: string): number => Number(digits.slice(0, 9).padEnd(9, '0'));

/**
 * A format whose lines are read as texts. `line` says what became of each; the first event is preceded by a session
 * event made of `attributes`.
 */
export abstract class TextScanner extends LineScanner {
	readonly #decoder = new TextDecoder();
	#ascii: Buffer | null = null;
	#begun = false;
	#held: Where[] = [];
	#where: () => Where = () => ({ line: this.lines, byte: this.byte, text: '' });

	constructor(options: ScannerOptions) {
		super(options);
	}

	/** Takes in a line (not a blank one) by `emit`. */
	protected abstract line(text: string): Outcome;
	/** What is known of the source when its first event comes. */
	protected abstract attributes(): JsonObject;

	// eslint-disable-next-line @typescript-eslint/no-unused-vars -- for formats that override it
	protected override fast(bytes: Uint8Array, start: number): number {
		return -1;
	}

	protected override slow(bytes: Uint8Array, start: number, stop: number): void {
		this.#where = () => this.where(bytes, start, stop);
		const text = this.#text(bytes, start, stop);
		const outcome = text.includes('\0') ? NUL : !/\S/.test(text) ? this.blank() : this.line(text);
		if (outcome === 'held') this.#held.push(this.#where());
		else if (outcome === 'event') this.eventLines++;
		else this.report(outcome, this.#where);
	}

	/** A chunk of ASCII needs no UTF-8 decoder, which costs more than the rest of a short line. */
	protected override enter(bytes: Uint8Array): void {
		this.#ascii = isAscii(bytes) ? Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length) : null;
	}

	/** Characters of a line. */
	protected lengthOf(bytes: Uint8Array, start: number, stop: number): number {
		return this.#ascii ? stop - start : this.#text(bytes, start, stop).length;
	}

	#text(bytes: Uint8Array, start: number, stop: number): string {
		return this.#ascii?.toString('latin1', start, stop) ?? this.#decoder.decode(bytes.subarray(start, stop));
	}

	protected blank(): Outcome {
		return BLANK;
	}

	/** Counts a line that gave no event. */
	protected report({ severity, reason, message }: NoEvent, where: () => Where): void {
		if (!this.diagnostics.tally(severity, reason)) this.diagnostics.example(reason, message, where());
	}

	/** A remark about the line at hand, beside what becomes of it. */
	protected note(reason: string, message: string): void {
		this.diagnostics.add('note', reason, message, this.#where());
	}

	/** Decides the lines that were held, all alike. */
	protected conclude(outcome: 'event' | NoEvent): void {
		const held = this.#held;
		this.#held = [];
		for (const where of held) {
			if (outcome === 'event') this.eventLines++;
			else this.report(outcome, () => where);
		}
	}

	/** Writes an event; the first one is preceded by the session's. */
	protected emit(event: TraceEvent): void {
		this.begin(event.tsNs);
		this.pushInOrder(event, this.#where);
	}

	/** Writes the source's own session event; the made one is left out if this is the first event. */
	protected beginWith(event: TraceEvent & { kind: 'session' }): void {
		this.#begun = true;
		this.pushInOrder(event, this.#where);
	}

	/** Writes the session event if it is not there yet. */
	protected begin(tsNs: number): void {
		if (this.#begun) return;
		this.#begun = true;
		this.pushInOrder(
			{ kind: 'session', tsNs: Math.max(0, tsNs), attributes: this.attributes() },
			this.#where
		);
	}

	/** Writes the session's attributes once more, after they changed. */
	protected amend(tsNs: number): void {
		if (!this.#begun) return;
		this.pushInOrder({ kind: 'session', tsNs, attributes: this.attributes() }, this.#where);
	}
}
