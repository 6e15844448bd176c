import { expect, test } from 'vitest';
import { batchOf } from '#lib/domain/batch-events.ts';
import type { TraceEvent, TrackAddEvent } from '#lib/domain/events.ts';
import { MODES, PAGE_KINDS } from '#lib/domain/kinds.ts';
import { slotKey } from '#lib/domain/state.ts';
import { queryEvents } from '#lib/server/query/events.ts';
import { stepEvent } from '#lib/server/query/step.ts';
import { whyTracked } from '#lib/server/query/why-tracked.ts';
import { openSqliteStore } from '#lib/server/store/sqlite/sqlite-store.ts';
import { onSessions } from './random-store.ts';

interface Slot {
	base: number;
	readonly npages: number;
	readonly announced: boolean;
	/** By mode, by page index: seqs and nodes of the adds that still count. */
	readonly adds: Map<number, { seq: number; nodeId: number | undefined }[]>[];
}

/** The adds behind each counter right before event `seq`, by the kernel's rules for slots and by one list a page. */
function standing(events: readonly TraceEvent[], seq: number): Map<number, Slot> {
	const slots = new Map<number, Slot>();
	for (const [at, event] of events.slice(0, seq).entries()) {
		if ('baseGfn' in event) {
			const key = slotKey(event.asId ?? 0, event.slotId);
			const old = slots.get(key);
			const fresh = (announced: boolean): Slot => ({
				base: event.baseGfn,
				npages: event.npages,
				announced,
				adds: MODES.map((): Slot['adds'][number] => new Map())
			});
			if (event.kind === 'memslot_delete') slots.delete(key);
			else if (event.kind === 'create_slot' && !old) slots.set(key, fresh(true));
			else if (event.kind === 'memslot_create') {
				const same = old?.announced && old.base === event.baseGfn && old.npages === event.npages;
				slots.set(key, same ? { ...old, announced: false } : fresh(false));
			} else if (event.kind === 'memslot_move') {
				if (old) old.base = event.baseGfn;
				else slots.set(key, fresh(false));
			}
		} else if (event.kind === 'track_add' || event.kind === 'track_remove')
			for (const [key, slot] of slots) trackOne(slot, key, at, event);
	}
	return slots;
}

function trackOne(
	slot: Slot,
	key: number,
	seq: number,
	event: TraceEvent & { kind: 'track_add' | 'track_remove' }
) {
	if (Math.floor(key / 65536) !== (event.asId ?? 0)) return;
	if (event.slotId !== undefined && event.slotId !== key % 65536) return;
	for (let gfn = event.gfn; gfn < event.gfn + (event.npages ?? 1); gfn++) {
		const index = gfn - slot.base;
		if (index < 0 || index >= slot.npages) continue;
		const lists = slot.adds[MODES.indexOf(event.mode)]!; // one for each mode
		const list = lists.get(index) ?? [];
		lists.set(index, list);
		if (event.kind === 'track_add') list.push({ seq, nodeId: event.nodeId });
		else {
			const own = list.findLastIndex((add) => add.nodeId === event.nodeId);
			if (own >= 0) list.splice(own, 1);
			else list.pop();
		}
	}
}

test('a page’s counters are explained by the adds that still count', () =>
	onSessions({ numRuns: 30, maxLength: 120 }, async (store, session, events) => {
		for (const seq of [Math.floor(events.length / 2), events.length]) {
			const slots = standing(events, seq);
			const gfns = events.flatMap((event) => (event.kind === 'track_add' ? [event.gfn] : []));
			for (const gfn of new Set(gfns)) {
				const wanted = [...slots].flatMap(([key, slot]) => {
					const modes = MODES.map(
						(mode, i) => [mode, (slot.adds[i]?.get(gfn - slot.base) ?? []).map((add) => add.seq)] as const
					);
					const tracked = modes.filter(([, seqs]) => seqs.length > 0);
					return tracked.length ? [{ key, modes: tracked.map(([mode, seqs]) => ({ mode, seqs })) }] : [];
				});
				const got = await whyTracked(store, session, gfn, seq);
				expect(
					got.slots.map(({ asId, slotId, modes }) => ({
						key: slotKey(asId, slotId),
						modes: modes.map(({ mode, adds }) => ({ mode, seqs: adds.map((add) => add.seq) }))
					}))
				).toEqual(wanted);
				for (const { modes } of got.slots)
					for (const { count, adds } of modes) expect(count).toBe(adds.length);
			}
		}
	}));

test('steps lead to the nearest matching event on each side', () =>
	onSessions({ numRuns: 15, maxLength: 100 }, async (store, session, events) => {
		const place = events.find((event) => event.kind === 'write');
		const gfn = (place && 'gfn' in place ? place.gfn : undefined) ?? 0;
		for (const filter of [{}, { kinds: 1 << 8 }, { kinds: PAGE_KINDS, gfn: { from: gfn, to: gfn + 1 } }]) {
			const { events: all } = await queryEvents(store, session.id, { filter, from: 0, limit: 1000 });
			for (let seq = 0; seq <= events.length; seq += 9) {
				const next = await stepEvent(store, session.id, filter, seq, 'next');
				expect(next?.seq).toBe(all.find((event) => event.seq > seq)?.seq);
				const previous = await stepEvent(store, session.id, filter, seq, 'previous');
				expect(previous?.seq).toBe(all.findLast((event) => event.seq < seq)?.seq);
			}
		}
	}));

test('a segment that was looked through is not searched for pages it does not have, and loses none', async () => {
	const store = await openSqliteStore(':memory:');
	await store.createSession({ name: 'x', createdMs: 1 });
	const write = (i: number): TraceEvent => ({ kind: 'write', tsNs: i, gfn: (i * 7) % 5000, offset: 0 });
	const events = Array.from({ length: 9000 }, (_, i) => write(i));
	events[5000] = {
		kind: 'track_add',
		tsNs: 5000,
		mode: 'write',
		gfn: 70_000,
		npages: 300
	} satisfies TrackAddEvent;
	await store.append('x', 0, batchOf(events));
	const seqs = async (gfn: number) => {
		const filter = { gfn: { from: gfn, to: gfn + 1 } };
		return (await queryEvents(store, 'x', { filter, from: 0, limit: 9 })).events.map((event) => event.seq);
	};
	for (let again = 0; again < 2; again++) {
		expect(await seqs(7)).toEqual([1, 5001]); // 5001 * 7 = 7 * 5000 + 7
		expect(await seqs(70_299)).toEqual([5000]);
		expect(await seqs(70_300)).toEqual([]);
		expect(await seqs(65_536 + 7)).toEqual([]); // the same place in the table
	}
	await store.close();
});
