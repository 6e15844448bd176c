import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { evolve } from '#lib/domain/evolve.ts';
import { initialState } from '#lib/domain/state.ts';
import { FORMATS, formatByName } from '#ingest/formats/registry.ts';
import { counted, report, scan } from './scan.ts';

const FOLDER = 'test/samples';
const folderOf = (file: string) => file.split(path.sep)[0];
/** What a script prints without a wrapper are native lines. */
const formatOf = (file: string) =>
	file.endsWith('.ndjson') && !file.includes('.wrapped.') ? 'native' : folderOf(file);
const samples = readdirSync(FOLDER, { recursive: true, encoding: 'utf8' })
	.filter((file) => /\.(txt|csv|json|ndjson)$/.test(file))
	.filter((file) => FORMATS.some((format) => format.name === folderOf(file)))
	.sort();
const read = (file: string) => readFileSync(path.join(FOLDER, file));

test('every format has a sample', () => {
	const sampled = new Set(samples.map(folderOf));
	expect(FORMATS.map((format) => format.name).filter((name) => !sampled.has(name))).toEqual([]);
	expect(samples.length).toBeGreaterThan(40);
});

// only the content is handed over: a name that says nothing ("unknown") gives the same
describe.each(samples)('%s', (file) => {
	const scanned = scan(read(file));

	test('is told by its content alone', () => {
		expect(scanned.format).toBe(formatOf(file));
	});

	test('gives each line as an event, a known line without one, or a counted rejection', () => {
		const text = read(file).toString();
		const lines = text.split('\n').length - (text.endsWith('\n') ? 1 : 0);
		expect(scanned.lines).toBe(lines);
		expect(scanned.eventLines + counted(scanned, 'skipped') + counted(scanned, 'rejected')).toBe(lines);
		expect(scanned.byte).toBe(read(file).length);
	});

	test('gives the events and diagnostics that were worked out by hand', () => {
		const expected = path.join(FOLDER, file + '.expected');
		expect(report(scanned)).toBe(readFileSync(expected, 'utf8'));
	});

	test('gives the same in chunks of 100 bytes, in batches of one event', () => {
		expect(report(scan(read(file), { chunk: 100, batchEvents: 1, head: read(file) }))).toBe(report(scanned));
	});

	test('goes on after any of its lines as if nothing had happened', () => {
		const bytes = read(file);
		const text = bytes.toString();
		const format = formatByName(scanned.format);
		const shared = { format, head: bytes, batchEvents: 16 };
		const plain = (events: readonly object[]) => events.map((event) => ({ ...event, seq: 0 }));
		for (let at = text.indexOf('\n') + 1; at > 0; at = text.indexOf('\n', at) + 1) {
			const byte = Buffer.byteLength(text.slice(0, at));
			const before = scan(bytes.subarray(0, byte), { ...shared, keep: true });
			const lastNs = before.events.at(-1)?.tsNs ?? 0;
			const after = format.seekable
				? scan(bytes.subarray(byte), { ...shared, byte, line: before.lines, lastNs })
				: scan(bytes, { ...shared, replay: { byte, complete: false } });
			expect(plain([...before.events, ...after.events])).toEqual(plain(scanned.events));
		}
	});
});

/** `[start, end)` of the ranges that the monitor's `info mtree -f` marks as KVM slots, in gpa order. */
function mtreeRanges(file: string): string[] {
	const text = readFileSync(path.join(FOLDER, 'qemu-log', file), 'utf8');
	return [...text.matchAll(/^ *([\da-f]{16})-([\da-f]{16}) .* KVM$/gm)].map(
		([, from, to]) => `${parseInt(from ?? '', 16)}-${parseInt(to ?? '', 16) + 1}`
	);
}

test.each(['pc-256m', 'pc-4g-hotplug', 'q35-2g'])(
	'the memslots of %s end as QEMU’s monitor lists them',
	(name) => {
		const state = initialState();
		for (const event of scan(read(`qemu-log/${name}.txt`)).events) evolve(state, event);
		const ranges = [...state.memslots.values()]
			.sort((a, b) => a.baseGfn - b.baseGfn)
			.map((slot) => `${slot.baseGfn * 4096}-${(slot.baseGfn + slot.npages) * 4096}`);
		expect(ranges).toEqual(mtreeRanges(`${name}.mtree`));
	}
);
