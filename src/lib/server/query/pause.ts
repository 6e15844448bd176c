import { setImmediate as breathe } from 'node:timers/promises';

/** Longest stretch, ms, that a query works before other requests get their turn. */
const SLICE_MS = 8;

/**
 * For loops over segments: `await pause()` returns at once until the time slice is used up, then lets others in.
 * Throws the signal's reason once it is aborted.
 */
export function pauses(signal?: AbortSignal): () => Promise<void> {
	let since = performance.now();
	return async () => {
		if (performance.now() - since < SLICE_MS) return;
		await breathe();
		signal?.throwIfAborted();
		since = performance.now();
	};
}
