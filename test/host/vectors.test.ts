import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { failureText, replayVector } from '#lib/host/conformance/replay.ts';

const DIR = join(import.meta.dirname, '../vectors/page-track');
const files = readdirSync(DIR).filter((name) => name.endsWith('.jsonl'));

describe('the simulated host', () => {
	test('has the 62 recorded sequences to answer for', () => {
		expect(files).toHaveLength(62);
	});

	test.for(files)('does in %s exactly what the kernel did', (name) => {
		const { failure, ops } = replayVector(readFileSync(join(DIR, name), 'utf8'));
		expect(failure && failureText(failure)).toBeNull();
		expect(ops).toBeGreaterThan(0);
	});
});
