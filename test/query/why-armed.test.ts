import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { TraceEvent } from '#lib/domain/events.ts';
import { evolve } from '#lib/domain/evolve.ts';
import { MODES, type Mode } from '#lib/domain/kinds.ts';
import { findMemslot, initialState } from '#lib/domain/state.ts';
import { whyTracked } from '#lib/server/query/why-tracked.ts';
import { openSqliteStore } from '#lib/server/store/sqlite/sqlite-store.ts';
import { loadSession } from './random-store.ts';

/** Two memslots of one range in two address spaces, and one after it. */
const SLOTS = [
	{ slotId: 0, asId: 0, baseGfn: 0x10, npages: 8 },
	{ slotId: 1, asId: 0, baseGfn: 0x18, npages: 8 },
	{ slotId: 0, asId: 1, baseGfn: 0x10, npages: 4 }
];
const GFNS = Array.from({ length: 18 }, (_, i) => 0xf + i);

const step = fc.oneof(
	{
		weight: 12,
		arbitrary: fc.record({
			what: fc.constant('access' as const),
			mode: fc.constantFrom(...MODES),
			gfn: fc.constantFrom(...GFNS),
			asId: fc.constantFrom(0, 1)
		})
	},
	{ weight: 2, arbitrary: fc.record({ what: fc.constant('epoch' as const) }) },
	{ weight: 1, arbitrary: fc.record({ what: fc.constant('slot' as const), slot: fc.constantFrom(...SLOTS) }) }
);
const session = fc.record({
	policy: fc.constantFrom('rearm', 'always'),
	// gpas, both ends included
	track: fc.constantFrom('all', 'write:0x12000-0x15fff+preexec:0x18000-0x18fff'),
	steps: fc.array(step, { maxLength: 60 })
});
const declares = (track: string, mode: Mode, gfn: number) =>
	track === 'all' || (mode === 'write' && gfn >= 0x12 && gfn <= 0x15) || (mode === 'preexec' && gfn === 0x18);

function eventsOf({ policy, track, steps }: typeof session extends fc.Arbitrary<infer T> ? T : never) {
	const events: TraceEvent[] = [
		{ kind: 'session', tsNs: 0, attributes: { version: 1, source: 'test', policy, track } },
		...SLOTS.map((slot): TraceEvent => ({ kind: 'memslot_create', tsNs: 0, flags: 0, ...slot }))
	];
	const living = new Set(SLOTS);
	let epoch = 0;
	for (const [i, each] of steps.entries()) {
		// several events have the same time
		const tsNs = Math.floor(i / 3);
		if (each.what === 'epoch') events.push({ kind: 'epoch', tsNs, epoch: ++epoch });
		else if (each.what === 'access')
			events.push({ kind: each.mode, tsNs, vcpuId: 0, gfn: each.gfn, asId: each.asId });
		else if (living.delete(each.slot)) {
			const { slotId, asId, baseGfn, npages } = each.slot;
			events.push({ kind: 'memslot_delete', tsNs, slotId, asId, baseGfn, npages });
		} else {
			living.add(each.slot);
			events.push({ kind: 'memslot_create', tsNs, flags: 0, ...each.slot });
		}
	}
	return events;
}

test('a policy’s page is armed by the last epoch and silent since its first notification after that', async () => {
	await fc.assert(
		fc.asyncProperty(session, async (wish) => {
			const events = eventsOf(wish);
			const store = await openSqliteStore(':memory:');
			try {
				const detail = await loadSession(store, events);
				const state = initialState();
				/** First notification since the epoch, by lane, gfn and mode: full replay. */
				let first = new Map<string, number>();
				let epoch: number | null = null;
				for (let seq = 0; seq <= events.length; seq++) {
					if (seq % 7 === 0 || seq === events.length)
						for (const gfn of GFNS) {
							const { armed } = await whyTracked(store, detail, gfn, seq);
							if (seq === 0) {
								expect(armed).toBeNull();
								continue;
							}
							expect(armed?.policy).toBe(wish.policy);
							expect(armed?.epoch?.epoch ?? null).toBe(epoch);
							const holders = [...state.memslots.values()].filter(
								(slot) => gfn >= slot.baseGfn && gfn < slot.baseGfn + slot.npages
							);
							expect(
								armed?.slots.map(({ modes, ...slot }) => ({
									...slot,
									modes: modes.map(({ mode, silencedBy }) => [mode, silencedBy?.seq ?? null])
								}))
							).toEqual(
								holders.map(({ asId, slotId, lane }) => ({
									asId,
									slotId,
									modes: MODES.filter((mode) => declares(wish.track, mode, gfn)).map((mode) => [
										mode,
										wish.policy === 'rearm' ? (first.get(`${lane} ${gfn} ${mode}`) ?? null) : null
									])
								}))
							);
						}
					const event = events[seq];
					if (!event) break;
					const mode = MODES.find((each) => each === event.kind);
					if (mode && 'gfn' in event && event.gfn !== undefined) {
						const lane = findMemslot(state, event.asId ?? 0, event.gfn)?.lane;
						const key = `${lane} ${event.gfn} ${mode}`;
						if (!first.has(key)) first.set(key, seq);
					}
					if (event.kind === 'epoch') {
						first = new Map();
						epoch = event.epoch;
					}
					evolve(state, event);
				}
			} finally {
				await store.close();
			}
		}),
		{ numRuns: 40 }
	);
});

test('a source without a policy arms nothing', async () => {
	const store = await openSqliteStore(':memory:');
	const detail = await loadSession(store, [
		{ kind: 'session', tsNs: 0, attributes: { version: 1, source: 'test' } },
		{ kind: 'memslot_create', tsNs: 0, slotId: 0, baseGfn: 0, npages: 16, flags: 0 }
	]);
	expect((await whyTracked(store, detail, 1, 2)).armed).toBeNull();
	await store.close();
});
