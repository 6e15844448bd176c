import fc from 'fast-check';
import { expect, test } from 'vitest';
import { COLUMNS, type EventBatch } from '#lib/domain/batch.ts';
import { Diagnostics } from '#ingest/diagnostics.ts';
import { NativeScanner } from '#ingest/formats/native.ts';

/** What a scanner makes of chunks: every column's numbers, payloads and diagnostics. */
function scanned(chunks: readonly Uint8Array[]) {
	const batches: EventBatch[] = [];
	const diagnostics = new Diagnostics();
	const scanner = new NativeScanner({
		diagnostics,
		batchEvents: 16,
		onBytes: () => {},
		onBatch: (batch) => batches.push(batch)
	});
	for (const chunk of chunks) scanner.push(chunk);
	scanner.finish();
	const columns = batches.map((batch) => COLUMNS.map((name) => [...batch[name].subarray(0, batch.length)]));
	const payloads = batches.map(({ payload }) => [...payload]);
	const { lines, byte, eventLines } = scanner;
	return { columns, payloads, diagnostics: diagnostics.list(), lines, byte, eventLines };
}

const digits = (alphabet: string, max: number) =>
	fc.string({ unit: fc.constantFrom(...alphabet), minLength: 0, maxLength: max });
const decimal = (max: number) => digits('0123456789', max);
const hex = (max: number) => digits('0123456789abcdefF', max);
const accessLine = fc
	.record({
		t: fc.oneof(
			decimal(17),
			fc.nat(9).map((n) => `12345678${n}`)
		),
		c: fc.oneof(fc.constantFrom('0', '1', '7'), decimal(5)),
		k: fc.constantFrom('preread', 'prewrite', 'write', 'preexec', 'prereae', 'writes'),
		a: fc.oneof(fc.nat().map(String), hex(17)),
		n: fc.oneof(fc.constant(null), fc.constantFrom('1', '8', '16'), decimal(5)),
		ip: fc.oneof(
			fc.constant('ffffffff81c0ffee'),
			fc.nat().map((n) => n.toString(16)),
			hex(18)
		)
	})
	.map(
		({ t, c, k, a, n, ip }) =>
			`{"t":${t},"c":${c},"k":"${k}","a":"0x${a}"${n === null ? '' : `,"n":${n}`},"ip":"0x${ip}"}`
	);
const damaged = fc
	.tuple(accessLine, fc.nat(), fc.integer({ min: 0x20, max: 0xff }))
	.map(([line, at, byte]) => {
		const bytes = Buffer.from(line);
		bytes[at % bytes.length] = byte;
		return bytes.toString('latin1');
	});

test('four bytes at a time give exactly what JSON.parse gives', () => {
	fc.assert(
		fc.property(
			fc.array(fc.oneof({ weight: 2, arbitrary: accessLine }, damaged), { minLength: 2, maxLength: 30 }),
			(lines) => {
				const each = lines.map((line) => Buffer.from(`${line}\n`, 'latin1'));
				// a line that ends a chunk is never read as bytes: one line a chunk is the other way
				expect(scanned([Buffer.concat(each)])).toEqual(scanned(each));
			}
		),
		{ numRuns: 1000 }
	);
});

test('an access line in canonical form is read as bytes', () => {
	const line =
		'{"t":123456789012345,"c":12,"k":"prewrite","a":"0x1ffffffffffff","n":8,"ip":"0xfedcba9876543210"}\n';
	const { columns } = scanned([Buffer.from(line.repeat(3))]);
	const column = (name: (typeof COLUMNS)[number]) => columns[0]?.[COLUMNS.indexOf(name)]?.[0];
	expect(column('tsNs')).toBe(123_456_789_012_345);
	expect(column('gfn')).toBe(0x1_ffff_ffff_f);
	expect(column('offset')).toBe(0xfff);
	expect(column('ripHi')).toBe(0xfedc_ba98);
	expect(column('ripLo')).toBe(0x7654_3210);
});
