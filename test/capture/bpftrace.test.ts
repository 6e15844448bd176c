import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { afterAll, describe, expect, test } from 'vitest';
import { formatLine, parseLine } from '#lib/domain/native.ts';
import { findProgram } from '#ingest/capture/build-plugin.ts';

const run = promisify(execFile);
const script = (name: string) => readFileSync(`capture/bpftrace/${name}.bt`, 'utf8');
const sample = (name: string) => readFileSync(`test/samples/bpftrace/${name}`, 'utf8');

/** Programs as they are started: their texts put together. */
const PROGRAMS = {
	'pagetrack-4.6': script('pagetrack-4.6'),
	'pagetrack-6.6': script('pagetrack-6.6') + script('notifiers-6.6')
};

/** The lines that a program prints, as patterns: each conversion stands for what it can print. */
function printed(program: string): RegExp[] {
	return [...program.matchAll(/printf\("((?:[^"\\]|\\.)*)"/g)].map(([, text = '']) => {
		const line = JSON.parse(`"${text}"`) as string;
		expect(line.endsWith('\n')).toBe(true);
		const literal = line.trimEnd().replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
		return new RegExp(`^${literal.replace(/%llx/g, '[0-9a-f]+').replace(/%(llu|d)/g, '\\d+')}$`);
	});
}

describe.each(Object.entries(PROGRAMS))('%s', (name, program) => {
	const lines = sample(`${name}.ndjson`).trimEnd().split('\n');

	test('each line of the sample is one that the program prints, and each that it prints is in the sample', () => {
		const patterns = printed(program);
		for (const line of lines)
			expect(
				patterns.some((pattern) => pattern.test(line)),
				line
			).toBe(true);
		const unseen = patterns.filter((pattern) => !lines.some((line) => pattern.test(line)));
		const slots = /create_slot|flush_slot|move_slot|slot_flags|unregister/; // told once, in the sample of 6.6
		expect(unseen.filter((pattern) => !slots.test(pattern.source))).toEqual([]);
	});

	test('each line is an event of the native format, with no key that it does not know', () => {
		for (const line of lines) {
			const event = parseLine(line);
			expect(event.extra, line).toBeUndefined();
			// what is written again says the same; address space 0 is not written
			expect(JSON.parse(formatLine(event))).toEqual(JSON.parse(line.replace(',"as":0', '')));
		}
	});
});

test('fields of the sample are read as what the kernel meant', () => {
	const events = sample('pagetrack-6.6.ndjson').trimEnd().split('\n').map(parseLine);
	expect(events[2]).toMatchObject({ kind: 'memslot_create', slotId: 0, asId: 1, npages: 160 });
	expect(events[5]).toMatchObject({
		kind: 'page_fault',
		vcpuId: 1,
		gfn: 0x6,
		offset: 0xfd0,
		errorCode: 0x1_0000_0006n // bits: write, user, and 32: the guest's final address (PFERR_GUEST_FINAL_MASK)
	});
	expect(events[7]).toMatchObject({ kind: 'track_add', mode: 'write', gfn: 0x1a2b });
	expect(events[9]).toMatchObject({ kind: 'write', vcpuId: 1, gfn: 0x1a2b, offset: 0x18, bytes: 8 });
	expect(events.slice(11, 15).map((each) => each.kind)).toEqual([
		'memslot_flags',
		'memslot_move',
		'unregister',
		'memslot_delete'
	]);
});

test('bpftrace -f json wraps the same lines, and says how many events were lost', () => {
	const wrapped = sample('pagetrack-6.6.wrapped.ndjson')
		.trimEnd()
		.split('\n')
		.map((line) => JSON.parse(line) as { type: string; data: unknown });
	const text = wrapped.filter((each) => each.type === 'printf').map((each) => each.data as string);
	expect(text.join('')).toBe(sample('pagetrack-6.6.ndjson'));
	expect(wrapped.filter((each) => each.type === 'lost_events')).toEqual([
		{ type: 'lost_events', data: { events: 163 } }
	]);
});

const missing = findProgram('bpftrace')
	? null
	: 'bpftrace is not installed (Debian: apt-get install bpftrace)';
if (missing) console.warn(`skipped: the syntax of the bpftrace programs: ${missing}`);

describe.skipIf(missing)('bpftrace itself', { timeout: 60_000 }, () => {
	const folder = mkdtempSync(path.join(tmpdir(), 'pagetrail-test-'));
	afterAll(() => rmSync(folder, { recursive: true, force: true }));

	test.each(Object.entries(PROGRAMS))(
		'%s compiles to BPF code for every probe that it names',
		async (name, program) => {
			const file = path.join(folder, `${name}.bt`);
			writeFileSync(file, program);
			// -d compiles and attaches nothing, so it needs no kernel that allows tracing
			const { stdout } = await run('bpftrace', ['-d', file, '4145'], { maxBuffer: 1 << 26 });
			const probes = [...program.matchAll(/^(k(?:ret)?probe:\w+|BEGIN|END)$/gm)].map(([, probe]) => probe);
			expect(probes.length).toBeGreaterThanOrEqual(8);
			for (const probe of probes)
				expect(stdout).toContain(`define i64 @"${probe}"`.replace(/"(BEGIN|END)"/, '$1'));
		}
	);
});
