import type { SessionDetail } from '#lib/domain/session-info.ts';
import { filterKey } from '#lib/domain/filter-expr.ts';
import type { TraceStore } from '../store/store.ts';
import { exprOf, type EventFilter } from './filter.ts';

/** Answers kept for each store, and how many numbers and texts they may hold together. */
const KEPT = 48;
const KEPT_ENTRIES = 4_000_000;

interface Answers {
	readonly entries: Map<string, { readonly answer: Promise<unknown>; size: number }>;
	size: number;
}
const caches = new WeakMap<TraceStore, Answers>();

/** Numbers and texts in an answer, roughly: the lengths of its lists, and of lists in them. */
function sizeOf(value: unknown): number {
	if (ArrayBuffer.isView(value)) return value.byteLength / 8;
	if (typeof value !== 'object' || value === null) return 1;
	if (Array.isArray(value))
		return typeof value[0] === 'object' ? value.length * (1 + sizeOf(value[0])) : value.length;
	return Object.values(value).reduce((n: number, each) => n + sizeOf(each), 1);
}

/**
 * The answer of `make`, from memory if the same was asked before and the session has not grown since. Requests that
 * come while it is worked out share it; a failure is not kept.
 */
export async function remembered<T>(
	store: TraceStore,
	session: SessionDetail,
	question: readonly unknown[],
	make: () => Promise<T>
): Promise<T> {
	let answers = caches.get(store);
	if (!answers) caches.set(store, (answers = { entries: new Map(), size: 0 }));
	// a deleted session's id may be used again, the ids of its segments never
	const last = (await store.segments(session.id)).at(-1);
	const key = JSON.stringify([session.id, session.events, last?.id, ...question]);
	const known = answers.entries.get(key);
	const entry = known ?? { answer: make(), size: 0 };
	answers.entries.delete(key);
	answers.entries.set(key, entry);
	if (!known) void keep(answers, key, entry);
	return entry.answer as Promise<T>; // the key names the question
}

/** Weighs an answer once it is there, and forgets it if it is a failure. */
async function keep(
	answers: Answers,
	key: string,
	entry: { readonly answer: Promise<unknown>; size: number }
): Promise<void> {
	try {
		entry.size = sizeOf(await entry.answer);
		if (answers.entries.get(key) !== entry) return; // pushed out meanwhile
		answers.size += entry.size;
	} catch {
		// whoever asked gets the failure; it is not an answer to keep
		if (answers.entries.get(key) === entry) answers.entries.delete(key);
	}
	for (const [oldest, { size }] of answers.entries) {
		if (answers.entries.size <= KEPT && answers.size <= KEPT_ENTRIES) return;
		answers.entries.delete(oldest);
		answers.size -= size;
	}
}

/** A filter as part of a question. */
export const filterQuestion = (filter: EventFilter): string => filterKey(exprOf(filter));
