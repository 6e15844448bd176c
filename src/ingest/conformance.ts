import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { failureText, replayVector } from '#lib/host/conformance/replay.ts';

const DEFAULT_DIR = join(import.meta.dirname, '../../test/vectors/page-track');

/** What is wrong with a sequence file, or null if the model does exactly what was recorded. */
function check(path: string): string | null {
	try {
		const { failure } = replayVector(readFileSync(path, 'utf8'));
		return failure && failureText(failure);
	} catch (error) {
		return error instanceof Error ? error.message : String(error);
	}
}

/** Sequence files of a folder, in the order of their names. */
const sequences = (dir: string): string[] =>
	readdirSync(dir)
		.filter((name) => name.endsWith('.jsonl'))
		.sort();

/** Replays a folder, prints a line for each failing sequence and the sums; true if all passed. */
function main(dir: string): boolean {
	const names = sequences(dir);
	let failed = 0;
	for (const name of names) {
		const wrong = check(join(dir, name));
		if (wrong === null) continue;
		failed++;
		console.log(`${name}: ${wrong}`);
	}
	console.log(`${names.length - failed} passed, ${failed} failed`);
	return failed === 0 && names.length > 0;
}

try {
	process.exitCode = main(process.argv[2] ?? DEFAULT_DIR) ? 0 : 1;
} catch (error) {
	console.error(error instanceof Error ? error.message : String(error));
	process.exitCode = 1;
}
