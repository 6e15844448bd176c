import fc from 'fast-check';
import { expect, test } from 'vitest';
import { accessMask, accessRuns, accessText } from '#lib/domain/access.ts';
import type { TraceEvent } from '#lib/domain/events.ts';
import { evolve } from '#lib/domain/evolve.ts';
import { RunMap } from '#lib/domain/run-map.ts';
import { counterAt, findMemslot, formatState, initialState, parseState, slotKey } from '#lib/domain/state.ts';
import { anySession } from '../arbitrary.ts';

const slot = (over: object = {}): TraceEvent => ({
	kind: 'memslot_create',
	tsNs: 0,
	slotId: 1,
	baseGfn: 256,
	npages: 1024,
	...over
});
const add = (over: object = {}): TraceEvent => ({
	kind: 'track_add',
	tsNs: 1,
	mode: 'write',
	gfn: 300,
	...over
});
const remove = (over: object = {}): TraceEvent => ({ ...add(over), kind: 'track_remove' }) as TraceEvent;
const run = (...events: TraceEvent[]) => events.reduce(evolve, initialState());
const one = (state: ReturnType<typeof run>, id = 1) => {
	const found = state.memslots.get(slotKey(0, id));
	if (!found) throw new Error('no such slot');
	return found;
};

test('an interval map equals an array that was changed index by index', () => {
	const step = fc.tuple(fc.nat(30), fc.nat(30), fc.integer({ min: -3, max: 3 }), fc.boolean());
	fc.assert(
		fc.property(fc.array(step), (steps) => {
			const map = new RunMap();
			const plain = new Array<number>(64).fill(0);
			for (const [start, length, value, set] of steps) {
				let stuck = 0;
				for (let i = start; i < start + length; i++) {
					const next = set ? value : (plain[i] as number) + value;
					if (!set && (next < 0 || next > 4)) stuck++;
					else plain[i] = next;
				}
				if (set) map.set(start, start + length, value);
				else expect(map.add(start, start + length, value, 0, 4)).toBe(stuck);
			}
			expect(plain.map((_, i) => map.get(i))).toEqual(plain);
			expect(RunMap.from(map.toJSON()).toJSON()).toEqual(map.toJSON());
			expect(map.count()).toBe(plain.filter((value) => value !== 0).length);
		})
	);
});

test('counters nest: a page stays tracked until every add was taken back', () => {
	const state = run(slot(), add(), add(), remove());
	expect(counterAt(one(state), 300, 2)).toBe(1);
	expect(counterAt(one(run(slot(), add(), remove())), 300, 2)).toBe(0);
});

test('a counter stops at 65535 and at 0, and the huge-page counts drift away from it', () => {
	const full = run(slot(), ...Array.from({ length: 65_537 }, () => add()));
	expect(counterAt(one(full), 300, 2)).toBe(65_535);
	// base 256 is not aligned to 512: index 0 starts at 1
	expect(one(full).lpage[0].get(0)).toBe(65_538);
	const empty = run(slot(), remove());
	expect(counterAt(one(empty), 300, 2)).toBe(0);
	expect(one(empty).lpage[0].get(0)).toBe(0);
	expect(one(empty).lpage[0].get(1)).toBe(0);
});

test('a ranged add counts once for each page of each 2 MiB index', () => {
	// gfns 400..1099: 112 pages in index 0 (256..511), 512 in index 1, 76 in index 2 (1024..)
	const { lpage } = one(run(slot(), add({ gfn: 400, npages: 700 })));
	expect([0, 1, 2].map((index) => lpage[0].get(index))).toEqual([113, 512, 77]);
	expect(lpage[1].get(0)).toBe(701);
});

test('a userspace address that differs within 2 MiB forbids every huge page', () => {
	const { lpage } = one(run(slot({ baseGfn: 512, npages: 1024, userspaceAddr: 0x7f00_0000_1000n })));
	expect([lpage[0].get(0), lpage[0].get(1)]).toEqual([1, 1]);
});

test('a deleted slot takes its counters along', () => {
	const state = run(slot(), add(), { ...slot(), kind: 'memslot_delete' } as TraceEvent, slot());
	expect(counterAt(one(state), 300, 2)).toBe(0);
});

test('a moved slot carries its counters to the new gfns', () => {
	const state = run(slot(), add(), slot({ kind: 'memslot_move', baseGfn: 4096 }));
	expect(counterAt(one(state), 4096 + 44, 2)).toBe(1);
	expect(findMemslot(state, 0, 300)).toBeNull();
	expect(state.lanes).toHaveLength(2);
});

test('what a notifier tracks while a slot is being created persists', () => {
	const announced = { ...slot(), kind: 'create_slot', nodeId: 3 } as TraceEvent;
	const before = run(announced, add({ slotId: 1 }));
	expect(findMemslot(before, 0, 300)).toBeNull();
	const after = evolve(before, slot());
	expect(counterAt(one(after), 300, 2)).toBe(1);
	expect(findMemslot(after, 0, 300)?.slotId).toBe(1);
});

test('the newest notifier is called first', () => {
	const register = (nodeId: number): TraceEvent => ({ kind: 'register', tsNs: 0, nodeId });
	const state = run(register(1), register(2), register(3), { kind: 'unregister', tsNs: 0, nodeId: 2 });
	expect(state.notifiers.map((node) => node.nodeId)).toEqual([3, 1]);
});

test('each mode takes its right: preread R, prewrite and write W, preexec X', () => {
	const rights = (mode: string) => accessText(accessMask(one(run(slot(), add({ mode }))), 300));
	expect(['preread', 'prewrite', 'write', 'preexec'].map(rights)).toEqual(['-wx', 'r-x', 'r-x', 'rw-']);
	const state = run(slot(), add({ npages: 4 }), add({ mode: 'preexec', gfn: 302, npages: 4 }));
	expect(accessRuns(one(state)).map((each) => [each.gfn, each.npages, accessText(each.access)])).toEqual([
		[300, 2, 'r-x'],
		[302, 2, 'r--'],
		[304, 2, 'rw-']
	]);
});

test('a state survives being written and read at every position', () => {
	fc.assert(
		fc.property(anySession(60), (events) => {
			let state = initialState();
			for (const event of events) {
				state = evolve(parseState(formatState(state)), event);
			}
			expect(formatState(state)).toBe(formatState(run(...events)));
		}),
		{ numRuns: 60 }
	);
});

test('a shadow page of level 1 changes huge-page counts alone, one of a higher level nothing by itself', () => {
	const shadow = (over: object) =>
		({ kind: 'account_shadowed', tsNs: 1, gfn: 600, level: 1, slotId: 1, ...over }) as TraceEvent;
	const counts = (...events: TraceEvent[]) => one(run(slot(), ...events)).lpage.map((map) => map.toJSON());
	// base 256, end 1280: neither is aligned to 512, so indexes 0 and 2 of level 2 begin at 1; level 3 has one index
	expect(counts()).toEqual([
		[0, 1, 1, 2, 3, 1],
		[0, 1, 1]
	]);
	expect(counts(shadow({}), shadow({}))).toEqual([
		[0, 1, 1, 1, 2, 2, 2, 3, 1],
		[0, 1, 3]
	]);
	expect(counts(shadow({}), shadow({ kind: 'unaccount_shadowed' }))).toEqual(counts());
	expect(counts(shadow({ level: 2 }))).toEqual(counts());
	expect(one(run(slot(), shadow({}))).counters.every((map) => map.empty)).toBe(true);
});
