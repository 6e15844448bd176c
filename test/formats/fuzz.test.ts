import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { formatLine } from '#lib/domain/native.ts';
import { parseLine } from '#lib/domain/native.ts';
import { FORMATS } from '#ingest/formats/registry.ts';
import { counted, scan } from './scan.ts';

/** More by `npm run fuzz`. */
const numRuns = Number(process.env.FUZZ_RUNS ?? 12);

const samplesOf = (folder: string) =>
	readdirSync(path.join('test/samples', folder))
		.filter((name) => /\.(txt|csv|json|ndjson)$/.test(name))
		.map((name) => readFileSync(path.join('test/samples', folder, name)));

/** A change of bytes: `at` and `to` are shares of the length. */
const mutation = fc.record({
	kind: fc.constantFrom('flip', 'cut', 'double', 'insert', 'swap', 'digits'),
	at: fc.double({ min: 0, max: 1, noNaN: true }),
	length: fc.integer({ min: 1, max: 80 }),
	bytes: fc.oneof(
		fc.uint8Array({ minLength: 1, maxLength: 12 }),
		fc
			.constantFrom(
				'\0',
				'\n',
				'\r',
				'[',
				']',
				'-1',
				'0x',
				'ffffffffffffffff',
				'99999999999999999999',
				'"',
				'{',
				'\ufeff'
			)
			.map((text) => new TextEncoder().encode(text))
	)
});
type Mutation = typeof mutation extends fc.Arbitrary<infer T> ? T : never;

function mutate(source: Uint8Array, { kind, at, length, bytes }: Mutation): Uint8Array {
	const from = Math.min(source.length, Math.floor(at * source.length));
	const to = Math.min(source.length, from + length);
	const join = (...parts: Uint8Array[]) => Uint8Array.from(Buffer.concat(parts));
	const before = source.subarray(0, from);
	const part = source.slice(from, to);
	const after = source.subarray(to);
	switch (kind) {
		case 'flip':
			return join(
				before,
				part.map((byte, i) => (i === 0 ? byte ^ 1 : byte)),
				after
			);
		case 'cut':
			return join(before, after);
		case 'double':
			return join(before, part, part, after);
		case 'insert':
			return join(before, bytes, part, after);
		case 'swap':
			return join(before, part.reverse(), after);
		default:
			return join(
				before,
				part.map((byte) => (byte >= 48 && byte <= 57 ? 57 : byte)),
				after
			);
	}
}

const countLines = (bytes: Uint8Array): number => {
	let lines = 0;
	for (const byte of bytes) if (byte === 10) lines++;
	return bytes.length === 0 || bytes.at(-1) === 10 ? lines : lines + 1;
};

describe.each(FORMATS.map((format) => [format.name, format] as const))('%s', (name, format) => {
	const samples = samplesOf(name);

	test('takes damaged samples: sums hold, times ascend, every event can be written and read again', () => {
		fc.assert(
			fc.property(
				fc.constantFrom(...samples),
				fc.array(mutation, { minLength: 1, maxLength: 12 }),
				fc.integer({ min: 1, max: 4000 }),
				(sample, mutations, chunk) => {
					const bytes = mutations.reduce<Uint8Array>(mutate, sample);
					const began = performance.now();
					const scanned = scan(bytes, { format, chunk, batchEvents: 64 });
					expect(performance.now() - began).toBeLessThan(5000);
					expect(scanned.lines).toBe(countLines(bytes));
					expect(scanned.byte).toBe(bytes.length);
					expect(scanned.eventLines + counted(scanned, 'skipped') + counted(scanned, 'rejected')).toBe(
						scanned.lines
					);
					let last = 0;
					for (const { seq: _, ...event } of scanned.events) {
						expect(event.tsNs).toBeGreaterThanOrEqual(last);
						last = event.tsNs;
						expect(parseLine(formatLine(event))).toEqual(event);
					}
				}
			),
			{ numRuns }
		);
	});

	test('takes any bytes', () => {
		fc.assert(
			fc.property(fc.uint8Array({ maxLength: 600, size: 'max' }), (bytes) => {
				const scanned = scan(bytes, { format, batchEvents: 16 });
				expect(scanned.eventLines + counted(scanned, 'skipped') + counted(scanned, 'rejected')).toBe(
					countLines(bytes)
				);
			}),
			{ numRuns }
		);
	});

	test('takes a line of 1,000,000 characters of each kind within a second, and keeps nothing of it', () => {
		const [first = new Uint8Array(0)] = samples;
		const head = Buffer.from(first).toString('latin1').split('\n').slice(0, 12).join('\n');
		for (const filler of ['x', ' ', '0', '[', '"', '- [1', '1-1 [0] ', 'a=1 ', '> ', ': ', '\\"']) {
			const line = filler.repeat(Math.floor(1_000_000 / filler.length));
			const bytes = Buffer.from(`${head}\n${line}\n${head}: ${line}\n`, 'latin1');
			const began = performance.now();
			const scanned = scan(bytes, { format, batchEvents: 64, chunk: 1 << 16 });
			expect(performance.now() - began, JSON.stringify(filler)).toBeLessThan(5000);
			expect(scanned.lines).toBe(countLines(bytes));
			for (const { first: examples } of scanned.diagnostics)
				for (const { text, message } of examples) expect(text.length + message.length).toBeLessThan(1000);
		}
	});
});
