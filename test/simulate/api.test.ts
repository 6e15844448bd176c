import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { SessionDetail, WorkloadList } from '#lib/api/types.ts';
import { WORKLOADS } from '#lib/host/workloads/catalog.ts';
import { api } from '#lib/server/api/api.ts';
import { openSqliteStore, type SqliteStore } from '#lib/server/store/sqlite/sqlite-store.ts';
import { Simulations } from '#ingest/simulate/simulate-client.ts';

let dir = '';
let store: SqliteStore;
let simulations: Simulations;

beforeEach(async () => {
	dir = await mkdtemp(path.join(tmpdir(), 'simulations-'));
	const file = path.join(dir, 'a.db');
	store = await openSqliteStore(file);
	simulations = new Simulations(file, 1);
});
afterEach(async () => {
	await simulations.close();
	await store.close();
	await rm(dir, { recursive: true });
});

const post = (body: unknown) =>
	api.request(
		'/api/v1/simulations',
		{ method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) },
		{ store, simulate: (...wish: Parameters<Simulations['start']>) => simulations.start(...wish) }
	);
const started = async (body: unknown) => {
	const response = await post(body);
	expect(response.status).toBe(201);
	return ((await response.json()) as { session: SessionDetail }).session;
};

describe('the simulations API', () => {
	test('lists every workload with the ranges of its options', async () => {
		const { workloads } = (await (
			await api.request('/api/v1/workloads', {}, { store })
		).json()) as WorkloadList;
		expect(workloads.map(({ name }) => name)).toEqual(WORKLOADS.map(({ name }) => name));
		expect(workloads[0]).toMatchObject({
			name: 'introspection',
			options: {
				seed: { from: 0, to: 2 ** 53 - 1, usual: 1 },
				memory: { from: 64, to: 4 * 1024 * 1024, usual: 512 },
				events: { from: 100, to: 1e9, usual: 200_000 },
				duration: { usual: null }
			}
		});
	});

	test('runs a workload into a session and answers when it is over', async () => {
		const session = await started({
			workload: 'retry-storm',
			seed: 4,
			events: 2000,
			vcpus: 2,
			name: 'storm'
		});
		expect(session).toMatchObject({ id: 'storm', name: 'storm', ended: true, vcpus: [0, 1] });
		expect(session.events).toBeGreaterThanOrEqual(2000);
		expect(session.attributes).toMatchObject({ workload: 'retry-storm', seed: 4 });
	});

	test('answers while a played session goes on, lets few run at a time, and ends them when it is closed', async () => {
		const slow = { workload: 'smm', rate: 200, events: 1_000_000 };
		const { id, ended, events } = await started(slow);
		expect(ended).toBe(false);
		expect(events).toBeGreaterThan(0);
		expect(events).toBeLessThan(100_000);
		const refused = await post(slow);
		expect(refused.status).toBe(503);
		expect(await refused.json()).toMatchObject({
			detail: expect.stringContaining('no more than 1 simulations') as string
		});
		await simulations.close();
		expect((await store.getSession(id)).ended).toBe(true);
	});

	test('stops a simulation whose session is deleted', async () => {
		const { id } = await started({ workload: 'vgpu', rate: 500, events: 1_000_000 });
		await store.deleteSession(id);
		await simulations.close();
		expect(await store.listSessions()).toEqual([]);
	});

	test.each([
		[{ workload: 'quake' }, 'workload quake: must be one of introspection'],
		[{ workload: 'mixed', memory: 1 }, 'memory 1 MiB: does not fit the slots'],
		[{ workload: 'smm', vcpus: 1.5 }, 'vcpus 1.5: must be a whole number from 1 to 256'],
		[{ workload: 'smm', rate: 0 }, 'rate: '],
		[{ workload: 'smm', colour: 'red' }, 'colour']
	])('refuses %j', async (body, detail) => {
		const response = await post(body);
		expect(response.status).toBe(400);
		const told = { detail: expect.stringContaining(detail) as string };
		expect(await response.json()).toMatchObject({
			...told,
			errors: [{ parameter: expect.any(String) as string }]
		});
		expect(await store.listSessions()).toEqual([]);
	});
});
