import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { gunzipSync, zstdDecompressSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { parseLine } from '#lib/domain/native.ts';
import { WORKLOADS } from '#lib/host/workloads/catalog.ts';
import { createSimulateCommand } from '#ingest/cli/simulate-command.ts';
import { openSqliteStore } from '#lib/server/store/sqlite/sqlite-store.ts';

const ROOT = path.join(import.meta.dirname, '../..');
let dir = '';
beforeAll(() => void (dir = mkdtempSync(path.join(tmpdir(), 'simulate-'))));
afterAll(() => rmSync(dir, { recursive: true }));

const main = path.join(ROOT, 'src/ingest/cli/main.ts');
/** The command as a process of its own. */
const run = (...args: string[]) =>
	spawnSync(process.execPath, [main, 'simulate', ...args], {
		cwd: dir,
		encoding: 'utf8',
		maxBuffer: 2 ** 26
	});
/** The command in this process; gives what it printed. */
async function inside(...args: string[]): Promise<string> {
	const printed: string[] = [];
	const write = vi
		.spyOn(process.stdout, 'write')
		.mockImplementation((text) => printed.push(String(text)) > 0);
	try {
		// options are kept by a command from one parse to the next
		await createSimulateCommand()
			.exitOverride()
			.configureOutput({ writeErr: () => {} })
			.parseAsync(args, { from: 'user' });
	} finally {
		write.mockRestore();
	}
	return printed.join('');
}
const bytes = (file: string) => readFileSync(path.join(dir, file));
const lastEvent = (text: string) => parseLine(text.trimEnd().split('\n').at(-1) ?? '');

describe('pagetrail simulate', () => {
	test('loads a session that is ended and whose projections a rebuild finds equal', async () => {
		const db = path.join(dir, 'a.db');
		expect(await inside('unpacker', '--db', db, '--events', '3000', '--seed', '9')).toMatch(
			/^unpacker-seed-9: 3,\d{3} events \(2,\d{3} notifications\) in \d/
		);
		const store = await openSqliteStore(db);
		const session = await store.getSession('unpacker-seed-9');
		expect(session).toMatchObject({ source: 'simulated-host', ended: true, clock: 'ns' });
		expect(session.attributes).toMatchObject({ generation: 'rfc-v4', workload: 'unpacker', seed: 9 });
		expect(session.events).toBeGreaterThanOrEqual(3000);
		const { checked } = await store.rebuild(session.id);
		expect(checked.filter(({ equal }) => !equal)).toEqual([]);
		await store.close();
	});

	test('writes the same trace to standard output, a file and packed files', async () => {
		const args = ['smm', '--events', '2000'];
		const { stdout, stderr, status } = run(...args, '-o', '-');
		expect(stderr).toMatch(/^standard output: 2,\d{3} events/);
		expect(status).toBe(0);
		for (const file of ['t.ndjson', 't.ndjson.gz', 't.ndjson.zst'])
			await inside(...args, '-o', path.join(dir, file));
		expect(bytes('t.ndjson').toString()).toBe(stdout);
		expect(gunzipSync(bytes('t.ndjson.gz')).toString()).toBe(stdout);
		expect(zstdDecompressSync(bytes('t.ndjson.zst')).toString()).toBe(stdout);
		expect(lastEvent(stdout).kind).toBe('end');
	});

	test('a duration ends it in simulated time', async () => {
		await inside('vgpu', '--duration', '300ms', '-o', path.join(dir, 'd.ndjson'));
		const last = lastEvent(bytes('d.ndjson').toString());
		expect(last).toMatchObject({ kind: 'end' });
		expect(last.tsNs).toBeGreaterThanOrEqual(300e6);
		expect(last.tsNs).toBeLessThan(340e6);
	});

	test('an interrupt leaves a whole trace that ends', async () => {
		const args = [main, 'simulate', 'smm', '--events', '1000000000', '-o', 'cut.ndjson'];
		const child = spawn(process.execPath, args, { cwd: dir, stdio: 'ignore' });
		const cut = path.join(dir, 'cut.ndjson');
		while (!existsSync(cut) || statSync(cut).size === 0) await setTimeout(50);
		child.kill('SIGINT');
		expect(await once(child, 'exit')).toEqual([130, null]);
		const text = bytes('cut.ndjson').toString();
		expect(text.endsWith('\n')).toBe(true);
		expect(lastEvent(text).kind).toBe('end');
	});

	test('describes every workload', async () => {
		const text = await inside('--list');
		for (const { name, summary, heatMap } of WORKLOADS)
			expect(text).toContain(`${name}\n    ${summary}\n    heat map: ${heatMap}\n`);
		expect(JSON.parse(await inside('--list', '--json'))).toHaveLength(WORKLOADS.length);
	});

	test('says what is wrong in one line and exits with 2', () => {
		const { stdout, stderr, status } = run('smm', '--seed', 'lucky');
		expect(stderr).toBe('pagetrail: seed lucky: must be a whole number from 0 to 9007199254740991\n');
		expect([stdout, status]).toEqual(['', 2]);
	});

	test.each([
		[['quake'], 'workload quake: must be one of introspection, unpacker, '],
		[[], 'workload (none): must be one of introspection, unpacker, '],
		[['smm', '--vcpus', '-1'], 'vcpus -1: must be a whole number from 1 to 256'],
		[['smm', '--events', '1e9'], 'events 1e9: must be a whole number from 100 to 1000000000'],
		[
			['mixed', '--memory', '64M'],
			'memory 64 MiB: does not fit the slots: mixed takes 128 MiB to 4194304 MiB'
		],
		[['smm', '--memory', 'much'], 'it must be a size like 512M, 64G or 1T.'],
		[['smm', '--server', 'nowhere'], 'it must be an address like http://127.0.0.1:3000.'],
		[['smm', '-o', 'x', '--rate', '5'], "'-o, --output <file>' cannot be used with option '--rate <n>'"],
		[['smm', '-o', 'no/such/folder/x'], 'ENOENT'],
		[['smm', '--server', 'http://127.0.0.1:1'], 'http://127.0.0.1:1 cannot be reached: ']
	])('refuses %j', async (args, message) => {
		await expect(inside(...args)).rejects.toThrow(message);
	});
});
