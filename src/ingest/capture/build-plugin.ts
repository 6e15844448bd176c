import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile, rename, rm } from 'node:fs/promises';
import { homedir } from 'node:os';
import path from 'node:path';
import { CaptureError } from './errors.ts';

/** Where built plugins are kept: `$XDG_CACHE_HOME/pagetrail`, or `~/.cache/pagetrail`. */
export const cacheFolder = (): string =>
	path.join(process.env.XDG_CACHE_HOME || path.join(homedir(), '.cache'), 'pagetrail');

/** The program in PATH (or at its own path), null if it cannot be found. */
export function findProgram(name: string): string | null {
	if (name.includes('/')) return existsSync(name) ? name : null;
	const folders = (process.env.PATH ?? '').split(path.delimiter).filter(Boolean);
	return folders.map((folder) => path.join(folder, name)).find((file) => existsSync(file)) ?? null;
}

/** The C compiler: `$CC`, else the first of cc, gcc, clang; null without one. */
export function findCompiler(): string | null {
	const names = process.env.CC ? [process.env.CC] : ['cc', 'gcc', 'clang'];
	return names.map(findProgram).find((file) => file !== null) ?? null;
}

/**
 * The plugin's file (an absolute path), built from `sources` (the folder capture/qemu) unless the cache has it. Its name holds a digest
 * of the sources, so that another version of this package never gets an old plugin.
 * @throws {CaptureError} without a compiler, or with what the compiler said
 */
export async function buildPlugin(sources: string, cache = cacheFolder()): Promise<string> {
	const names = (await readdir(sources)).filter((name) => /\.[ch]$|^compiler-flags/.test(name)).sort();
	const digest = createHash('sha256').update(process.arch);
	for (const name of names) digest.update(name).update(await readFile(path.join(sources, name)));
	const target = path.resolve(cache, `pagetrack-${digest.digest('hex').slice(0, 16)}.so`);
	if (existsSync(target)) return target;
	const compiler = findCompiler();
	if (compiler === null)
		throw new CaptureError(
			`the plugin must be built once and there is no C compiler (${process.env.CC || 'cc, gcc, clang'}): install one ` +
				`(Debian: apt-get install gcc libc6-dev), or build it elsewhere with make -C ${sources} and give --plugin FILE`
		);
	await mkdir(cache, { recursive: true });
	const fresh = `${target}.${process.pid}`; // renamed when it is whole: two captures may build at once
	const cFiles = names.filter((name) => name.endsWith('.c'));
	try {
		await compile(compiler, ['@compiler-flags.txt', '-o', fresh, ...cFiles], sources);
		await rename(fresh, target);
	} finally {
		await rm(fresh, { force: true });
	}
	return target;
}

function compile(compiler: string, args: readonly string[], cwd: string): Promise<void> {
	return new Promise((resolve, reject) => {
		const child = spawn(compiler, args, { cwd, stdio: ['ignore', 'ignore', 'pipe'] });
		let said = '';
		child.stderr.on('data', (chunk: Buffer) => (said += chunk.toString()));
		child.on('error', reject);
		child.on('close', (code) => {
			if (code === 0) resolve();
			else reject(new CaptureError(`${compiler} could not build the plugin:\n${said.trimEnd()}`));
		});
	});
}
