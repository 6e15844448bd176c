import { expect, test } from 'vitest';
import { parsePage, parseTime, parseTimeTarget } from '#lib/view/parse-input.ts';

test.each([
	['12.5s', 12_500_000_000],
	['300 ms', 300_000_000],
	['1,000', 1000],
	['12', 12],
	['12.5', 12_500_000_000],
	['12.204 551 873', 12_204_551_873],
	['0.5ns', 0],
	['2 parsecs', null]
])('reads the time %s', (text, value) => {
	expect(parseTime(text)).toBe(value);
});

test('reads an event number and a page', () => {
	expect(parseTimeTarget('#48,211')).toEqual({ seq: 48_211 });
	expect(parsePage('gpa:0x1234567')).toBe(0x1234);
	expect(parsePage('0x1234')).toBe(0x1234);
	expect(parsePage('here')).toBeNull();
});
