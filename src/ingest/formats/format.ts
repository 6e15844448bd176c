import type { EventBatch } from '#lib/domain/batch.ts';
import type { Generation } from '#lib/domain/generations.ts';
import type { MemslotInfo } from '#lib/domain/session-info.ts';
import type { Diagnostics } from '../diagnostics.ts';

export type Vendor = 'intel' | 'amd' | 'arm64';

/** What the user says about a source; it wins over what its lines suggest. */
export interface SourceHints {
	readonly generation?: Generation;
	readonly vendor?: Vendor;
}

export interface ScannerOptions extends SourceHints {
	readonly onBatch: (batch: EventBatch) => void;
	/** Called with every byte of the source once, in order, before the batch that its lines are in. */
	readonly onBytes: (bytes: Uint8Array) => void;
	readonly diagnostics: Diagnostics;
	/** The source's first bytes (as many as are at hand), to look for its dialect. */
	readonly head?: Uint8Array;
	/** Where a resumed source goes on; only for formats that are `seekable`. */
	readonly byte?: number;
	readonly line?: number;
	readonly lastNs?: number;
	/** The living memslots of a resumed session; absent if it had none yet. */
	readonly memslots?: readonly Pick<MemslotInfo, 'asId' | 'slotId' | 'baseGfn' | 'npages'>[];
	/**
	 * For formats that are not `seekable`: the source is given from its beginning, and what its first `byte` bytes say
	 * is taken into memory but not handed out. `complete`: the source had ended there.
	 */
	readonly replay?: { readonly byte: number; readonly complete: boolean };
	/** Events per batch; tests use small ones. */
	readonly batchEvents?: number;
}

/** Turns a source's bytes into batches of events; chunks may end anywhere. */
export interface FormatScanner {
	/** Lines taken in. */
	readonly lines: number;
	/** Offset after the last line taken in. */
	readonly byte: number;
	/** Lines that became events; `lines` = this + lines skipped + lines rejected (see Diagnostics), after `finish`. */
	readonly eventLines: number;
	/** Takes the next bytes of the source; the chunk's memory may be used again afterwards. */
	push(chunk: Uint8Array): void;
	/** Hands out what is complete so far. */
	flush(): void;
	/** The source ended: a last line without newline still counts. */
	finish(): void;
}

/** The beginning of a source, as `detect` sees it. */
export interface Head {
	readonly bytes: Uint8Array;
	readonly text: string;
	/** Lines without their ends; the last one may be cut off. */
	readonly lines: readonly string[];
}

/** A trace format: one file each beside this one. */
export interface TraceFormat {
	/** As in `--format`. */
	readonly name: string;
	/** One line for the help. */
	readonly title: string;
	/** True if a scanner may begin in the middle of a source: no line depends on the ones before. */
	readonly seekable: boolean;
	/** True if the source's beginning looks like this format. */
	readonly detect: (head: Head) => boolean;
	readonly create: (options: ScannerOptions) => FormatScanner;
}

const HEAD_BYTES = 1 << 16;

/** The first 64 KiB of `bytes` as `detect` wants them. */
export function headOf(bytes: Uint8Array): Head {
	const part = bytes.subarray(0, HEAD_BYTES);
	const text = new TextDecoder().decode(part);
	return { bytes: part, text, lines: text.split(/\r?\n/) };
}
