import { expect, test } from 'vitest';
import type { TraceEvent } from '#lib/domain/events.ts';
import { evolve } from '#lib/domain/evolve.ts';
import { type Mode, MODES } from '#lib/domain/kinds.ts';
import { counterAt, initialState } from '#lib/domain/state.ts';
import { trackedCell } from '#lib/server/query/tracked-cell.ts';
import { openSqliteStore } from '#lib/server/store/sqlite/sqlite-store.ts';
import { loadSession, onSessions } from './random-store.ts';

test('pages tracked in a cell are those with a counter above zero at its end, by mode', () =>
	onSessions({ numRuns: 25, maxLength: 120 }, async (store, session, events) => {
		for (const lane of session.lanes.slice(0, 3))
			for (const tsNs of [0, Math.floor(session.endNs / 2), session.endNs, session.endNs + 1]) {
				const gfn = { from: lane.baseGfn + 1, to: lane.baseGfn + Math.max(2, Math.ceil(lane.npages / 2)) };
				const state = initialState();
				for (const event of events) if (event.tsNs < tsNs) evolve(state, event);
				const slots = [...state.memslots.values()].filter((slot) => slot.lane === lane.lane);
				const pages = Array.from({ length: gfn.to - gfn.from }, (_, i) => gfn.from + i);
				const held = pages.filter((page) =>
					slots.some((slot) => page >= slot.baseGfn && page < slot.baseGfn + slot.npages)
				);
				const tracked = MODES.map((mode, i) => [
					mode,
					pages.filter((page) => slots.some((slot) => counterAt(slot, page, i) > 0)).length
				]);
				const cell = await trackedCell(store, session, { lane: lane.lane, tsNs, gfn });
				expect(cell).toMatchObject({
					...{ lane: lane.lane, tsNs, gfn: gfn.from, npages: gfn.to - gfn.from, pages: held.length },
					tracked: state.trackEvents ? (Object.fromEntries(tracked) as Record<Mode, number>) : null
				});
			}
	}));

test('a policy’s armed pages are those of the memslots, silent ones were notified since the epoch', async () => {
	const access = (kind: 'write' | 'preexec', tsNs: number, gfn: number): TraceEvent => ({
		...{ kind, tsNs, vcpuId: 0, gfn }
	});
	const events: TraceEvent[] = [
		{
			kind: 'session',
			tsNs: 0,
			// gfns 0x10 to 0x1f
			attributes: { version: 1, policy: 'rearm', track: 'write:0x10000-0x1ffff+preexec:0x0-0xffffff' }
		},
		{ kind: 'memslot_create', tsNs: 1, slotId: 0, baseGfn: 0x18, npages: 0x10 },
		access('write', 2, 0x18),
		{ kind: 'epoch', tsNs: 3, epoch: 1 },
		...[access('write', 4, 0x19), access('write', 5, 0x19), access('write', 6, 0x1a)],
		...[access('preexec', 7, 0x27), access('write', 8, 0x20), access('write', 9, 0x1b)]
	];
	const store = await openSqliteStore(':memory:');
	const session = await loadSession(store, events);
	const none = { preread: 0, prewrite: 0, write: 0, preexec: 0 };
	// right before the event at 9: 0x19 and 0x1a were written since the epoch; 0x20 too, but it is not armed
	expect(
		await trackedCell(store, session, { lane: 0, tsNs: 9, gfn: { from: 0x10, to: 0x30 } })
	).toMatchObject({
		pages: 0x10,
		tracked: null,
		armed: { ...none, write: 8, preexec: 16 },
		silent: { ...none, write: 2, preexec: 1 }
	});
	expect(
		await trackedCell(store, session, { lane: 0, tsNs: 3, gfn: { from: 0x18, to: 0x1a } })
	).toMatchObject({
		armed: { ...none, write: 2, preexec: 2 },
		silent: { ...none, write: 1 }
	});
	await store.close();
});
