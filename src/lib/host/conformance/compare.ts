import { isObject, type Json, type JsonObject } from './vector.ts';

/** Keys of an `out` whose rows have no order. */
const SETS: readonly string[] = ['track', 'lpage', 'spte'];

/** Where two values differ first, as `events[2].ret`, and the two. Absent values are undefined. */
export interface Difference {
	readonly path: string;
	readonly expected: Json | undefined;
	readonly got: Json | undefined;
}

function compareArrays(expected: readonly Json[], got: readonly Json[], path: string): Difference | null {
	for (let i = 0; i < Math.max(expected.length, got.length); i++) {
		const difference = compareJson(expected[i], got[i], `${path}[${i}]`);
		if (difference) return difference;
	}
	return null;
}

function compareObjects(expected: JsonObject, got: JsonObject, path: string): Difference | null {
	for (const key of new Set([...Object.keys(expected), ...Object.keys(got)])) {
		const difference = compareJson(expected[key], got[key], path ? `${path}.${key}` : key);
		if (difference) return difference;
	}
	return null;
}

/** First difference of two JSON values, null if there is none; the order of an object's keys does not count. */
export function compareJson(
	expected: Json | undefined,
	got: Json | undefined,
	path: string
): Difference | null {
	if (Array.isArray(expected) && Array.isArray(got)) return compareArrays(expected, got, path);
	if (isObject(expected) && isObject(got)) return compareObjects(expected, got, path);
	return expected === got ? null : { path, expected, got };
}

/** Rows in the order of their text. */
function sortSets(out: JsonObject): JsonObject {
	const sorted = { ...out };
	for (const key of SETS) {
		const rows = out[key];
		if (Array.isArray(rows)) sorted[key] = rows.map((row) => JSON.stringify(row)).sort();
	}
	return sorted;
}

/** First difference of two `out` values. */
export const compareOut = (expected: JsonObject, got: JsonObject): Difference | null =>
	compareJson(sortSets(expected), sortSets(got), '');
