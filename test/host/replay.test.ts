import { spawnSync } from 'node:child_process';
import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { compareOut } from '#lib/host/conformance/compare.ts';
import { failureText, replayVector } from '#lib/host/conformance/replay.ts';
import { parseVector, VectorFormatError } from '#lib/host/conformance/vector.ts';

const ROOT = join(import.meta.dirname, '../..');
const SAMPLE = join(ROOT, 'test/vectors/page-track/009-invalid-mode.jsonl');
const HEADER =
	'{"schema":"page-track/1","name":"x","theme":"x","vm":{"exec_only":true,"ad_bits":true,"direct_map":true,"protect":"spte"}}';

describe('a replay', () => {
	test('names operation, place, expected and got of the first difference', () => {
		const text = `${HEADER}\n{"i":7,"op":"is_active","in":{"vcpu":0,"gfn":1,"mode":0},"out":{"ret":true,"events":[]}}\n`;
		const { failure } = replayVector(text);
		expect(failure && failureText(failure)).toBe('operation 7 is_active: ret expected true, got false');
	});

	test('fails a sequence with an operation it does not know', () => {
		const { failure } = replayVector(`${HEADER}\n{"i":0,"op":"reboot","in":{},"out":{}}`);
		expect(failure && failureText(failure)).toBe('operation 0 reboot: unknown operation reboot');
	});

	test('fails an operation whose argument is missing instead of guessing one', () => {
		const { failure } = replayVector(`${HEADER}\n{"i":0,"op":"is_active","in":{"gfn":1,"mode":0},"out":{}}`);
		expect(failure?.error).toBe('in.vcpu is not a number');
	});

	test('takes a key that was not recorded for a difference', () => {
		expect(compareOut({}, { ret: 1 })).toEqual({ path: 'ret', expected: undefined, got: 1 });
	});

	test('does not mind the order of counters, counts and entries, but minds that of events', () => {
		expect(compareOut({ track: [[0], [1]] }, { track: [[1], [0]] })).toBeNull();
		expect(compareOut({ events: [{ e: 'a' }, { e: 'b' }] }, { events: [{ e: 'b' }, { e: 'a' }] })?.path).toBe(
			'events[0].e'
		);
	});

	test.each([
		['', 'line 1: the file is empty'],
		['{"schema":"other"}', 'line 1: the schema is not page-track/1'],
		[`${HEADER}\n\n{"i":0}`, 'line 3: i, op, in or out is missing'],
		[`${HEADER}\n[]`, 'line 2: not a JSON object']
	])('refuses %j and tells the line', (text, message) => {
		expect(() => parseVector(text)).toThrow(VectorFormatError);
		expect(() => parseVector(text)).toThrow(message);
	});
});

describe('the conformance command', () => {
	let dir = '';
	beforeEach(() => {
		dir = mkdtempSync(join(tmpdir(), 'conformance-'));
		copyFileSync(SAMPLE, join(dir, 'a.jsonl'));
	});
	afterEach(() => rmSync(dir, { recursive: true }));

	const run = (...args: string[]) =>
		spawnSync(process.execPath, ['src/ingest/conformance.ts', ...args], { cwd: ROOT, encoding: 'utf8' });

	test('closes with the sums and exits with 0 when all sequences pass', () => {
		const { stdout, status } = run(dir);
		expect(stdout).toBe('1 passed, 0 failed\n');
		expect(status).toBe(0);
	});

	test('prints a line for a failing sequence and exits with 1', () => {
		const wrong = readFileSync(SAMPLE, 'utf8').replace('"invalid-mode"}', '"counter-range"}');
		writeFileSync(join(dir, 'b.jsonl'), wrong);
		const { stdout, status } = run(dir);
		expect(stdout).toBe(
			'b.jsonl: operation 1 add_page: events[0].why expected "counter-range", got "invalid-mode"\n1 passed, 1 failed\n'
		);
		expect(status).toBe(1);
	});

	test('counts a file that is no sequence as failed', () => {
		writeFileSync(join(dir, 'b.jsonl'), 'hello');
		const { stdout, status } = run(dir);
		expect(stdout).toMatch(/^b\.jsonl: line 1: .*\n1 passed, 1 failed\n$/);
		expect(status).toBe(1);
	});

	test('exits with 1 for a folder that does not exist', () => {
		const { stderr, status } = run(join(dir, 'missing'));
		expect(stderr).toContain('ENOENT');
		expect(status).toBe(1);
	});
});
