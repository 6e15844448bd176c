/** Steps of `bench/host.ts` that are measured in a process of their own: prints a JSON object. */
import { simulationOptions } from '#lib/host/simulation/options.ts';
import { Simulation } from '#lib/host/simulation/simulation.ts';

const [workload = '', events = '', memory = ''] = process.argv.slice(2);

const gc = (globalThis as { gc?: () => void }).gc ?? (() => {});

/** Runs a workload into batches that nobody keeps. */
function simulate(events: number) {
	const simulation = new Simulation(
		simulationOptions({ workload, events, ...(memory ? { memoryMiB: Number(memory) } : {}) })
	);
	const began = process.cpuUsage();
	const wall = performance.now();
	for (const batch of simulation.batches()) simulation.recorder.recycle(batch);
	gc();
	const { heapUsed, arrayBuffers } = process.memoryUsage();
	const { user, system } = process.cpuUsage(began);
	return {
		events: simulation.recorder.events,
		notifications: simulation.recorder.notifications,
		cpuSeconds: (user + system) / 1e6,
		liveBytes: heapUsed + arrayBuffers,
		wallSeconds: (performance.now() - wall) / 1000
	};
}

simulate(Math.min(500_000, Number(events))); // the compiler has seen it all then
const result = simulate(Number(events));
console.log(JSON.stringify({ ...result, maxRss: process.resourceUsage().maxRSS * 1024 }));
