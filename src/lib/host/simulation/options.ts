import type { JsonObject } from '#lib/domain/events.ts';
import { findWorkload, WORKLOADS } from '../workloads/catalog.ts';
import type { Workload } from '../workloads/workload.ts';

/** Allowed ranges, both ends included. */
export const LIMITS = {
	seed: { from: 0, to: 2 ** 53 - 1 },
	vcpus: { from: 1, to: 256 },
	/** What the slots of the memory map hold: at most 2^31 - 1 pages each. */
	memoryMiB: { to: 4 * 1024 * 1024 },
	events: { from: 100, to: 1_000_000_000 },
	durationNs: { from: 1_000_000, to: 24 * 3600 * 1e9 }
} as const;

/** Events of a session that was not told how long to be. */
export const USUAL_EVENTS = 200_000;

/** An option that no simulation can have; the message says what is allowed. */
export class SimulationOptionError extends Error {
	readonly option: string;
	readonly value: unknown;
	constructor(option: string, value: unknown, allowed: string) {
		super(`${option} ${String(value)}: ${allowed}`);
		this.name = 'SimulationOptionError';
		this.option = option;
		this.value = value;
	}
}

/** What is asked for; whatever is absent has the workload's usual value. */
export interface SimulationRequest {
	readonly workload: string;
	readonly seed?: number | undefined;
	readonly vcpus?: number | undefined;
	readonly memoryMiB?: number | undefined;
	/** The session ends with the step that reaches this many events … */
	readonly events?: number | undefined;
	/** … or this simulated time, whatever comes first; with it alone there is no limit of events. */
	readonly durationNs?: number | undefined;
}

/** A request that was found possible, complete. */
export interface SimulationOptions {
	readonly workload: Workload;
	readonly seed: number;
	readonly vcpus: number;
	readonly memoryMiB: number;
	readonly events: number;
	/** Infinity if only events count. */
	readonly durationNs: number;
}

interface Range {
	readonly from: number;
	readonly to: number;
}

/** A range as messages tell it. */
export const rangeText = ({ from, to }: Range): string => `must be a whole number from ${from} to ${to}`;

function inRange(option: string, value: number, range: Range): number {
	if (Number.isSafeInteger(value) && value >= range.from && value <= range.to) return value;
	throw new SimulationOptionError(option, value, rangeText(range));
}

function memory(workload: Workload, asked: number | undefined): number {
	const { least, usual } = workload.memoryMiB;
	const value = asked ?? usual;
	if (Number.isSafeInteger(value) && value >= least && value <= LIMITS.memoryMiB.to) return value;
	throw new SimulationOptionError(
		'memory',
		`${value} MiB`,
		`does not fit the slots: ${workload.name} takes ${least} MiB to ${LIMITS.memoryMiB.to} MiB (4 TiB)`
	);
}

/** Completes a request. @throws {SimulationOptionError} with the allowed values */
export function simulationOptions(request: SimulationRequest): SimulationOptions {
	const workload = findWorkload(request.workload);
	if (!workload)
		throw new SimulationOptionError(
			'workload',
			request.workload,
			`must be one of ${WORKLOADS.map(({ name }) => name).join(', ')}`
		);
	const { seed, vcpus, events, durationNs } = request;
	const usualEvents = durationNs === undefined ? USUAL_EVENTS : LIMITS.events.to;
	return {
		workload,
		seed: inRange('seed', seed ?? 1, LIMITS.seed),
		vcpus: inRange('vcpus', vcpus ?? workload.vcpus.usual, LIMITS.vcpus),
		memoryMiB: memory(workload, request.memoryMiB),
		events: inRange('events', events ?? usualEvents, LIMITS.events),
		durationNs: durationNs === undefined ? Infinity : inRange('duration', durationNs, LIMITS.durationNs)
	};
}

/** Attributes of the session event. */
export const sessionAttributes = (options: SimulationOptions): JsonObject => ({
	version: 1,
	source: 'simulated-host',
	generation: 'rfc-v4',
	clock: 'ns',
	vcpus: options.vcpus,
	page_size: 4096,
	workload: options.workload.name,
	seed: options.seed,
	options: {
		memory_mib: options.memoryMiB,
		events: options.events,
		...(options.durationNs === Infinity ? {} : { duration_ns: options.durationNs })
	}
});
