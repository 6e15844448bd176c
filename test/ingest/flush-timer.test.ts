import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { FLUSH_MS, FlushTimer } from '#ingest/flush-timer.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

/** A timer whose batches go out at the times (ms) in `out`. */
function timed() {
	const began = performance.now();
	const out: number[] = [];
	const store = { ready: true };
	const timer = new FlushTimer(
		() => {
			timer.reset();
			out.push(performance.now() - began);
		},
		() => store.ready
	);
	return { timer, out, store };
}

test('what comes after a pause goes out at once, what follows waits its time', () => {
	const { timer, out } = timed();
	timer.touch();
	vi.advanceTimersByTime(1);
	expect(out).toHaveLength(1);
	for (let ms = 0; ms < 3 * FLUSH_MS; ms += 10) {
		timer.touch();
		vi.advanceTimersByTime(10);
	}
	expect(out.length).toBeGreaterThanOrEqual(3);
	for (const [i, at] of out.slice(1).entries()) {
		expect(at - (out[i] ?? 0)).toBeGreaterThanOrEqual(FLUSH_MS);
		expect(at - (out[i] ?? 0)).toBeLessThanOrEqual(FLUSH_MS + 10);
	}
});

test('a batch waits for a store that is busy, and goes out when it is done', () => {
	const { timer, out, store } = timed();
	store.ready = false;
	timer.touch();
	vi.advanceTimersByTime(10 * FLUSH_MS);
	timer.touch();
	expect(out).toEqual([]);
	store.ready = true;
	timer.check();
	expect(out).toHaveLength(1);
	vi.advanceTimersByTime(10 * FLUSH_MS);
	expect(out).toHaveLength(1); // nothing was read since
});

test('a full batch starts the time anew', () => {
	const { timer, out } = timed();
	timer.reset(); // it went out by itself
	vi.advanceTimersByTime(10);
	timer.touch();
	vi.advanceTimersByTime(FLUSH_MS - 11);
	expect(out).toEqual([]);
	vi.advanceTimersByTime(2);
	expect(out).toHaveLength(1);
});
