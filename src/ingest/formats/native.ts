import { createBatch, FLAG, takeBatch, type EventBatch } from '#lib/domain/batch.ts';
import { pushEvent } from '#lib/domain/batch-events.ts';
import type { TraceEvent } from '#lib/domain/events.ts';
import { KIND_CODES } from '#lib/domain/kinds.ts';
import { NativeError, parseLine } from '#lib/domain/native.ts';
import type { MemslotInfo } from '#lib/domain/session-info.ts';
import { slotKey } from '#lib/domain/state.ts';
import { Diagnostics } from '../diagnostics.ts';

export const BATCH_EVENTS = 32_768;
/** Longer lines are skipped (and counted) without being kept. */
export const LINE_LIMIT = 1 << 20;

const NEWLINE = 10;
const QUOTE = 34;
const bytesOf = (text: string) => Uint8Array.from(text, (char) => char.charCodeAt(0));
const HEAD = bytesOf('{"t":');
const VCPU = bytesOf(',"c":');
const KIND = bytesOf(',"k":"');
const ADDRESS = bytesOf('","a":"0x');
const SIZE = bytesOf(',"n":');
const RIP = bytesOf(',"ip":"0x');
const ACCESSES = (['preread', 'prewrite', 'write', 'preexec'] as const).map((kind) => ({
	code: KIND_CODES[kind],
	name: bytesOf(kind)
}));

