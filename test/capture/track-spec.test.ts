import { expect, test } from 'vitest';
import { formatTrack, parseTrack } from '#ingest/capture/track-spec.ts';

test('a range is gpas, both inclusive, or gfns with a length', () => {
	expect(parseTrack('write:0x1000000-0x1ffffff')).toEqual([
		{ mode: 'write', lo: 0x1000000n, hi: 0x1ffffffn }
	]);
	expect(parseTrack('write:gfn:0x1000+4096')).toEqual([{ mode: 'write', lo: 0x1000000n, hi: 0x1ffffffn }]);
	expect(parseTrack('preread,preexec:gfn:5+1')).toEqual([
		{ mode: 'preread', lo: 0x5000n, hi: 0x5fffn },
		{ mode: 'preexec', lo: 0x5000n, hi: 0x5fffn }
	]);
});

test('all is every mode, and no range is all of memory that can be tracked', () => {
	const top = 2n ** 38n - 1n;
	expect(parseTrack('all')).toEqual(
		['preread', 'prewrite', 'write', 'preexec'].map((mode) => ({ mode, lo: 0n, hi: top }))
	);
	expect(formatTrack(parseTrack('all:0x0-0xfff'))).toBe(
		'preread:0x0-0xfff+prewrite:0x0-0xfff+write:0x0-0xfff+preexec:0x0-0xfff'
	);
	expect(formatTrack([])).toBe('all');
});

test.each([
	['read:0x0-0xfff', 'read is no mode: there are preread, prewrite, write, preexec and all'],
	['write:0x1000-0x0', 'write:0x1000-0x0 holds no page'],
	['write:gfn:5+0', 'write:gfn:5+0 holds no page'],
	['write:0-0x4000000000', 'write:0-0x4000000000 goes beyond 256 GiB (0x4000000000)'],
	['write:', 'write: is no MODE[,MODE…][:RANGE]; a range is 0x1000000-0x1ffffff or gfn:0x1000+4096']
])('%s is refused', (text, message) => {
	expect(() => parseTrack(text)).toThrow(new RangeError(message));
});
