import type { EventBatch } from '#lib/domain/batch.ts';
import type { Generation } from '#lib/domain/generations.ts';
import type { SlotBook } from '../slot-book.ts';
import type { NoEvent } from '../text-scanner.ts';
import type { Cursor } from './cursor.ts';
import type { VendorGuess } from './dialect.ts';
import type { Thread } from './threads.ts';

/** What the readers of bytes may use and do. */
export interface FastHost {
	readonly cursor: Cursor;
	/** The batch that `put` writes to. */
	readonly events: EventBatch;
	readonly vendor: VendorGuess;
	readonly slots: SlotBook;
	readonly candidates: readonly Generation[];
	/** True if the trace names this function. */
	names(text: string): boolean;
	/** Counts the line as one that gave no event; returns where the next one begins. */
	skip(why: NoEvent): number;
	/**
	 * Begins an event at the end of the batch, all columns but `tsNs`, `kind` and `flags` at their defaults; returns its
	 * index. Only for a line that surely is read to its end: it cannot be left to the text afterwards.
	 */
	put(kind: number, flags: number): number;
}

/**
 * Reads an event's line from the bytes behind its name; returns where the next line begins, -1 to leave it to the
 * text: whatever is unusual, and whatever its handler would not read just so.
 */
export type FastReader = (host: FastHost, thread: Thread) => number;
