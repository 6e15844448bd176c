import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, expect, test } from 'vitest';
import type { IngestSummary } from '#lib/api/types.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'pagetrail-test-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const pagetrail = (...args: string[]) =>
	spawnSync(process.execPath, ['src/ingest/cli/main.ts', ...args], { encoding: 'utf8' });

test('ingest says what became of every line, as text and as JSON', () => {
	const file = 'test/samples/ftrace/defects.txt';
	const lines = readFileSync(file, 'latin1').trimEnd().split('\n').length;
	const json = pagetrail('ingest', '--json', '--db', path.join(folder, 'json.db'), file);
	expect(json.status).toBe(0);
	const summary = JSON.parse(json.stdout) as IngestSummary;
	expect(summary.lines).toBe(lines);
	expect(summary.rejectedLines).toBe(summary.session.rejectedLines);
	expect(summary.eventLines + summary.skippedLines + summary.rejectedLines).toBe(lines);
	expect(Math.min(summary.eventLines, summary.skippedLines, summary.rejectedLines)).toBeGreaterThan(0);
	const text = pagetrail('ingest', '--db', path.join(folder, 'text.db'), file);
	expect(text.stdout).toContain(
		`lines: ${summary.eventLines} gave events + ${summary.skippedLines} skipped + ${summary.rejectedLines} rejected = ${lines}\n`
	);
});

test('ingest says how raw numbers are read', () => {
	const text = (name: string) =>
		pagetrail('ingest', '--db', path.join(folder, 'raw.db'), `test/samples/ftrace/${name}.txt`).stdout;
	expect(text('trace-cmd-raw')).toContain('\n  raw numbers without 0x decimal (assumed)\n');
	expect(text('trace-cmd-3.1.6-intel-raw')).toContain('\n  raw numbers without 0x hex\n');
});

test('--version is that of the package', () => {
	const { version } = JSON.parse(readFileSync('package.json', 'utf8')) as { version: string };
	expect(pagetrail('--version')).toMatchObject({ status: 0, stdout: `${version}\n` });
});
