import type { SessionDetail } from '#lib/domain/session-info.ts';
import { filterKey } from '#lib/domain/filter-expr.ts';
import type { TraceStore } from '../store/store.ts';
import { exprOf, type EventFilter } from './filter.ts';

/** Answers kept for each store. */
const KEPT = 48;

const caches = new WeakMap<TraceStore, Map<string, Promise<unknown>>>();

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
	if (!answers) caches.set(store, (answers = new Map<string, Promise<unknown>>()));
	// a deleted session's id may be used again, the ids of its segments never
	const last = (await store.segments(session.id)).at(-1);
	const key = JSON.stringify([session.id, session.events, last?.id, ...question]);
	const kept = (answers.get(key) as Promise<T> | undefined) ?? make(); // the key names the question
	answers.delete(key);
	answers.set(key, kept);
	for (const oldest of answers.keys()) {
		if (answers.size <= KEPT) break;
		answers.delete(oldest);
	}
	kept.catch(() => answers.get(key) === kept && answers.delete(key));
	return kept;
}

/** A filter as part of a question. */
export const filterQuestion = (filter: EventFilter): string => filterKey(exprOf(filter));
