import { afterAll, beforeAll, expect, test } from 'vitest';
import type {
	HotPages,
	OffsetMap,
	TopRips,
	WorkingSet,
	WrittenThenExecutedList
} from '#lib/api/analyses-types.ts';
import type { Problem } from '#lib/api/types.ts';
import { batchOf } from '#lib/domain/batch-events.ts';
import type { TraceEvent } from '#lib/domain/events.ts';
import { api } from '#lib/server/api/api.ts';
import { openSqliteStore } from '#lib/server/store/sqlite/sqlite-store.ts';
import type { TraceStore } from '#lib/server/store/store.ts';

let store: TraceStore;
const events: TraceEvent[] = [
	{ kind: 'memslot_create', tsNs: 0, slotId: 0, baseGfn: 0, npages: 8 },
	{ kind: 'write', tsNs: 10, vcpuId: 0, gfn: 1, rip: 0xffff_ffff_8100_0000n },
	{ kind: 'write', tsNs: 11, vcpuId: 0, gfn: 2, rip: 0xffff_ffff_8100_0000n },
	{ kind: 'preexec', tsNs: 30, vcpuId: 1, gfn: 2, rip: 0x40_0000n },
	{ kind: 'anomaly', tsNs: 31, quirk: 'Q1', gfn: 2 },
	{ kind: 'write', tsNs: 35, vcpuId: 0, gfn: 1, verdict: false },
	{ kind: 'write', tsNs: 36, vcpuId: 0, gfn: 1, verdict: false }
];
beforeAll(async () => {
	store = await openSqliteStore(':memory:');
	await store.createSession({ name: 'one', createdMs: 1 });
	await store.append('one', 0, batchOf(events));
});
afterAll(() => store.close());

const call = (path: string) =>
	Promise.resolve(api.request(`http://localhost/api/v1/sessions/one/analyses/${path}`, {}, { store }));
const json = async <T>(path: string): Promise<T> => (await call(path)).json() as Promise<T>;

test('each analysis answers, twice the same', async () => {
	for (const path of [
		'working-set?window=10&by=mode',
		'hot-pages?limit=1',
		'idle-ages?lane=0',
		'offsets?period=10&rows=2',
		'vcpus?columns=4',
		'top-rips',
		'written-executed?order=delay',
		'retry-storms?min=2&within=1',
		'anomalies'
	]) {
		const first = await json<object>(path);
		expect(await json(path), path).toEqual(first);
		expect(Object.keys(first).length, path).toBeGreaterThan(1);
	}
});

test('the numbers are those counted by hand', async () => {
	expect((await json<WorkingSet>('working-set?window=10')).pages).toEqual([0, 2, 0, 2]);
	expect((await json<HotPages>('hot-pages')).items.map((page) => [page.gfn, page.total])).toEqual([
		[1, 3],
		[2, 2]
	]);
	// periods of 10 ns from 0 to 37: rows of 5 ns; 10, 11 | 30 | 35, 36
	expect((await json<OffsetMap>('offsets?period=10&rows=2')).cells).toEqual([0, 2, 0, 1, 0, 0, 0, 2]);
	expect((await json<TopRips>('top-rips?q=vcpu%3A0')).items).toMatchObject([
		{ rip: '0xffffffff81000000', count: 2, pages: 2, firstSeq: 1, lastSeq: 2 }
	]);
	expect((await json<WrittenThenExecutedList>('written-executed')).items).toMatchObject([
		{ gfn: 2, writeSeq: 2, execSeq: 3, delayNs: 19, writeRip: '0xffffffff81000000', execRip: '0x400000' }
	]);
	expect(await json('retry-storms?min=2&within=1')).toMatchObject({
		total: 1,
		items: [{ gfn: 1, count: 2, denied: 2, firstSeq: 5, lastSeq: 6 }]
	});
});

test('a period that makes too many columns is refused with its number', async () => {
	await store.createSession({ name: 'long', createdMs: 1 });
	await store.append('long', 0, batchOf([{ kind: 'end', tsNs: 1_000_000 }]));
	const url = 'http://localhost/api/v1/sessions/long/analyses/offsets?period=1';
	const response = await api.request(url, {}, { store });
	expect(response.status).toBe(400);
	expect(((await response.json()) as Problem).detail).toContain('1000001 columns');
});

test('symbols name instructions, in analyses, pages and lookups', async () => {
	const session = (path: string, init: RequestInit = {}) =>
		Promise.resolve(api.request(`http://localhost/api/v1/sessions/one${path}`, init, { store }));
	const put = (path: string, body: string) =>
		session(path, { method: 'PUT', body, headers: { 'content-type': 'text/plain' } });
	expect((await session('/symbols')).status).toBe(404);
	const loaded = await put('/symbols?slide=0x1000000', 'ffffffff80000000 T _text\nwhat\n');
	expect(await loaded.json()).toMatchObject({
		entries: 1,
		rejectedLines: 1,
		issues: [{ line: 2, byte: 25 }]
	});
	expect((await json<TopRips>('top-rips')).items.map((item) => item.symbol)).toEqual(['_text', null]);
	expect(await (await session('/pages/2')).json()).toMatchObject({
		lastWriter: { symbol: '_text' },
		topRips: [{ symbol: '_text' }, { symbol: null }]
	});
	const lookup = await session('/symbols/lookup?rip=0xffffffff81000010,0x1');
	expect(await lookup.json()).toEqual({
		symbols: [
			{ rip: '0xffffffff81000010', name: '_text', module: null, offset: 16, text: '_text+0x10' },
			null
		]
	});
	const bad = await put('/symbols', 'no symbols here');
	expect([bad.status, ((await bad.json()) as { issues: unknown[] }).issues.length]).toEqual([422, 1]);
	expect(await (await put('/iomem', '00001000-00001fff : System RAM\n')).json()).toMatchObject({
		ranges: [{ name: 'System RAM', startGfn: 1, endGfn: 2 }]
	});
	expect(await (await session('/iomem')).json()).toMatchObject({ entries: 1, rejectedLines: 0 });
	expect((await session('/symbols', { method: 'DELETE' })).status).toBe(204);
	expect((await json<TopRips>('top-rips')).items[0]?.symbol).toBeNull();
});
