import { appendFileSync, createReadStream, createWriteStream, readFileSync } from 'node:fs';
import path from 'node:path';
import { pipeline } from 'node:stream/promises';
import { createZstdDecompress } from 'node:zlib';

export const ROOT = path.join(import.meta.dirname, '..');
/** The bundle that people run: a program that strips types while it loads needs more time and memory. */
export const CLI = path.join(ROOT, 'dist/cli.js');

/** Writes the medium capture's lines to `file`. */
export async function plainMedium(file: string): Promise<void> {
	const capture = path.join(ROOT, 'samples/medium-phases-2vcpu.ndjson.zst');
	await pipeline(createReadStream(capture), createZstdDecompress(), createWriteStream(file));
}

/**
 * Appends a capture's lines to `target` ten times, one after another in time: each copy is slower than the one
 * before, and every other one has its two vCPUs exchanged.
 */
export function tenTimes(plain: string, target: string): void {
	const lines = readFileSync(plain, 'utf8').trimEnd().split('\n');
	const length = Number(/"t":(\d+)/.exec(lines.at(-1) ?? '')?.[1]) + 1;
	let startNs = 0;
	for (let copy = 0; copy < 10; copy++) {
		const own =
			copy === 0 ? lines : lines.filter((line) => !/"k":"(session|vcpu|create_slot|flush_slot)"/.test(line));
		const slower = 1 + copy / 20;
		const varied = (line: string) =>
			line
				.replace(/"t":(\d+)/, (_, t: string) => `"t":${startNs + Math.floor(Number(t) * slower)}`)
				.replace(/"c":([01]),/, (_, c: string) => `"c":${(Number(c) + copy) % 2},`);
		for (let from = 0; from < own.length; from += 100_000)
			appendFileSync(
				target,
				own
					.slice(from, from + 100_000)
					.map(varied)
					.join('\n') + '\n'
			);
		startNs += Math.ceil(length * slower);
	}
}
