import fc from 'fast-check';
import { expect, test } from 'vitest';
import { batchOf } from '#lib/domain/batch-events.ts';
import type { TraceEvent } from '#lib/domain/events.ts';
import { stateView } from '#lib/server/query/state-view.ts';
import { openSqliteStore } from '#lib/server/store/sqlite/sqlite-store.ts';

const BASE = 0x100;
/** Gfns close together, and far apart: both ways of ordering them. */
const gfns = fc.oneof(
	fc.array(fc.nat(40), { maxLength: 60 }),
	fc.array(fc.nat(2 ** 20 - 2), { maxLength: 20 })
);

test('silent runs are the distinct pages since the epoch, before and after the session grows', async () => {
	await fc.assert(
		fc.asyncProperty(gfns, gfns, async (former, since) => {
			const store = await openSqliteStore(':memory:');
			// every third access is of two pages
			const isRange = (gfn: number) => gfn % 3 === 0;
			const write = (gfn: number): TraceEvent => ({
				...{ kind: 'write', tsNs: 1, vcpuId: 0, gfn: BASE + gfn, offset: 0, bytes: 1, rip: 1n },
				...(isRange(gfn) && { npages: 2 })
			});
			const events: TraceEvent[] = [
				{
					kind: 'session',
					tsNs: 0,
					attributes: { version: 1, source: 'test', policy: 'rearm', track: 'all' }
				},
				{ kind: 'memslot_create', tsNs: 0, slotId: 0, baseGfn: BASE, npages: 2 ** 20, flags: 0 },
				...former.map(write),
				{ kind: 'epoch', tsNs: 1, epoch: 2 }
			];
			const { id } = await store.createSession({ name: 'one', createdMs: 1 });
			await store.append(id, 0, batchOf(events));
			const silent = async () => {
				const { events: seq } = await store.getSession(id);
				const [slot] = (await stateView(store, id, seq)).memslots;
				return slot?.silent?.write.flatMap(({ gfn, npages }) =>
					Array.from({ length: npages }, (_, i) => gfn + i)
				);
			};
			expect(await silent()).toEqual([]);
			await store.append(id, events.length, batchOf(since.map(write)));
			const touched = since.flatMap((gfn) => (isRange(gfn) ? [gfn, gfn + 1] : [gfn]));
			expect(await silent()).toEqual([...new Set(touched)].sort((a, b) => a - b).map((gfn) => BASE + gfn));
			await store.close();
		}),
		{ numRuns: 40 }
	);
});
