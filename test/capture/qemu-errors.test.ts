import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import { buildPlugin, cacheFolder, findCompiler } from '#ingest/capture/build-plugin.ts';
import { CaptureError } from '#ingest/capture/errors.ts';
import { startQemu } from '#ingest/capture/qemu-capture.ts';
import { BUILD_MS, missing, testPlugin } from './plugin.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'pagetrail-test-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
afterEach(() => vi.unstubAllEnvs());

const start = (...command: string[]) =>
	startQemu({ command, plugin: 'pagetrack.so', pluginArgs: [], marks: new Map(), stdout: 'stderr' });

test('without a compiler the message says what to install, and how to do without', async () => {
	vi.stubEnv('CC', '');
	vi.stubEnv('PATH', folder);
	await expect(buildPlugin('capture/qemu', path.join(folder, 'empty'))).rejects.toThrow(
		/no C compiler \(cc, gcc, clang\).*apt-get install gcc.*--plugin FILE/
	);
});

test('a plugin is kept under XDG_CACHE_HOME, else under ~/.cache', () => {
	vi.stubEnv('XDG_CACHE_HOME', '/var/tmp/caches');
	expect(cacheFolder()).toBe('/var/tmp/caches/pagetrail');
	vi.stubEnv('XDG_CACHE_HOME', '');
	vi.stubEnv('HOME', '/home/ada');
	expect(cacheFolder()).toBe('/home/ada/.cache/pagetrail');
});

test.skipIf(!findCompiler())('what the compiler says about broken sources is passed on', async () => {
	const sources = path.join(folder, 'broken');
	mkdirSync(sources);
	writeFileSync(path.join(sources, 'compiler-flags.txt'), '-shared -fPIC');
	writeFileSync(path.join(sources, 'a.c'), 'int f(void) { return nothing; }\n');
	await expect(buildPlugin(sources, folder)).rejects.toThrow(/could not build the plugin:\n.*a\.c:1:/s);
});

test.each([
	[[], 'no command'],
	[['qemu-system-x86_64', '-enable-kvm'], 'under TCG only'],
	[['qemu-system-x86_64', '-m', '64', '-accel', 'kvm'], 'under TCG only'],
	[['qemu-system-x86_64', '-daemonize'], 'must stay in the foreground'],
	[['/no/such/qemu'], '/no/such/qemu: there is no such program']
])('the command %j is refused', async (command, message) => {
	await expect(start(...command)).rejects.toThrow(CaptureError);
	await expect(start(...command)).rejects.toThrow(message);
});

if (missing) console.warn(`skipped: what the plugin says of wrong arguments: ${missing}`);

describe.skipIf(missing)('with QEMU', { timeout: 60_000 }, () => {
	let plugin = '';
	beforeAll(async () => {
		plugin = await testPlugin();
	}, BUILD_MS);

	test('a QEMU that ends before the guest began is told with its exit code', async () => {
		await expect(start('qemu-system-x86_64', '-display', 'none', '-no-such-option')).rejects.toThrow(
			'QEMU ended before the guest began (1)'
		);
	});

	test.each([
		['fd=x', 'fd=x: the number of an open socket is wanted'],
		['epoch=5', 'epoch=5: an epoch has at least 16384 instructions'],
		['epoch=-20000000', 'epoch=-20000000: an epoch has at least'],
		['policy=never', 'policy=never: the policy is rearm or always'],
		['clock=tsc', 'clock=tsc: the clock is host or insns'],
		['track=read:0x0-0xfff', 'track=read:0x0-0xfff: all, or MODE:LO-HI joined by +'],
		['track=write:0x2000-0x1000', 'all, or MODE:LO-HI'],
		['track=write:0x0-0x4000000000', 'all, or MODE:LO-HI'],
		['colour=red', 'colour=red: no such argument; there are fd, policy, clock, epoch and track'],
		['policy=rearm', 'fd: is missing']
	])('the plugin argument %s ends QEMU with the reason', async (argument, message) => {
		const args = ['-display', 'none', '-plugin', `${plugin},${argument}`];
		const said = await new Promise<string>((resolve) =>
			execFile('qemu-system-x86_64', args, { timeout: 30_000 }, (error, _, stderr) =>
				resolve(`${error?.code === 1 ? '' : 'did not fail: '}${stderr}`)
			)
		);
		expect(said).toContain(`pagetrack: ${message}`.replace(/pagetrack: all/, 'all'));
		expect(said).not.toContain('did not fail');
	});
});
