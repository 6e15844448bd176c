import { expect, test } from 'vitest';
import { MODES } from '#lib/domain/kinds.ts';
import { counterAt } from '#lib/domain/state.ts';
import { stateDiff } from '#lib/server/query/state-diff.ts';
import { onSessions } from './random-store.ts';

test('a difference has every counter that differs, every slot and notifier that came or went', () =>
	onSessions({ numRuns: 15, maxLength: 120 }, async (store, session, events) => {
		const third = Math.floor(events.length / 3);
		for (const [from, to] of [
			[third, events.length],
			[events.length, third],
			[third, third]
		] as const) {
			const [before, after] = [
				await store.stateBefore(session.id, from),
				await store.stateBefore(session.id, to)
			];
			const diff = await stateDiff(store, session, { from, to });
			for (const key of new Set([...before.memslots.keys(), ...after.memslots.keys()])) {
				const [old, now] = [before.memslots.get(key), after.memslots.get(key)];
				const found = diff.slots.find((slot) => slot.asId * 65536 + slot.slotId === key);
				expect(found?.change ?? 'same').toBe(!old ? 'added' : !now ? 'removed' : found ? 'changed' : 'same');
				for (const [i, mode] of MODES.entries()) {
					const was = (gfn: number) => (old && inside(old, gfn) ? counterAt(old, gfn, i) : 0);
					const is = (gfn: number) => (now && inside(now, gfn) ? counterAt(now, gfn, i) : 0);
					const gfns = Array.from({ length: 3200 }, (_, gfn) => gfn);
					const listed = new Map(
						(found?.counters[mode] ?? []).flatMap((run) =>
							Array.from(
								{ length: run.npages },
								(_, page) => [run.gfn + page, [run.before, run.after]] as const
							)
						)
					);
					for (const gfn of gfns)
						if (was(gfn) !== is(gfn) || listed.has(gfn)) expect(listed.get(gfn)).toEqual([was(gfn), is(gfn)]);
					expect(found?.gained[mode] ?? 0).toBe(gfns.filter((gfn) => !was(gfn) && is(gfn)).length);
					expect(found?.lost[mode] ?? 0).toBe(gfns.filter((gfn) => was(gfn) && !is(gfn)).length);
				}
			}
			const between = events.slice(Math.min(from, to), Math.max(from, to));
			expect(Object.values(diff.events).reduce((a, b) => a + b, 0)).toBe(between.length);
			expect(diff.notifiers.after.length - diff.notifiers.before.length).toBe(
				diff.notifiers.added.length - diff.notifiers.removed.length
			);
			if (from === to) expect([diff.slots, diff.notifiers.added, diff.vcpusAdded]).toEqual([[], [], []]);
		}
	}));

const inside = (slot: { baseGfn: number; npages: number }, gfn: number) =>
	gfn >= slot.baseGfn && gfn < slot.baseGfn + slot.npages;
