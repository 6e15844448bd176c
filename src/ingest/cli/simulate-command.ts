import cliProgress from 'cli-progress';
import { Command, InvalidArgumentError, Option } from 'commander';
import {
	LIMITS,
	rangeText,
	SimulationOptionError,
	simulationOptions,
	type SimulationOptions
} from '#lib/host/simulation/options.ts';
import { WORKLOADS } from '#lib/host/workloads/catalog.ts';
import { serverSink } from '../simulate/server-sink.ts';
import { playSimulation, simulationName, type PlaySummary } from '../simulate/simulate.ts';
import { fileSink, storeSink, type SimulationSink } from '../simulate/sink.ts';
import { count, databaseOption, duration, print, printJson, withStore } from './context.ts';
import { memoryMiB, timeNs, wholeNumber, wholeWithin } from './arguments.ts';

interface Options {
	list?: boolean;
	db: string;
	output?: string;
	rate?: number;
	server?: URL;
	token?: string;
	name?: string;
	seed?: number;
	vcpus?: number;
	memory?: number;
	events?: number;
	duration?: number;
	json?: boolean;
}

/** Reads a number of the simulation; what is none is refused with the values that are allowed. */
function number(option: 'seed' | 'vcpus' | 'events'): (text: string) => number {
	return (text) => {
		try {
			return wholeNumber(text);
		} catch {
			throw new SimulationOptionError(option, text, rangeText(LIMITS[option]));
		}
	};
}

function serverUrl(text: string): URL {
	const url = URL.parse(text);
	if (!url || !/^https?:$/.test(url.protocol))
		throw new InvalidArgumentError('it must be an address like http://127.0.0.1:3000.');
	return url;
}

/** `pagetrail simulate WORKLOAD` */
export const createSimulateCommand = (): Command =>
	new Command('simulate')
		.description('run a workload on the simulated host: into a session, a trace file or a running server')
		.argument('[workload]', `one of ${WORKLOADS.map(({ name }) => name).join(', ')}`)
		.option('--list', 'describe the workloads')
		.option(...databaseOption)
		.addOption(
			new Option(
				'-o, --output <file>',
				'write a native trace instead (.gz, .zst are packed; - for standard output)'
			).conflicts(['server', 'rate'])
		)
		.option('--rate <n>', 'play that many events a second into a running server', wholeWithin(1, 10_000_000))
		.option('--server <url>', 'the running server (default with --rate: http://127.0.0.1:3000)', serverUrl)
		.option('--token <secret>', "the server's token, if it asks for one")
		.option('--name <name>', "the session's name (default: workload and seed)")
		.option('--seed <n>', 'seed of all randomness (default: 1); same options, same bytes', number('seed'))
		.option('--vcpus <n>', "number of vCPUs (default: the workload's)", number('vcpus'))
		.option('--memory <size>', "memory of the guest, like 512M or 64G (default: the workload's)", memoryMiB)
		.option('--events <n>', 'end at about that many events (default: 200000)', number('events'))
		.option('--duration <time>', 'end after that simulated time, like 10s or 300ms', timeNs)
		.option('--json', 'print the summary as JSON')
		.action(async (workload: string | undefined, options: Options) => {
			if (options.list) return list(options.json ?? false);
			await simulate(wanted(workload, options), options);
		});

function wanted(workload: string | undefined, options: Options): SimulationOptions {
	return simulationOptions({
		workload: workload ?? '(none)',
		seed: options.seed,
		vcpus: options.vcpus,
		memoryMiB: options.memory,
		events: options.events,
		durationNs: options.duration
	});
}

function list(json: boolean): void {
	if (json)
		return printJson(
			WORKLOADS.map(({ name, summary, heatMap, memoryMiB: memory, vcpus }) => ({
				name,
				summary,
				heatMap,
				memoryMiB: memory,
				vcpus
			}))
		);
	for (const { name, summary, heatMap, memoryMiB: memory, vcpus } of WORKLOADS)
		print(
			`${name}\n    ${summary}\n    heat map: ${heatMap}\n    usual: ${memory.usual} MiB (at least ${memory.least}), ${vcpus.usual} vCPU${vcpus.usual > 1 ? 's' : ''}\n`
		);
}

async function simulate(wish: SimulationOptions, options: Options): Promise<void> {
	const name = options.name ?? simulationName(wish);
	if (options.output !== undefined) return play(wish, fileSink(options.output), options);
	if (options.server === undefined && options.rate === undefined)
		return withStore(options.db, async (store) => play(wish, await storeSink(store, name), options));
	const url = options.server ?? new URL('http://127.0.0.1:3000');
	const token = options.token ?? process.env.PAGETRAIL_TOKEN ?? null;
	return play(wish, await serverSink({ url, token }, name), options);
}

async function play(wish: SimulationOptions, sink: SimulationSink, options: Options): Promise<void> {
	const stop = new AbortController();
	// the first one ends the session properly, a second one at once
	process.once('SIGINT', () => stop.abort());
	const live = options.rate !== undefined || options.server !== undefined;
	if (live) process.stderr.write(`playing into ${sink.where}\n`);
	const bar = progressBar(wish);
	let summary: PlaySummary;
	try {
		summary = await playSimulation(wish, sink, {
			rate: options.rate,
			signal: stop.signal,
			onProgress: bar.update
		});
	} finally {
		bar.stop();
	}
	// standard output may be the trace itself
	const say = options.output === '-' ? (text: string) => void process.stderr.write(text + '\n') : print;
	if (options.json)
		say(JSON.stringify({ where: sink.where, workload: wish.workload.name, ...summary }, null, 2));
	else say(describe(sink.where, summary));
	if (!stop.signal.aborted) return;
	process.stderr.write('interrupted: the session is ended and valid\n');
	process.exitCode = 130;
}

function describe(where: string, { events, notifications, tsNs, seconds }: PlaySummary): string {
	const rate = count(Math.round(events / seconds));
	return `${where}: ${count(events)} events (${count(notifications)} notifications) in ${duration(tsNs, 'ns')} of simulated time, ${seconds.toFixed(2)} s (${rate} events/s)`;
}

/** A bar on stderr if that is a terminal: events or simulated time, whatever ends the session first. */
function progressBar(wish: SimulationOptions) {
	if (!process.stderr.isTTY) return { update: () => {}, stop: () => {} };
	const began = performance.now();
	const bar = new cliProgress.SingleBar({
		format: `${wish.workload.name} {bar} {percentage}% | {events} events, {rate}/s | {time} simulated | {eta} s left`,
		hideCursor: true,
		clearOnComplete: true
	});
	const payload = (events: number, tsNs: number) => ({
		events: count(events),
		rate: count(Math.round((events * 1000) / (performance.now() - began))),
		time: duration(tsNs, 'ns')
	});
	bar.start(1000, 0, payload(0, 0));
	return {
		update: ({ events, tsNs }: { events: number; tsNs: number }) =>
			bar.update(
				Math.min(1000, Math.floor(1000 * Math.max(events / wish.events, tsNs / wish.durationNs))),
				payload(events, tsNs)
			),
		stop: () => bar.stop()
	};
}
