import { compareOut, type Difference } from './compare.ts';
import { VectorDriver } from './driver.ts';
import { parseVector } from './vector.ts';

/** Where a sequence stopped matching. `error` is set when the model or the file refused the operation instead. */
export interface ReplayFailure {
	readonly i: number;
	readonly op: string;
	readonly difference?: Difference;
	readonly error?: string;
}

/** Result of one sequence; `failure` is its first difference, null if every operation gave what was recorded. */
export interface ReplayResult {
	readonly name: string;
	readonly ops: number;
	readonly failure: ReplayFailure | null;
}

/** Plays a `page-track/1` sequence on a fresh VM. Throws VectorFormatError for a file of another kind. */
export function replayVector(text: string): ReplayResult {
	const { header, ops } = parseVector(text);
	const driver = new VectorDriver(header.vm);
	const done = (failure: ReplayFailure | null) => ({ name: header.name, ops: ops.length, failure });
	for (const op of ops) {
		const at = { i: op.i, op: op.op };
		try {
			const difference = compareOut(op.out, driver.run(op));
			if (difference) return done({ ...at, difference });
		} catch (error) {
			return done({ ...at, error: error instanceof Error ? error.message : String(error) });
		}
	}
	return done(null);
}

const show = (value: unknown): string => (value === undefined ? 'nothing' : JSON.stringify(value));

/** One line about a failure: operation, place, expected and got. */
export function failureText({ i, op, difference, error }: ReplayFailure): string {
	if (!difference) return `operation ${i} ${op}: ${error ?? 'failed'}`;
	const { path, expected, got } = difference;
	return `operation ${i} ${op}: ${path} expected ${show(expected)}, got ${show(got)}`;
}
