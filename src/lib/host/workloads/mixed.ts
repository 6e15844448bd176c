import { hotplug } from './hotplug.ts';
import { introspection } from './introspection.ts';
import { shadowFork } from './shadow-fork.ts';
import { smm } from './smm.ts';
import { unpacker } from './unpacker.ts';
import { vgpu } from './vgpu.ts';
import type { Workload } from './workload.ts';

/** With how often each gets a turn. */
const PARTS: readonly (readonly [Workload, number])[] = [
	[introspection, 5],
	[unpacker, 3],
	[shadowFork, 2],
	[vgpu, 2],
	[smm, 1],
	[hotplug, 1]
];
/** Turns in a row before another part has the machine. */
const TURNS = 40;

/**
 * Several things at once on one guest: introspection, unpacking, shadowed page tables, a virtual GPU, SMM and memory
 * hot-plug take turns, each with its own consumers and its own pages. Every emulated access is told to all consumers
 * that listen, not only to the one that tracks the page.
 */
export const mixed: Workload = {
	name: 'mixed',
	summary: 'introspection, unpacking, shadow paging, vGPU, SMM and hot-plug take turns on one guest',
	heatMap:
		'the patterns of all parts side by side, each in its own pages and lanes, in alternating stretches of time; one access shows several times because several consumers hear it',
	memoryMiB: { least: 128, usual: 1024 },
	vcpus: { usual: 4 },
	*run(guest) {
		const running = PARTS.map(([workload]) => workload.run(guest));
		const wheel = PARTS.flatMap(([, weight], part) => Array<number>(weight).fill(part));
		for (const part of running) {
			part.next();
			yield;
		}
		for (;;) {
			const part = running[wheel[guest.random.below(wheel.length)] ?? 0];
			for (let turn = 0; turn < TURNS; turn++) {
				part?.next();
				yield;
			}
		}
	}
};
