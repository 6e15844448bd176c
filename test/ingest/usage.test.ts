import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';

const cwd = mkdtempSync(path.join(tmpdir(), 'pagetrail-test-'));
const main = path.resolve('src/ingest/cli/main.ts');
const pagetrail = (...args: string[]) =>
	spawnSync(process.execPath, [main, ...args], { cwd, encoding: 'utf8', input: '' });
beforeAll(() => {
	writeFileSync(path.join(cwd, 'poem.txt'), 'roses are red\n');
	const lines = [
		'{"t":0,"k":"session","version":1}',
		'{"t":0,"k":"create_slot","id":0,"a":"0x100000","npages":16,"flags":0}',
		'{"t":10,"c":0,"k":"write","a":"0x100000"}'
	];
	writeFileSync(path.join(cwd, 'one.ndjson'), lines.join('\n') + '\n');
	expect(pagetrail('ingest', 'one.ndjson').status).toBe(0);
});
afterAll(() => rmSync(cwd, { recursive: true, force: true }));

const ONE_OF_TWO = (option: string, other: string) =>
	`error: option '${option}' cannot be used with option '${other}'`;

test.each([
	['ingest --follow poem.txt one.ndjson', 'error: --follow takes one file'],
	['state one --seq 1 --time 1s', ONE_OF_TWO('--seq <n>', '--time <t>')],
	['state one --time noon', 'it must be a time like 12.5s'],
	['heatmap one --slot 0 --lane 0', ONE_OF_TWO('--slot <id>', '--lane <n>')],
	['heatmap one --value most', 'Allowed choices are sum, pages.'],
	['serve --port 99999', 'it must be a whole number from 0 to 65535.'],
	['simulate mixed --rate 0', 'it must be a whole number from 1 to 10000000.']
])('%s is wrong usage', (line, message) => {
	const { status, stderr } = pagetrail(...line.split(' '));
	expect(stderr).toContain(message);
	expect(stderr).toMatch(/\n\(see --help\)\n$/);
	expect(status).toBe(2);
});

test.each([
	['ingest nowhere.txt', 'nowhere.txt: there is no such file'],
	['ingest poem.txt', 'poem.txt: holds no event of a known format (pagetrail formats lists them)'],
	['sessions --db no.db', 'no.db: there is no such database: pagetrail ingest makes it'],
	['ingest one.ndjson --db no/such.db', 'no/such.db: its folder does not exist'],
	['state two', 'there is no session two\nhint: pagetrail sessions lists them'],
	['state one --seq 9', 'session one ends at seq 3'],
	['heatmap one --slot 9', 'session one never had a memslot 9'],
	['heatmap one --from 9s --to 1s', 'the window of session one is empty: its end is not after its start'],
	['export one --from 9', 'session one ends at seq 3'],
	['export one --from 2 --to 1', '--from 2 is beyond --to 1'],
	['export one -o no/such.ndjson', 'no/such.ndjson: there is no such file or folder'],
	['simulate mixed --events 100 -o .', '.: is a folder']
])('%s fails in one line that says why', (line, message) => {
	const { status, stderr } = pagetrail(...line.split(' '));
	expect(stderr).toBe(`pagetrail: ${message}\n`);
	expect(status).toBe(1);
});