/** True if the first line looks like one of ours. */
export function detect(head: Uint8Array): boolean {
	const text = new TextDecoder().decode(head.subarray(0, 4096));
	const [line = ''] = text.split('\n');
	return /^\s*\{/.test(line) && (/"k"\s*:\s*"/.test(text) || line.length >= 4096);
}

export interface ScannerOptions {
	readonly onBatch: (batch: EventBatch) => void;
	/** Called with every byte of the source once, in order, before the batch that its lines are in. */
	readonly onBytes: (bytes: Uint8Array) => void;
	readonly diagnostics: Diagnostics;
	/** Where a resumed source goes on. */
	readonly byte?: number;
	readonly line?: number;
	readonly lastNs?: number;
	/** The living memslots of a resumed session; absent if it had none yet. */
	readonly memslots?: readonly Memslot[];
	/** Events per batch; tests use small ones. */
	readonly batchEvents?: number;
}

type Memslot = Pick<MemslotInfo, 'asId' | 'slotId' | 'baseGfn' | 'npages'>;

/**
 * Reads native lines from bytes into batches. Access lines in canonical form are read without making a text of
 * them; every other line goes through JSON.parse. Chunks may end anywhere.
 */
export class NativeScanner {
	readonly #options: ScannerOptions;
	readonly #capacity: number;
	readonly #decoder = new TextDecoder();
	#batch: EventBatch;
	/** Beginning of a line whose end did not come yet. */
	#rest: Uint8Array = new Uint8Array(0);
	/** In the middle of a line that is too long: bytes of it so far. */
	#skipping = 0;
	#lastNs: number;
	/** Number of lines, and offset after the last line, that were taken in. */
	lines: number;
	byte: number;
	#firstAccess: { line: number; byte: number } | null = null;
	#accessesBefore = 0;
	readonly #slots = new Map<number, { base: number; end: number; asId: number }>();
	#seenSlot = false;

	constructor(options: ScannerOptions) {
		this.#options = options;
		this.#capacity = options.batchEvents ?? BATCH_EVENTS;
		this.#batch = createBatch(this.#capacity);
		this.#lastNs = options.lastNs ?? 0;
		this.lines = options.line ?? 0;
		this.byte = options.byte ?? 0;
		for (const { asId, slotId, baseGfn: base, npages } of options.memslots ?? [])
			this.#slots.set(slotKey(asId, slotId), { base, end: base + npages, asId });
		this.#seenSlot = options.memslots !== undefined;
	}

	/** Takes the next bytes of the source; the chunk's memory may be used again afterwards. */
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
		let taken = at;
		while (at < bytes.length) {
			if (this.#batch.length === this.#capacity) {
				if (at > taken) this.#options.onBytes(bytes.subarray(taken, at));
				taken = at;
				this.#emit();
			}
			let end = this.#fast(bytes, at);
			if (end < 0) {
				end = bytes.indexOf(NEWLINE, at) + 1;
				if (end === 0) break;
				this.#slow(bytes, at, end - 1);
			}
			this.byte += end - at;
			this.lines++;
			at = end;
		}
		if (at > taken) this.#options.onBytes(bytes.subarray(taken, at));
		return at;
	}

	/** The source ended: a last line without newline still counts. */
	finish(): void {
		if (this.#skipping) {
			this.byte += this.#skipping;
			this.#reportOverlong(this.#skipping);
		} else if (this.#rest.length) {
			if (this.#batch.length === this.#capacity) this.#emit();
			this.#options.onBytes(this.#rest);
			this.#slow(this.#rest, 0, this.#rest.length);
			this.byte += this.#rest.length;
			this.lines++;
			this.#rest = new Uint8Array(0);
		}
		this.flush();
	}

	/** Hands out what is complete so far. */
	flush(): void {
		if (this.#batch.length) this.#emit();
	}

	#emit(): void {
		const full = this.#batch;
		// a slow source's small batches are copied: large arrays that are mostly empty cost more
		const batch = full.length * 2 < this.#capacity ? takeBatch(full) : full;
		if (batch === full) this.#batch = createBatch(this.#capacity);
		this.#options.onBatch(batch);
	}

	#beginOverlong(): void {
		this.flush(); // a position must lie at a line's border: none can be given while the line is skipped
		this.#options.onBytes(this.#rest);
		this.#skipping = this.#rest.length;
		this.#rest = new Uint8Array(0);
	}

	/** Skips to the end of the line; returns where the next one begins. */
	#skipOverlong(bytes: Uint8Array): number {
		const newline = bytes.indexOf(NEWLINE);
		const end = newline < 0 ? bytes.length : newline + 1;
		this.#skipping += end;
		this.#options.onBytes(bytes.subarray(0, end));
		if (newline >= 0) {
			const length = this.#skipping;
			this.#skipping = 0;
			this.#reportOverlong(length);
			this.byte += length;
		}
		return end;
	}

	#reportOverlong(length: number): void {
		const where = { line: this.lines + 1, byte: this.byte, text: '' };
		const message = `the line has ${length.toLocaleString('en')} bytes, at most ${LINE_LIMIT.toLocaleString('en')} are read`;
		this.#options.diagnostics.add('rejected', 'line-too-long', message, where);
		this.lines++;
	}

	/** Reads a canonical access line into the batch; returns where the next line begins, -1 if it is none. */
	#fast(bytes: Uint8Array, start: number): number {
		let at = start;
		for (let i = 0; i < 5; i++) if (bytes[at++] !== HEAD[i]) return -1;
		let tsNs = 0;
		const timeAt = at;
		for (let digit = (bytes[at] as number) - 48; digit >= 0 && digit <= 9;) {
			tsNs = tsNs * 10 + digit;
			digit = (bytes[++at] as number) - 48;
		}
		if (at === timeAt || at - timeAt > 15 || tsNs < this.#lastNs) return -1;
		for (let i = 0; i < 5; i++) if (bytes[at++] !== VCPU[i]) return -1;
		let vcpu = 0;
		const vcpuAt = at;
		for (let digit = (bytes[at] as number) - 48; digit >= 0 && digit <= 9;) {
			vcpu = vcpu * 10 + digit;
			digit = (bytes[++at] as number) - 48;
		}
		if (at === vcpuAt || at - vcpuAt > 4) return -1;
		for (let i = 0; i < 6; i++) if (bytes[at++] !== KIND[i]) return -1;
		// p-r-e-r, p-r-e-w, p-r-e-e differ at the fourth letter, write at the first
		const letter = bytes[at] === 119 ? 119 : bytes[at + 3];
		const access = ACCESSES[
			letter === 114 ? 0 : bytes[at] === 119 ? 2 : letter === 119 ? 1 : 3
		] as (typeof ACCESSES)[number];
		const { name } = access;
		for (let i = 0; i < name.length; i++) if (bytes[at++] !== name[i]) return -1;
		for (let i = 0; i < 9; i++) if (bytes[at++] !== ADDRESS[i]) return -1;
		let gpa = 0;
		const gpaAt = at;
		for (let digit = hexDigit(bytes[at] as number); digit >= 0;) {
			gpa = gpa * 16 + digit;
			digit = hexDigit(bytes[++at] as number);
		}
		if (at === gpaAt || at - gpaAt > 13 || bytes[at++] !== QUOTE) return -1;
		let size = 0;
		let flags = FLAG.place | FLAG.offset | FLAG.rip;
		if (bytes[at + 2] === 110) {
			for (let i = 0; i < 5; i++) if (bytes[at++] !== SIZE[i]) return -1;
			const sizeAt = at;
			for (let digit = (bytes[at] as number) - 48; digit >= 0 && digit <= 9;) {
				size = size * 10 + digit;
				digit = (bytes[++at] as number) - 48;
			}
			if (at === sizeAt || at - sizeAt > 4) return -1;
			flags |= FLAG.bytes;
		}
		for (let i = 0; i < 9; i++) if (bytes[at++] !== RIP[i]) return -1;
		let low = 0;
		let high = 0;
		const ripAt = at;
		for (let digit = hexDigit(bytes[at] as number); digit >= 0;) {
			high = (high << 4) | (low >>> 28);
			low = (low << 4) | digit;
			digit = hexDigit(bytes[++at] as number);
		}
		if (at === ripAt || at - ripAt > 16) return -1;
		if (bytes[at] !== QUOTE || bytes[at + 1] !== 125 || bytes[at + 2] !== NEWLINE) return -1;
		const batch = this.#batch;
		const i = batch.length++;
		batch.tsNs[i] = this.#lastNs = tsNs;
		batch.kind[i] = access.code;
		batch.vcpu[i] = vcpu;
		batch.flags[i] = flags;
		const offset = gpa % 4096;
		batch.gfn[i] = (gpa - offset) / 4096;
		batch.offset[i] = offset;
		batch.bytes[i] = size;
		batch.ripLo[i] = low;
		batch.ripHi[i] = high;
		if (!this.#seenSlot) this.#noteEarly(this.lines + 1, this.byte);
		return at + 3;
	}

	#noteEarly(line: number, byte: number): void {
		this.#firstAccess ??= { line, byte };
		this.#accessesBefore++;
	}

	#slow(bytes: Uint8Array, start: number, end: number): void {
		const stop = end > start && bytes[end - 1] === 13 ? end - 1 : end;
		if (stop === start) return; // an empty line says nothing
		const where = () => ({
			line: this.lines + 1,
			byte: this.byte,
			text: this.#decoder.decode(bytes.subarray(start, Math.min(stop, start + 400)))
		});
		if (end - start > LINE_LIMIT) return this.#rejectLong(end - start, where());
		try {
			const event = parseLine(this.#decoder.decode(bytes.subarray(start, stop)));
			pushEvent(this.#batch, this.#inOrder(event, where));
			this.#checkSlots(event, where);
		} catch (error) {
			if (!(error instanceof NativeError)) throw error;
			const message =
				error.reason === 'not-json' && bytes.subarray(start, stop).includes(0)
					? 'the line holds NUL bytes'
					: error.message;
			this.#options.diagnostics.add('rejected', error.reason, message, where());
		}
	}

	#rejectLong(length: number, where: { line: number; byte: number; text: string }): void {
		const message = `the line has ${length.toLocaleString('en')} bytes, at most ${LINE_LIMIT.toLocaleString('en')} are read`;
		this.#options.diagnostics.add('rejected', 'line-too-long', message, where);
	}

	/** A time before the former event's is set to that; the line's own time stays with the event. */
	#inOrder(event: TraceEvent, where: () => { line: number; byte: number; text: string }): TraceEvent {
		if (event.tsNs >= this.#lastNs) {
			this.#lastNs = event.tsNs;
			return event;
		}
		const message = `the time ${event.tsNs} is before the former event's ${this.#lastNs}: kept at that`;
		this.#options.diagnostics.add('adjusted', 'time-backwards', message, where());
		return { ...event, tsNs: this.#lastNs, extra: { ...event.extra, t_source: event.tsNs } };
	}

	#checkSlots(event: TraceEvent, where: () => { line: number; byte: number; text: string }): void {
		if (event.kind === 'memslot_delete') this.#slots.delete(slotKey(event.asId ?? 0, event.slotId));
		if (event.kind !== 'memslot_create' && event.kind !== 'memslot_move') {
			if (!this.#seenSlot && 'bytes' in event) this.#noteEarly(this.lines + 1, this.byte);
			return;
		}
		const { baseGfn: base, npages, slotId, asId = 0 } = event;
		const end = base + npages;
		if (!this.#seenSlot && this.#firstAccess) {
			const message = `${this.#accessesBefore.toLocaleString('en')} accesses came before the first memslot: they are kept, outside every slot`;
			this.#options.diagnostics.add('note', 'access-before-memslot', message, {
				...this.#firstAccess,
				text: ''
			});
		}
		this.#seenSlot = true;
		const own = slotKey(asId, slotId);
		for (const [key, slot] of this.#slots) {
			if (key === own || slot.asId !== asId || slot.base >= end || slot.end <= base) continue;
			const message = `memslot ${slotId} overlaps memslot ${key & 0xffff}: the newer one counts`;
			this.#options.diagnostics.add('note', 'overlapping-memslots', message, where());
		}
		this.#slots.set(own, { base, end, asId });
	}
}

function concat(a: Uint8Array, b: Uint8Array): Uint8Array {
	const both = new Uint8Array(a.length + b.length);
	both.set(a);
	both.set(b, a.length);
	return both;
}

/** Value of a lower-case hexadecimal digit's byte; -1 if it is none. */
function hexDigit(byte: number): number {
	if (byte >= 48 && byte <= 57) return byte - 48;
	if (byte >= 97 && byte <= 102) return byte - 87;
	return -1;
}
