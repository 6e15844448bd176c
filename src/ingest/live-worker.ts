import { parentPort, workerData } from 'node:worker_threads';
import { openSqliteStore } from '#lib/server/store/sqlite/sqlite-store.ts';
import { LineAppender } from './append-lines.ts';
import { sendError, type FromLive, type LiveStart, type ToLive } from './live-protocol.ts';
import { warmUp } from './warm-up.ts';

const { databaseFile, warm } = workerData as LiveStart;
const store = await openSqliteStore(databaseFile);
if (warm) await warmUp();
const appenders = new Map<number, LineAppender>();

function appenderOf(key: number): LineAppender {
	const found = appenders.get(key);
	if (!found) throw new Error('the request is not open');
	return found;
}

async function handle(message: ToLive): Promise<FromLive> {
	const { key } = message;
	switch (message.type) {
		case 'open':
			appenders.set(key, await LineAppender.open(store, message.id, message.expected));
			return { type: 'taken', key };
		case 'chunk':
			await appenderOf(key).push(message.bytes);
			return { type: 'taken', key };
		case 'finish':
			return { type: 'receipt', key, receipt: await appenderOf(key).finish() };
		case 'abort':
			await appenderOf(key).abort();
			return { type: 'taken', key };
	}
}

parentPort?.on('message', (message: ToLive) => {
	const { key } = message;
	const last = message.type === 'finish' || message.type === 'abort';
	handle(message)
		.catch((error: unknown): FromLive => ({ type: 'failed', key, error: sendError(error) }))
		.then((answer) => {
			if (last || answer.type === 'failed') appenders.delete(key);
			parentPort?.postMessage(answer);
		}, console.error);
});
