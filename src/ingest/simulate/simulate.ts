import { setImmediate, setTimeout } from 'node:timers/promises';
import { RECORDER_BATCH } from '#lib/host/recorder.ts';
import { Simulation } from '#lib/host/simulation/simulation.ts';
import type { SimulationOptions } from '#lib/host/simulation/options.ts';
import type { SimulationSink } from './sink.ts';

/** Batches a second while events are played at a rate. */
const BEATS = 8;

export interface PlayOptions {
	/** Events a second; as fast as it goes if absent. */
	readonly rate?: number | undefined;
	readonly onProgress?: ((progress: PlayProgress) => void) | undefined;
	/** Ends the session early: what was simulated stays, and it ends as a session must. */
	readonly signal?: AbortSignal | undefined;
}

export interface PlayProgress {
	readonly events: number;
	/** Simulated time. */
	readonly tsNs: number;
}

export interface PlaySummary {
	readonly events: number;
	readonly notifications: number;
	readonly tsNs: number;
	readonly seconds: number;
}

/** Events per batch: whole segments, or what is due in a beat. */
const batchEvents = (rate: number | undefined): number =>
	rate === undefined ? RECORDER_BATCH : Math.min(RECORDER_BATCH, Math.max(1, Math.round(rate / BEATS)));

/** Name of a session that was given none. */
export const simulationName = ({ workload, seed }: SimulationOptions): string =>
	`${workload.name} seed ${seed}`;

/** Runs a simulation into a sink, at a rate if asked for; memory does not depend on its length. */
export async function playSimulation(
	options: SimulationOptions,
	sink: SimulationSink,
	{ rate, onProgress, signal }: PlayOptions = {}
): Promise<PlaySummary> {
	const simulation = new Simulation(options, { batchEvents: batchEvents(rate) });
	const { recorder } = simulation;
	const began = performance.now();
	let events = 0;
	const stop = () => simulation.stop();
	signal?.addEventListener('abort', stop, { once: true });
	try {
		for (const batch of simulation.batches()) {
			await sink.write(batch);
			events += batch.length;
			recorder.recycle(batch);
			onProgress?.({ events, tsNs: recorder.now });
			await due(rate === undefined ? 0 : began + (events / rate) * 1000 - performance.now(), signal);
		}
		await sink.end();
	} finally {
		signal?.removeEventListener('abort', stop);
	}
	const seconds = (performance.now() - began) / 1000;
	return { events, notifications: recorder.notifications, tsNs: recorder.now, seconds };
}

/** Waits, and lets signals and other work in even if there is nothing to wait for; an abort ends the waiting. */
async function due(ms: number, signal: AbortSignal | undefined): Promise<void> {
	if (ms <= 0 || signal?.aborted) return setImmediate();
	await setTimeout(ms, undefined, signal ? { signal } : {}).catch(() => {});
}
