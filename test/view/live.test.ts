import { describe, expect, test } from 'vitest';
import { atEnd, stickToEnd } from '#lib/view/live.ts';

describe('following a growing session', () => {
	test('a window at the end moves along and keeps its length', () => {
		expect(stickToEnd({ from: 60, to: 101 }, 101, { from: 0, to: 131 })).toEqual({ from: 90, to: 131 });
	});

	test('a window anywhere else stays, and so does any if the end stays', () => {
		expect(stickToEnd({ from: 60, to: 100 }, 101, { from: 0, to: 131 })).toEqual({ from: 60, to: 100 });
		expect(stickToEnd({ from: 60, to: 101 }, 101, { from: 0, to: 101 })).toEqual({ from: 60, to: 101 });
	});

	test('the end is the last event number or the last time', () => {
		const session = { events: 5, endNs: 70 };
		expect([{ seq: 5 }, { seq: 4 }, { tsNs: 70 }, { tsNs: 69 }].map((at) => atEnd(at, session))).toEqual([
			true,
			false,
			true,
			false
		]);
		expect(atEnd(null, session)).toBe(false);
	});
});
