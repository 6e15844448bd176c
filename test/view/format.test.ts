import fc from 'fast-check';
import { expect, test } from 'vitest';
import { formatBytes, formatDuration, formatInt, formatShare, formatTime } from '#lib/view/format.ts';

test('a time shows every nanosecond', () => {
	expect(formatTime(12_204_551_873, 'ns')).toBe('12.204\u202f551\u202f873\u202fs');
});

test('units are chosen by size', () => {
	expect(formatDuration(38_210_000_000, 'ns')).toBe('38.2\u202fs');
	expect(formatDuration(6_017_000_000, 'instructions')).toBe('6.02\u202fG insns');
	expect(formatBytes(98_849_243)).toBe('94.3\u202fMiB');
});

test('less than everything is never called 100 %', () => {
	expect(formatShare(0.99999)).toBe('99.9\u202f%');
	expect(formatShare(1)).toBe('100\u202f%');
});

test('whole numbers are grouped as English does', () => {
	const wanted = new Intl.NumberFormat('en-US', { maximumFractionDigits: 0 });
	fc.assert(
		fc.property(fc.oneof(fc.maxSafeInteger(), fc.integer({ min: -2000, max: 2000 })), (value) => {
			expect(formatInt(value)).toBe(wanted.format(value));
		})
	);
	expect(formatInt(1226396)).toBe('1,226,396');
});
