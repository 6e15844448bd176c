import { parentPort, workerData } from 'node:worker_threads';
import { simulationOptions } from '#lib/host/simulation/options.ts';
import { openSqliteStore } from '#lib/server/store/sqlite/sqlite-store.ts';
import { playSimulation } from './simulate.ts';
import { storeSink } from './sink.ts';
import type { SimulateOrder, SimulateReply } from './simulate-client.ts';

const { databaseFile, request, name, rate } = workerData as SimulateOrder;
const reply = (message: SimulateReply) => parentPort?.postMessage(message);

const stop = new AbortController();
parentPort?.on('message', () => stop.abort());

const store = await openSqliteStore(databaseFile);
try {
	const sink = await storeSink(store, name);
	let told = false;
	const onProgress = () => {
		// not before there is something to see
		if (!told) reply({ type: 'session', id: sink.where });
		told = true;
	};
	await playSimulation(simulationOptions(request), sink, { rate, signal: stop.signal, onProgress });
	reply({ type: 'done' });
} catch (error) {
	const { name: kind, message } = error as Error;
	reply({ type: 'failed', name: kind, message });
} finally {
	await store.close();
	parentPort?.close();
}
