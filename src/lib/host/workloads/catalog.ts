import { hotplug } from './hotplug.ts';
import { introspection } from './introspection.ts';
import { migration } from './migration.ts';
import { mixed } from './mixed.ts';
import { retryStorm } from './retry-storm.ts';
import { shadowFork } from './shadow-fork.ts';
import { smm } from './smm.ts';
import { unpacker } from './unpacker.ts';
import { vgpu } from './vgpu.ts';
import type { Workload } from './workload.ts';

/** All workloads, in the order they are listed. */
export const WORKLOADS: readonly Workload[] = [
	introspection,
	unpacker,
	shadowFork,
	vgpu,
	hotplug,
	migration,
	smm,
	retryStorm,
	mixed
];

/** The workload of a name, undefined if there is none. */
export const findWorkload = (name: string): Workload | undefined =>
	WORKLOADS.find((workload) => workload.name === name);
