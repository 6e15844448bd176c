import {
	chmodSync,
	copyFileSync,
	mkdirSync,
	mkdtempSync,
	readdirSync,
	readFileSync,
	rmSync,
	writeFileSync
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { NumberedEvent } from '#lib/domain/events.ts';
import { ACCESS_KINDS } from '#lib/domain/kinds.ts';
import { eventPages } from '#lib/server/query/events.ts';
import { heatMap } from '#lib/server/query/heat-map.ts';
import { stateView } from '#lib/server/query/state-view.ts';
import { timeline } from '#lib/server/query/timeline.ts';
import { openSqliteStore } from '#lib/server/store/sqlite/sqlite-store.ts';
import type { TraceStore } from '#lib/server/store/store.ts';
import { ingest } from '#ingest/ingest.ts';
import { brief, scan } from './scan.ts';

let folder = '';
let store: TraceStore;
const oldPath = process.env.PATH;
beforeAll(async () => {
	folder = mkdtempSync(path.join(tmpdir(), 'pagetrail-test-'));
	store = await openSqliteStore(path.join(folder, 'formats.db'));
});
afterAll(async () => {
	process.env.PATH = oldPath;
	await store.close();
	rmSync(folder, { recursive: true, force: true });
});
const file = (name: string, content: string | Uint8Array) => {
	const at = path.join(folder, name);
	writeFileSync(at, content);
	return at;
};
const sample = (name: string) => readFileSync(path.join('test/samples', name));
async function stored(id: string): Promise<string[]> {
	const all: NumberedEvent[] = [];
	for await (const page of eventPages(store, id)) all.push(...page);
	return all.map(brief);
}

test.each(['ftrace/loss.txt', 'csv/domain-names.csv'])(
	'%s is loaded under the name "unknown", with its format, and once only',
	async (name) => {
		const at = path.join(folder, 'unknown');
		copyFileSync(path.join('test/samples', name), at);
		const first = await ingest(store, { path: at });
		expect(await stored(first.session.id)).toEqual(scan(sample(name)).events.map(brief));
		expect(first.session.attributes.format).toBe(name.split('/')[0]);
		const [source] = await store.sourcesOf(first.session.id);
		expect(source?.format).toBe(name.split('/')[0]);
		expect(await ingest(store, { path: at })).toMatchObject({ added: 0, duplicate: true });
	}
);

const faults = (from: number, to: number) =>
	Array.from(
		{ length: to - from },
		(_, i) =>
			` CPU 0/KVM-1  [000] .... ${50 + from + i}.000000: kvm_page_fault: address ${(from + i).toString(16)}000 error_code 182\n` +
			(i % 7 ? '' : `CPU:0 [LOST ${i + 1} EVENTS]\n`)
	).join('');

test('a trace that grew is gone on with as if it had been whole', async () => {
	const at = file('grows.txt', '# tracer: nop\n' + faults(0, 200));
	const first = await ingest(store, { path: at });
	const whole = '# tracer: nop\n' + faults(0, 200) + faults(200, 300);
	file('grows.txt', whole);
	const second = await ingest(store, { path: at });
	expect(second.session.id).toBe(first.session.id);
	const events = await stored(first.session.id);
	// a loss in the last line is settled at the end of the first run, and again by the next event in one run
	const kinds = (lines: readonly string[]) => lines.filter((line) => line.includes('page_fault'));
	expect(kinds(events)).toEqual(kinds(scan(new TextEncoder().encode(whole)).events.map(brief)));
});

test('a stream is told by its content too, and given again it adds nothing', async () => {
	const bytes = new TextEncoder().encode('# tracer: nop\n' + faults(0, 400));
	const chunks = async function* () {
		for (let i = 0; i < bytes.length; i += 5000) yield await Promise.resolve(bytes.slice(i, i + 5000));
	};
	const first = await ingest(store, { chunks: chunks(), name: '-' });
	expect(first.session.attributes).toMatchObject({ format: 'ftrace', vendor: 'intel', vendor_assumed: true });
	const again = await ingest(store, { chunks: chunks(), name: '-' });
	expect(again).toMatchObject({ added: 0, duplicate: true, session: { id: first.session.id } });
});

test('a mode number is read as the kernel generation says, or not at all', async () => {
	const at = file('modes.txt', sample('ftrace/kprobe-modes-unknown.txt'));
	const unknown = await ingest(store, { path: at }, { name: 'modes-unknown' });
	expect((await stored(unknown.session.id)).slice(1)).toEqual(['200000 track_add mode=prewrite g=0x1236']);
	expect(unknown.diagnostics.find((each) => each.severity === 'rejected')?.first[0]?.message).toMatch(
		'mode 0 means different things in different kernels: say which with --generation'
	);
	const known = await ingest(store, { path: at }, { hints: { generation: 'rfc-v4' } });
	expect((await stored(known.session.id)).slice(1)).toEqual([
		'0 track_add mode=preread g=0x1234',
		'100000 track_add mode=write g=0x1235',
		'200000 track_add mode=prewrite g=0x1236'
	]);
	expect(known.session.attributes.generation).toBe('rfc-v4');
	const { known: can } = await stateView(store, known.session.id, known.session.events);
	expect(can.unknown).toContain('The virtual address of an access: callbacks get the physical one only.');
	const step = await ingest(store, { path: at }, { hints: { generation: 'research-sev-step' } });
	expect((await stored(step.session.id))[1]).toBe('0 track_add mode=write g=0x1234');
});

test.each([
	['trace-cmd-raw', 'decimal'],
	['trace-cmd-3.1.6-intel-raw', 'hex'],
	['trace-cmd-3.1.6-intel-kernel', undefined]
])('%s tells that its raw numbers are read as %s', async (name, numbers) => {
	const { session } = await ingest(store, { path: `test/samples/ftrace/${name}.txt` });
	expect(session.attributes.raw_numbers).toBe(numbers);
	const { known } = await stateView(store, session.id, session.events);
	const sentence = 'Raw numbers (trace-cmd report -R) without 0x: read as decimal, which is assumed.';
	expect(known.unknown.includes(sentence)).toBe(numbers === 'decimal');
});

test('a format that is forced wins over the content', async () => {
	const at = file('forced.txt', sample('ftrace/headless.txt'));
	await expect(ingest(store, { path: at }, { format: 'csv' })).rejects.toThrow(
		/holds no event of the format csv; the first line: the first row names no time and kind columns/
	);
	await expect(ingest(store, { path: at }, { format: 'what' })).rejects.toThrow(
		/there is no format what; known are/
	);
});

test('a .dat file without trace-cmd says what to do', async () => {
	process.env.PATH = folder;
	const at = file('trace.dat', Buffer.from('\x17\x08\x44tracing6\0'.padEnd(9000, 'x'), 'latin1'));
	await expect(ingest(store, { path: at })).rejects.toThrow(
		`${at}: is a trace-cmd file, and trace-cmd is not installed: install it, or make a text of it with "trace-cmd report -N -t -i FILE > trace.txt"`
	);
	process.env.PATH = oldPath;
});

test('a .dat file is read through trace-cmd report -N -t', async () => {
	// stands in for the program: shows what it was asked, then prints a report of the kind it prints
	const bin = path.join(folder, 'bin');
	mkdirSync(bin);
	const text = path.resolve('test/samples/ftrace/trace-cmd-kernel-ns.txt');
	writeFileSync(
		path.join(bin, 'trace-cmd'),
		`#!/bin/sh\n[ "$1 $2 $3 $4" = "report -N -t -i" ] && [ -f "$5" ] || { echo "bad usage: $*" >&2; exit 3; }\ncat '${text}'\n`
	);
	chmodSync(path.join(bin, 'trace-cmd'), 0o755);
	process.env.PATH = `${bin}:${oldPath}`;
	const content = Buffer.from('\x17\x08\x44tracing6\0'.padEnd(9000, 'y'), 'latin1');
	const summary = await ingest(store, { path: file('good.dat', content) });
	const expected = scan(sample('ftrace/trace-cmd-kernel-ns.txt')).events.map(brief);
	expect(await stored(summary.session.id)).toEqual(expected);
	const chunks = (async function* () {
		yield await Promise.resolve(content);
	})();
	const temporary = path.join(folder, 'temporary');
	mkdirSync(temporary);
	process.env.TMPDIR = temporary;
	expect(await ingest(store, { chunks, name: '-' })).toMatchObject({ added: 0, duplicate: true });
	expect(readdirSync(temporary)).toEqual([]);
	delete process.env.TMPDIR;
	process.env.PATH = oldPath;
});

test('losses become spans that timelines and heat maps return where they touch the window', async () => {
	const lines = [
		'{"t":0,"k":"session","version":1,"source":"test"}',
		'{"t":0,"k":"create_slot","id":0,"a":"0x0","npages":16,"flags":0}',
		'{"t":10,"c":0,"k":"write","a":"0x1000","n":8}',
		'{"t":100,"c":1,"k":"loss","count":90,"from":50}',
		'{"t":200,"k":"loss","count":5}',
		'{"t":300,"c":0,"k":"write","a":"0x2000","n":8}'
	];
	const { session } = await ingest(store, { path: file('losses.ndjson', lines.join('\n') + '\n') });
	expect(session).toMatchObject({ lost: { events: 2, count: 95, unknown: false }, coverage: 6 / 101 });
	const detail = await store.getSession(session.id);
	const one = { seq: 3, startNs: 50, endNs: 100, count: 90, vcpuId: 1 };
	const all = { seq: 4, startNs: 200, endNs: 200, count: 5, vcpuId: null };
	const at = async (from: number, to: number) => {
		const heat = await heatMap(store, detail, {
			...{ lane: 0, kinds: ACCESS_KINDS, time: { from, to }, gfn: { from: 0, to: 16 } },
			...{ columns: 10, rows: 4, value: 'sum' as const }
		});
		const line = await timeline(store, detail, { time: { from, to }, columns: 10, by: 'vcpu' });
		expect(line.loss).toEqual(heat.loss);
		return heat.loss;
	};
	expect(await at(0, 301)).toEqual([one, all]);
	expect(await at(0, 50)).toEqual([]);
	expect(await at(0, 51)).toEqual([one]);
	expect(await at(100, 200)).toEqual([one]);
	expect(await at(101, 200)).toEqual([]);
	expect(await at(200, 201)).toEqual([all]);
});
