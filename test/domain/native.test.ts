import { readFileSync } from 'node:fs';
import { zstdDecompressSync } from 'node:zlib';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { batchOf, eventAt } from '#lib/domain/batch-events.ts';
import { formatLine, NativeError, parseLine } from '#lib/domain/native.ts';
import { anyEvent } from '../arbitrary.ts';

const small = zstdDecompressSync(readFileSync('samples/small-kernel-image-1vcpu.ndjson.zst')).toString();

test('every event survives its line', () => {
	fc.assert(
		fc.property(anyEvent, (event) => {
			expect(parseLine(formatLine(event))).toEqual(event);
		})
	);
});

test('every event survives a batch', () => {
	fc.assert(
		fc.property(anyEvent, (event) => {
			expect(eventAt(batchOf([event]), 0, 7)).toEqual({ ...event, seq: 7 });
		})
	);
});

test('the lines of a real capture come back byte for byte', () => {
	for (const line of small.trimEnd().split('\n')) expect(formatLine(parseLine(line))).toBe(line);
});

test('the largest 64-bit values keep every bit, as hex, digits or a bare number', () => {
	const line = (ip: string) => `{"t":1,"c":0,"k":"write","a":"0x1","n":1,"ip":${ip}}`;
	for (const ip of ['"0xffffffffffffffff"', '"18446744073709551615"', '18446744073709551615'])
		expect(parseLine(line(ip))).toMatchObject({ rip: 2n ** 64n - 1n });
});

test('an unknown key is kept and written again', () => {
	const line = '{"t":1,"k":"epoch","e":2,"weather":{"rain":true}}';
	expect(formatLine(parseLine(line))).toBe(line);
});

test.each([
	['{"t":1,"k":"sneeze"}', 'unknown-kind'],
	['{"t":1,"k":"toString"}', 'unknown-kind'],
	['{"k":"epoch","e":1}', 'missing-field'],
	['{"t":1,"c":70000,"k":"vcpu"}', 'bad-value'],
	['{"t":1.5,"k":"end"}', 'bad-value'],
	['{"t":-1,"k":"end"}', 'bad-value'],
	['{"t":18446744073709551616,"k":"end"}', 'bad-value'],
	['{"t":1,"c":0,"k":"write","a":"0x1","ip":"0x10000000000000000"}', 'bad-value'],
	['{"t":1,"c":0,"k":"write","a":"0x10000000000000","ip":"0x1"}', 'bad-value'],
	['{"t":1,"k":"create_slot","id":1,"a":"0x800","npages":1}', 'bad-value'],
	['[1]', 'not-an-object'],
	['{"t":1', 'not-json']
])('%s is refused as %s', (line, reason) => {
	const failure = (() => {
		try {
			parseLine(line);
		} catch (error) {
			return error;
		}
		return null;
	})();
	expect(failure).toBeInstanceOf(NativeError);
	expect((failure as NativeError).reason).toBe(reason);
});
