import { expect, test } from 'vitest';
import type { SlotView, StateView } from '#lib/api/types.ts';
import { eventSentence, pageTracking } from '#lib/view/page-tracking.ts';

const none = { preread: [], prewrite: [], write: [], preexec: [] };
/** Slot of gfns 0x100 to 0x10f; page 0x101 is tracked for writes. */
const slot = {
	...{ asId: 0, slotId: 0, lane: 0, baseGfn: 0x100, npages: 16, flags: 0, name: null },
	...{ published: true, invalid: false, cut: false, access: [], silent: null, silentPages: null },
	runs: { ...none, write: [{ gfn: 0x101, npages: 1, count: 1 }] },
	tracked: { preread: 0, prewrite: 0, write: 1, preexec: 0 },
	hugeForbidden: { level2: 0, level3: 0 }
} satisfies SlotView;
const known: StateView['known'] = {
	...{ tracking: 'events', memslots: true, notifiers: true, complete: true, unknown: [] }
};
const state = { memslots: [slot], armed: null, known };
const page = (gfn: number) => ({ asId: 0, gfn, mode: 'write' }) as const;

test('a page is tracked or not as its counter says, in its own address space', () => {
	expect(pageTracking(state, page(0x101))).toBe('tracked');
	expect(pageTracking(state, page(0x102))).toBe('untracked');
	expect(pageTracking(state, { ...page(0x101), mode: 'preexec' })).toBe('untracked');
	expect(pageTracking(state, { ...page(0x101), asId: 1 })).toBe('outside');
	expect(pageTracking(state, page(0x110))).toBe('outside');
});

test('nothing is claimed where the state cannot know', () => {
	const ask = (part: object, change: object = {}) =>
		pageTracking({ ...state, ...change, known: { ...known, ...part } }, page(0x102));
	expect(ask({ tracking: 'none' })).toBe('unknown');
	expect(ask({ complete: false })).toBe('unknown');
	expect(ask({ memslots: false }, { memslots: [] })).toBe('unknown');
	expect(ask({}, { memslots: [{ ...slot, cut: true }] })).toBe('unknown');
});

test('a policy arms a page until it was notified in the epoch', () => {
	const silent = { ...none, write: [{ gfn: 0x103, npages: 1 }] };
	const armed = [{ mode: 'write', startGfn: 0x100, endGfn: 0x108 }] as const;
	const policy = {
		...{ memslots: [{ ...slot, runs: none, silent }], armed },
		known: { ...known, tracking: 'policy' as const }
	};
	expect(pageTracking(policy, page(0x102))).toBe('armed');
	expect(pageTracking(policy, page(0x103))).toBe('unknown');
	expect(pageTracking(policy, page(0x108))).toBe('unknown');
});

test('an access to an untracked page is not called one to a tracked page', () => {
	const fetch = { seq: 1, t: 0, k: 'preexec', a: '0x101008' };
	expect(eventSentence(fetch, state)).toBe(
		'The guest is about to execute from a page that is not tracked in this mode: KVM’s emulator reports every access that it makes, tracked or not.'
	);
	expect(eventSentence({ ...fetch, k: 'write' }, state)).toBe(
		'The guest wrote to a page that is tracked in this mode.'
	);
	expect(eventSentence(fetch, null)).toBe('The guest is about to execute from a page.');
	// a range of pages may be tracked in part
	expect(eventSentence({ ...fetch, npages: 3 }, state)).toBe('The guest is about to execute from a page.');
	expect(eventSentence({ seq: 1, t: 0, k: 'epoch', e: 2 }, state)).toContain('A new epoch');
});
