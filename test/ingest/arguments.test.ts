import { expect, test } from 'vitest';
import { timeNs } from '#ingest/cli/arguments.ts';

test.each([
	['12.5s', 12_500_000_000],
	['300ms', 300_000_000],
	['12', 12],
	['12.5', 12_500_000_000]
])('a time on the command line, %s, is read as in the browser', (text, ns) => {
	expect(timeNs(text)).toBe(ns);
});

test('what is no time is refused', () => {
	for (const text of ['noon', '12.', '-1s']) expect(() => timeNs(text)).toThrow('12.5s, 300ms or 17000 (ns)');
});
