import { expect, test } from 'vitest';
import { timeNs } from '#ingest/cli/arguments.ts';
import { timeValue } from '#lib/domain/filter-values.ts';
import { parseTime } from '#lib/view/parse-input.ts';

test.each([
	['12.5s', 12_500_000_000],
	['300ms', 300_000_000],
	['12', 12],
	['12.5', 12_500_000_000],
	['1.9ns', 1],
	['0.9999us', 999],
	['1.2G', 1_200_000_000],
	['48,211', 48_211]
])('a time on the command line, %s, is read as in the browser and in a filter', (text, ns) => {
	for (const read of [timeNs, parseTime, timeValue]) expect(read(text)).toBe(ns);
});

test('what is no time is refused', () => {
	for (const text of ['noon', '12.', '-1s']) expect(() => timeNs(text)).toThrow('12.5s, 300ms or 17000 (ns)');
});
