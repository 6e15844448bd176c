import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { formatLine } from '#lib/domain/native.ts';
import { simulationOptions } from '#lib/host/simulation/options.ts';
import { Simulation } from '#lib/host/simulation/simulation.ts';
import { eventPages } from '#lib/server/query/events.ts';
import { formatBatch } from '#ingest/native-text.ts';
import { ServerError, serverSink } from '#ingest/simulate/server-sink.ts';
import { playSimulation } from '#ingest/simulate/simulate.ts';
import { serve, type TestServer } from '../live/serve.ts';

let dir = '';
let server: TestServer;
beforeEach(async () => {
	dir = mkdtempSync(path.join(tmpdir(), 'played-'));
	server = await serve(path.join(dir, 'a.db'));
});
afterEach(async () => {
	await server.close();
	rmSync(dir, { recursive: true });
});

const address = () => ({ url: new URL(new URL(server.url).origin), token: null });
async function stored(id: string): Promise<string> {
	let text = '';
	for await (const page of eventPages(server.store, id))
		for (const event of page) text += formatLine(event) + '\n';
	return text;
}

test('what is played into a running server is there byte for byte, at the rate that was asked for', async () => {
	const options = simulationOptions({ workload: 'mixed', seed: 6, events: 4000 });
	const sink = await serverSink(address(), 'mixed live');
	expect(sink.where).toBe(`${address().url.origin}/sessions/mixed-live`);
	const { events, seconds } = await playSimulation(options, sink, { rate: 8000 });
	expect(events / seconds).toBeLessThan(8000 * 1.02);
	let text = '';
	for (const batch of new Simulation(options).batches()) text += formatBatch(batch);
	expect(await stored('mixed-live')).toBe(text);
	expect(await server.store.getSession('mixed-live')).toMatchObject({
		events,
		ended: true,
		rejectedLines: 0
	});
});

test('an interrupt ends the session on the server, however slow it is played', async () => {
	const stop = new AbortController();
	const sink = await serverSink(address(), 'cut');
	const options = simulationOptions({ workload: 'smm', events: 1_000_000 });
	const onProgress = () => stop.abort();
	const { events } = await playSimulation(options, sink, { rate: 100, signal: stop.signal, onProgress });
	expect(events).toBeLessThan(1000);
	expect(await server.store.getSession('cut')).toMatchObject({ events, ended: true });
});

test('a session that was deleted while it was played is told as what it is', async () => {
	const sink = await serverSink(address(), 'gone');
	await server.store.deleteSession('gone');
	const options = simulationOptions({ workload: 'vgpu', events: 1000 });
	const failed = playSimulation(options, sink);
	await expect(failed).rejects.toThrow(ServerError);
	await expect(failed).rejects.toMatchObject({ status: 404 });
});
