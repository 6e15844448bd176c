import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { eventAt } from '#lib/domain/batch-events.ts';
import type { NumberedEvent } from '#lib/domain/events.ts';
import { formatLine } from '#lib/domain/native.ts';
import { Diagnostics } from '#ingest/diagnostics.ts';
import { LINE_LIMIT } from '#ingest/formats/line-scanner.ts';
import { NativeScanner } from '#ingest/formats/native.ts';
import { detectFormat } from '#ingest/formats/registry.ts';
import { anySession } from '../arbitrary.ts';

/** Scans chunks; gives the events, the diagnostics, and the digest of what it said it took. */
function scan(chunks: readonly Uint8Array[], batchEvents = 5) {
	const events: NumberedEvent[] = [];
	const diagnostics = new Diagnostics();
	const hash = createHash('sha256');
	const borders: { byte: number; digest: string }[] = [];
	const scanner = new NativeScanner({
		diagnostics,
		batchEvents,
		onBytes: (bytes) => hash.update(bytes),
		onBatch: (batch) => {
			for (let i = 0; i < batch.length; i++) events.push(eventAt(batch, i, events.length));
			borders.push({ byte: scanner.byte, digest: hash.copy().digest('hex') });
		}
	});
	for (const chunk of chunks) scanner.push(chunk);
	scanner.finish();
	const { lines, byte, eventLines } = scanner;
	return { events, diagnostics: diagnostics.list(), lines, byte, eventLines, borders };
}
const bytes = (text: string) => new TextEncoder().encode(text);
const end = (t: number) => `{"t":${t},"k":"end"}`;
const access = '{"t":5,"c":1,"k":"prewrite","a":"0xfffff","n":16,"ip":"0xffffffff81072340"}';

test('chunk borders at every byte give the same events, positions and digests', () => {
	const text = [
		access,
		access.replace('prewrite', 'preexec').replace(',"n":16', ''),
		'junk',
		end(9),
		access
	].join('\n');
	const whole = bytes(text);
	const expected = scan([whole]);
	expect(expected.events).toHaveLength(4);
	for (let cut = 0; cut <= whole.length; cut++)
		expect(scan([whole.subarray(0, cut), whole.subarray(cut)])).toEqual(expected);
	expect(scan([...whole].map((byte) => Uint8Array.of(byte)))).toEqual(expected);
});

test('any session’s lines come back as its events, however they are cut', () => {
	fc.assert(
		fc.property(anySession(60), fc.integer({ min: 1, max: 300 }), (events, size) => {
			const text = bytes(events.map((event) => formatLine(event) + '\n').join(''));
			const chunks = Array.from({ length: Math.ceil(text.length / size) }, (_, i) =>
				text.subarray(i * size, (i + 1) * size)
			);
			const got = scan(chunks);
			expect(got.events).toEqual(events.map((event, seq) => ({ ...event, seq })));
			expect(got.byte).toBe(text.length);
			for (const { byte, digest } of got.borders)
				expect(digest).toBe(createHash('sha256').update(text.subarray(0, byte)).digest('hex'));
		}),
		{ numRuns: 60 }
	);
});

test('each line is an event or counted as skipped or rejected', () => {
	const got = scan([bytes([end(1), 'x', '{"t":2,"k":"what"}', '', end(3), '[]'].join('\n'))]);
	const counts = Object.fromEntries(got.diagnostics.map(({ reason, count }) => [reason, count]));
	expect([got.lines, got.eventLines, counts]).toEqual([
		6,
		2,
		{ 'not-json': 1, 'unknown-kind': 1, blank: 1, 'not-an-object': 1 }
	]);
});

test('a line of 100 MB is skipped, counted and not kept', () => {
	const filler = new Uint8Array(1 << 20).fill(97);
	const before = process.memoryUsage().arrayBuffers;
	const got = scan([
		bytes(end(1) + '\n'),
		...Array.from({ length: 100 }, () => filler),
		bytes('\n' + end(2) + '\n')
	]);
	expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(64 << 20);
	expect(got.events.map((event) => event.tsNs)).toEqual([1, 2]);
	expect(got.diagnostics).toMatchObject([
		{ reason: 'line-too-long', count: 1, first: [{ line: 2, byte: 18 }] }
	]);
	expect(LINE_LIMIT).toBe(1_048_576);
});

test('a time that runs backwards is kept at the former one, with its own beside it', () => {
	const got = scan([bytes([end(100), end(200), end(50), end(300)].join('\n'))]);
	expect(got.events.map((event) => event.tsNs)).toEqual([100, 200, 200, 300]);
	expect(got.events[2]?.extra).toEqual({ t_source: 50 });
	expect(got.diagnostics).toMatchObject([
		{ reason: 'time-backwards', severity: 'adjusted', count: 1, first: [{ line: 3, byte: 40 }] }
	]);
});

test('CRLF line ends lose nothing', () => {
	expect(scan([bytes(`${access}\r\n${end(9)}\r\n`)])).toMatchObject({
		diagnostics: [],
		events: [{ bytes: 16 }, { tsNs: 9 }]
	});
});

test('a line with NUL bytes is refused by name, its neighbours stay', () => {
	const got = scan([bytes(`${end(1)}\n{"t":2\0\0}\n${end(3)}\n`)]);
	expect(got.events).toHaveLength(2);
	expect(got.diagnostics[0]?.first[0]).toMatchObject({
		line: 2,
		message: 'the line holds NUL bytes',
		text: '{"t":2··}'
	});
});

test.each([
	['a vCPU id of 70,000', access.replace('"c":1', '"c":70000'), 'c 70000 is no whole number below 65535'],
	[
		'an ip beyond 2^64',
		access.replace('0xffffffff81072340', '0x10000000000000000'),
		'ip 0x10000000000000000 has more than 64 bits'
	],
	[
		'a gpa beyond 2^52',
		access.replace('0xfffff', '0x10000000000000'),
		'a 0x10000000000000 has more than 52 bits'
	]
])('%s is refused with its line and byte', (_, line, message) => {
	const got = scan([bytes(`${end(1)}\n${line}\n${end(9)}\n`)]);
	expect(got.events).toHaveLength(2);
	expect(got.diagnostics[0]?.first[0]).toMatchObject({ line: 2, byte: 18, message });
});

test('accesses before the first memslot and overlapping memslots are noted and kept', () => {
	const slot = (id: number, a: string) =>
		`{"t":5,"k":"create_slot","id":${id},"a":"${a}","npages":16,"flags":0}`;
	const got = scan([bytes([access, slot(1, '0x0'), slot(2, '0x8000'), slot(3, '0x10000')].join('\n'))]);
	expect(got.events).toHaveLength(4);
	expect(
		got.diagnostics.map(({ reason, severity, count, first }) => [reason, severity, count, first[0]?.line])
	).toEqual([
		['access-before-memslot', 'note', 1, 1],
		['overlapping-memslots', 'note', 2, 3]
	]);
});

test('native lines are recognised by content', () => {
	expect(detectFormat(bytes(access))?.name).toBe('native');
	expect(detectFormat(bytes('nothing of the kind\n'))).toBe(null);
});
