import { expect, test } from 'vitest';
import type { TraceEvent } from '#lib/domain/events.ts';
import { openSqliteStore } from '#lib/server/store/sqlite/sqlite-store.ts';
import { usedGfns } from '#lib/server/query/used-gfns.ts';
import { loadSession, onSessions, witnesses } from './random-store.ts';

const inRanges = (ranges: readonly { gfn: number; npages: number }[], page: number) =>
	ranges.some(({ gfn, npages }) => page >= gfn && page < gfn + npages);

test('every accessed page is used, and no gap between two ranges is too short to see', () =>
	onSessions({ numRuns: 40, maxLength: 120 }, async (store, session, events) => {
		const { lanes, outside } = await usedGfns(store, session);
		const own = [...session.lanes, ...(outside ? [outside] : [])];
		expect(lanes.map(({ lane }) => lane)).toEqual(own.map(({ lane }) => lane));
		for (const { lane, pages } of witnesses(events))
			for (const page of pages)
				if (lane !== null) expect(inRanges(lanes[lane]?.ranges ?? [], page)).toBe(true);
		for (const { lane, ranges } of lanes) {
			const { baseGfn = 0, npages = 0 } = own.find((each) => each.lane === lane) ?? {};
			for (const [i, range] of ranges.entries()) {
				expect(range.gfn).toBeGreaterThanOrEqual(baseGfn);
				expect(range.gfn + range.npages).toBeLessThanOrEqual(baseGfn + npages);
				const before = ranges[i - 1];
				if (before) expect(range.gfn - before.gfn - before.npages).toBeGreaterThanOrEqual(1);
			}
		}
	}));

/** One memslot of 2^16 pages, so that gaps below 64 pages are not told. */
const slot = (more: readonly TraceEvent[]): TraceEvent[] => [
	{ kind: 'session', tsNs: 0, attributes: { version: 1 } },
	{ kind: 'memslot_create', tsNs: 1, slotId: 0, baseGfn: 0x1000, npages: 0x10000 },
	...more
];
async function rangesOf(events: readonly TraceEvent[]) {
	const store = await openSqliteStore(':memory:');
	try {
		return (await usedGfns(store, await loadSession(store, events))).lanes[0]?.ranges;
	} finally {
		await store.close();
	}
}

test('accessed and tracked pages are told, what lies far between them is not', async () => {
	const ranges = await rangesOf(
		slot([
			{ kind: 'write', tsNs: 2, gfn: 0x1100, vcpuId: 0 },
			{ kind: 'track_add', tsNs: 3, gfn: 0x8000, npages: 16, mode: 'write', slotId: 0 },
			{ kind: 'track_add', tsNs: 4, gfn: 0x8020, mode: 'write', slotId: 0 }
		])
	);
	expect(ranges).toHaveLength(2);
	const [accessed, tracked] = ranges ?? [];
	// an access is known to a bucket of the pyramid: 512 of them, 128 pages each
	expect(accessed).toEqual({ gfn: 0x1100, npages: 0x80 });
	// 16 pages between the two tracked runs are too few to be told
	expect(tracked).toEqual({ gfn: 0x8000, npages: 0x21 });
});

test('nothing is unused where a memslot took its counters to other gfns', async () => {
	const ranges = await rangesOf(
		slot([
			{ kind: 'track_add', tsNs: 3, gfn: 0x8000, mode: 'write', slotId: 0 },
			{ kind: 'memslot_move', tsNs: 4, slotId: 0, baseGfn: 0x2000, npages: 0x10000 }
		])
	);
	expect(ranges).toEqual([{ gfn: 0x1000, npages: 0x10000 }]);
});
