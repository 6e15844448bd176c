import fc from 'fast-check';
import { expect, test } from 'vitest';
import { batchOf, eventAt } from '#lib/domain/batch-events.ts';
import { formatLine } from '#lib/domain/native.ts';
import { simulationOptions } from '#lib/host/simulation/options.ts';
import { Simulation } from '#lib/host/simulation/simulation.ts';
import { formatBatch } from '#ingest/native-text.ts';
import { anySession } from '../arbitrary.ts';

test('a batch as text is what its events are line by line, whatever they hold', () => {
	fc.assert(
		fc.property(anySession(60), (events) => {
			expect(formatBatch(batchOf(events))).toBe(events.map((event) => formatLine(event) + '\n').join(''));
		})
	);
});

test('a recorded batch as text is what its events are line by line', () => {
	const options = simulationOptions({ workload: 'mixed', events: 5000 });
	for (const batch of new Simulation(options).batches()) {
		const lines = Array.from({ length: batch.length }, (_, i) => formatLine(eventAt(batch, i, 0)) + '\n');
		expect(formatBatch(batch)).toBe(lines.join(''));
	}
});
