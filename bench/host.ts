/** `npm run bench:host`: what the simulated host must reach. */
import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { replayVector } from '#lib/host/conformance/replay.ts';
import { missedBars, report } from './measure.ts';

const VECTORS = path.join(import.meta.dirname, '../test/vectors/page-track');
const STEP = path.join(import.meta.dirname, 'host-step.ts');
const ROUNDS = 3;

interface Step {
	readonly events: number;
	readonly notifications: number;
	readonly cpuSeconds: number;
	readonly wallSeconds: number;
	/** Memory in use at the end, after a collection. */
	readonly liveBytes: number;
	readonly maxRss: number;
}

function step(workload: string, events: number, memoryMiB?: number): Step {
	const args = [
		'--expose-gc',
		STEP,
		workload,
		String(events),
		...(memoryMiB === undefined ? [] : [String(memoryMiB)])
	];
	const { stdout, stderr, status } = spawnSync(process.execPath, args, { encoding: 'utf8' });
	if (status !== 0) throw new Error(stderr);
	return JSON.parse(stdout) as Step;
}

const millions = (value: number) => `${(value / 1e6).toFixed(2)} M/s`;
const megabytes = (bytes: number) => `${(bytes / 1e6).toFixed(0)} MB`;

/** CPU time, the best of some rounds: other work on the machine is not the simulated host's. */
function notificationRate(): void {
	const runs = Array.from({ length: ROUNDS }, () => step('introspection', 4_000_000));
	const best = runs.reduce((a, b) => (a.cpuSeconds < b.cpuSeconds ? a : b));
	const rate = best.notifications / best.cpuSeconds;
	report('notifications recorded, introspection', millions(rate), '1.50 M/s of one core', rate >= 1.5e6);
	const wall = Math.max(...runs.map(({ notifications, wallSeconds }) => notifications / wallSeconds));
	report('  by the clock', millions(wall), '(on an idle machine)', true);
	report('  events of all kinds', millions(best.events / best.cpuSeconds), '', true);
}

function memory(): void {
	const [short, long] = [step('mixed', 1_000_000), step('mixed', 16_000_000)];
	const pair = `${megabytes(short.liveBytes)}, ${megabytes(long.liveBytes)}`;
	const flat = long.liveBytes < short.liveBytes + 10e6;
	report('memory in use after 1 M and 16 M events, mixed', pair, 'equal, but for 10 MB', flat);
	report('  largest resident, garbage included', megabytes(long.maxRss), '300 MB', long.maxRss < 300e6);
	const { maxRss } = step('introspection', 2_000_000, 65_536);
	report('peak memory, introspection of 64 GiB', megabytes(maxRss), '200 MB', maxRss < 200e6);
}

function conformance(): void {
	const files = readdirSync(VECTORS).filter((name) => name.endsWith('.jsonl'));
	const passed = files.filter(
		(name) => !replayVector(readFileSync(path.join(VECTORS, name), 'utf8')).failure
	);
	report(
		"sequences of the kernel's code",
		`${passed.length} of ${files.length}`,
		'62 of 62',
		passed.length === 62
	);
}

notificationRate();
memory();
conformance();
process.exitCode = missedBars() > 0 ? 1 : 0;
