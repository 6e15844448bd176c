import { Hono } from 'hono';
import { afterEach, beforeEach, expect, test, vi, type MockInstance } from 'vitest';
import { batchOf } from '#lib/domain/batch-events.ts';
import type { TraceEvent } from '#lib/domain/events.ts';
import { api } from '#lib/server/api/api.ts';
import { problem } from '#lib/server/api/problem.ts';
import { openSqliteStore } from '#lib/server/store/sqlite/sqlite-store.ts';

let log: MockInstance;
beforeEach(() => (log = vi.spyOn(console, 'error').mockImplementation(() => {})));
afterEach(() => log.mockRestore());

/** An app whose one route throws what `make` gives, for a request of this signal. */
function call(make: (signal: AbortSignal) => unknown, signal: AbortSignal) {
	const app = new Hono().get('/', (c) => {
		throw make(c.req.raw.signal);
	});
	app.onError((error, c) => problem(c, error));
	return app.request('http://localhost/', { signal });
}

test('a query that ends because its reader went away leaves no line in the log', async () => {
	const response = await call((signal) => signal.reason, AbortSignal.abort());
	expect([response.status, await response.text()]).toEqual([499, '']);
	expect(log).not.toHaveBeenCalled();
});

test('a failure of an abandoned request is still told', async () => {
	const bug = new Error('a bug');
	expect((await call(() => bug, AbortSignal.abort())).status).toBe(500);
	expect(log.mock.calls).toEqual([[bug]]);
});

test('an AbortError that is not the reader’s is still told', async () => {
	const own = new DOMException('inner', 'AbortError');
	expect((await call(() => own, new AbortController().signal)).status).toBe(500);
	expect((await call(() => own, AbortSignal.abort())).status).toBe(500);
	expect(log).toHaveBeenCalledTimes(2);
});

test('a heat map whose reader goes away on the way is given up in silence', async () => {
	const store = await openSqliteStore(':memory:');
	const { id } = await store.createSession({ name: 'long', createdMs: 1 });
	const slot = { slotId: 0, baseGfn: 0, npages: 4096, flags: 0 };
	const start: TraceEvent = { kind: 'memslot_create', tsNs: 0, ...slot };
	const writes = Array.from({ length: 60_000 }, (_, i): TraceEvent => {
		const place = { gfn: i % 4096, offset: i % 4096, bytes: 1 };
		return { kind: 'write', tsNs: i, vcpuId: 0, rip: BigInt(i), ...place };
	});
	let next = await store.append(id, 0, batchOf([start]));
	for (let i = 0; i < 20; i++) {
		const later = writes.map((event) => ({ ...event, tsNs: event.tsNs + i * 60_000 }));
		next = await store.append(id, next, batchOf(later));
	}
	const stop = new AbortController();
	const url = `http://localhost/api/v1/sessions/${id}/heatmap?lane=0&columns=7&rows=7&value=pages`;
	const answer = Promise.resolve(api.request(url, { signal: stop.signal }, { store }));
	setTimeout(() => stop.abort(), 1);
	expect((await answer).status).toBe(499);
	expect(log).not.toHaveBeenCalled();
	await store.close();
});
