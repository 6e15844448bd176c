import { once } from 'node:events';
import { setTimeout } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import { simulationOptions, type SimulationRequest } from '#lib/host/simulation/options.ts';
import { workerFile } from '../worker-file.ts';
import { simulationName } from './simulate.ts';

export interface SimulateOrder {
	readonly databaseFile: string;
	readonly request: SimulationRequest;
	readonly name: string;
	/** Events a second; as fast as it goes if undefined. */
	readonly rate: number | undefined;
}
export type SimulateReply =
	| { readonly type: 'session'; readonly id: string }
	| { readonly type: 'done' }
	| { readonly type: 'failed'; readonly name: string; readonly message: string };

/** Most simulations that run at a time, unless told otherwise. */
const MOST = 4;
/** A run that is over within this is waited for, so that its caller gets the whole session. */
const PATIENCE_MS = 1500;

/** The server runs as many simulations as it may; nothing was started. */
export class TooManySimulationsError extends Error {
	readonly running: number;
	constructor(running: number) {
		super(
			`the server runs no more than ${running} simulations at a time: wait for one to end, or delete its session`
		);
		this.name = 'TooManySimulationsError';
		this.running = running;
	}
}

/** Simulations in worker threads, each with a store connection of its own, so that the server goes on answering. */
export class Simulations {
	readonly #databaseFile: string;
	readonly #most: number;
	readonly #running = new Set<Worker>();

	constructor(databaseFile: string, most = MOST) {
		this.#databaseFile = databaseFile;
		this.#most = most;
	}

	/**
	 * Starts one and returns its session's id: when it is over, or while it goes on if that takes longer.
	 * @throws {SimulationOptionError} for what cannot be simulated
	 * @throws {TooManySimulationsError}
	 */
	async start(
		request: SimulationRequest,
		{ name, rate }: { readonly name?: string | undefined; readonly rate?: number | undefined } = {}
	): Promise<string> {
		const options = simulationOptions(request);
		if (this.#running.size >= this.#most) throw new TooManySimulationsError(this.#most);
		const order: SimulateOrder = {
			databaseFile: this.#databaseFile,
			request,
			name: name ?? simulationName(options),
			rate
		};
		const worker = new Worker(workerFile('simulate-worker'), { workerData: order });
		this.#running.add(worker);
		const over = new Promise<void>((resolve) =>
			worker.once('exit', () => {
				this.#running.delete(worker);
				resolve();
			})
		);
		const id = await sessionOf(worker);
		await Promise.race([over, setTimeout(PATIENCE_MS, undefined, { ref: false })]);
		return id;
	}

	/** Ends all that run, each with a proper end; waits for them. */
	async close(): Promise<void> {
		const all = [...this.#running].map((worker) => {
			worker.postMessage('stop');
			return once(worker, 'exit');
		});
		await Promise.all(all);
	}
}

/** Resolves with the id of a worker's session once the first events are in it. A failure after that ends its session where it is. */
function sessionOf(worker: Worker): Promise<string> {
	return new Promise((resolve, reject) => {
		worker.on('message', (reply: SimulateReply) => {
			if (reply.type === 'session') resolve(reply.id);
			if (reply.type !== 'failed') return;
			// a session that was deleted meanwhile ends its simulation: that is how one is stopped
			if (reply.name !== 'NoSuchSessionError') console.error(`simulation failed: ${reply.message}`);
			reject(Object.assign(new Error(reply.message), { name: reply.name }));
		});
		worker.on('error', reject);
		worker.on('exit', () => reject(new Error('the simulation ended early')));
	});
}
