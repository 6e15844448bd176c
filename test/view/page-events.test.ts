import { expect, test } from 'vitest';
import { cursorRow, isAround, joinAround, pageEventsHeading } from '#lib/view/page-events.ts';

const event = (seq: number) => ({ seq, t: seq, k: 'write' });
const range = (from: number, to: number) => Array.from({ length: to - from }, (_, i) => event(from + i));
/** Events 100 to 299, with more on both sides. */
const middle = joinAround(
	{ events: range(100, 200).toReversed(), next: 99 },
	{ events: range(200, 300), next: 300 }
);

test('events before and after the cursor become one list in order', () => {
	expect(middle.events.map(({ seq }) => seq)).toEqual(range(100, 300).map(({ seq }) => seq));
	expect(middle).toMatchObject({ before: true, after: true });
});

test('the list stays while 20 events are left on the side that has more', () => {
	expect(isAround(middle, 120)).toBe(true);
	expect(isAround(middle, 119)).toBe(false);
	expect(isAround(middle, 280)).toBe(true);
	expect(isAround(middle, 281)).toBe(false);
	const start = { ...middle, before: false };
	expect(isAround(start, 0)).toBe(true);
	expect(isAround({ ...start, after: false }, 5000)).toBe(true);
});

test('the cursor stands before the first event that is not before it', () => {
	expect(cursorRow([event(3), event(7)], 0)).toBe(0);
	expect(cursorRow([event(3), event(7)], 7)).toBe(1);
	expect(cursorRow([event(3), event(7)], 8)).toBe(2);
});

test('the heading says which events are listed', () => {
	expect(pageEventsHeading(middle, 5000)).toBe('Its events around the cursor: 200 of 5,000, #100 to #299');
	expect(pageEventsHeading({ events: range(0, 3), before: false, after: false }, 3)).toBe('Its events');
});
