import { buildPlugin, findCompiler, findProgram } from '#ingest/capture/build-plugin.ts';

/** Why no guest can be recorded here; null if one can. */
export const missing: string | null = !findProgram('qemu-system-x86_64')
	? 'qemu-system-x86_64 is not installed (Debian: apt-get install qemu-system-x86)'
	: !findCompiler()
		? 'there is no C compiler (Debian: apt-get install gcc libc6-dev)'
		: null;

/** The plugin, built once for all test files and runs. */
export const testPlugin = (): Promise<string> => buildPlugin('capture/qemu', 'node_modules/.cache/pagetrail');

/** Vitest's limit for a hook that builds: a busy machine takes its time. */
export const BUILD_MS = 60_000;
