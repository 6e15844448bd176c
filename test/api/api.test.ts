import { beforeAll, afterAll, expect, test } from 'vitest';
import { api } from '#lib/server/api/api.ts';
import { openSqliteStore } from '#lib/server/store/sqlite/sqlite-store.ts';
import type { TraceStore } from '#lib/server/store/store.ts';
import { refusal } from '#lib/server/api/guard.ts';
import { batchOf } from '#lib/domain/batch-events.ts';
import type { TraceEvent } from '#lib/domain/events.ts';
import type { EventStep, PageNeighbours } from '#lib/api/event-types.ts';
import type { StateDiff, TrackedGrid, WhyTracked } from '#lib/api/tracking-types.ts';
import type {
	EventPage,
	HeatMap,
	PageHistory,
	Problem,
	SessionDetail,
	SessionList,
	StateView,
	Timeline
} from '#lib/api/types.ts';

let store: TraceStore;
const events: TraceEvent[] = [
	{ kind: 'session', tsNs: 0, attributes: { version: 1, source: 'test', policy: 'rearm', track: 'all' } },
	{ kind: 'memslot_create', tsNs: 0, slotId: 3, baseGfn: 0x100, npages: 16, flags: 0, name: '<b>ram</b>' },
	{ kind: 'write', tsNs: 10, vcpuId: 0, gfn: 0x101, offset: 8, bytes: 4, rip: 0xffff_ffff_8100_0000n },
	{ kind: 'write', tsNs: 10, vcpuId: 1, gfn: 0x101, offset: 8, bytes: 4, rip: 0xffff_ffff_8100_0000n },
	{ kind: 'preread', tsNs: 19, vcpuId: 1, gfn: 0x10f, offset: 0, bytes: 8, rip: 1n },
	{ kind: 'epoch', tsNs: 20, epoch: 2 },
	{ kind: 'preexec', tsNs: 30, vcpuId: 0, gfn: 0x102, offset: 0, rip: 2n },
	{ kind: 'track_add', tsNs: 31, mode: 'write', gfn: 0x101 },
	{ kind: 'end', tsNs: 39 }
];
beforeAll(async () => {
	store = await openSqliteStore(':memory:');
	const { id } = await store.createSession({ name: 'one', createdMs: 1 });
	await store.append(id, 0, batchOf(events));
});
afterAll(() => store.close());

const call = (path: string, init: RequestInit = {}) =>
	Promise.resolve(api.request(`http://localhost/api/v1${path}`, init, { store }));
const json = async <T>(path: string): Promise<T> => (await call(path)).json() as Promise<T>;

test('a heat map counts by hand', async () => {
	const map = await json<HeatMap>('/sessions/one/heatmap?slot=3&columns=4&rows=4');
	// 40 ns in 4 columns of 10, 16 pages in 4 rows of 4: two writes at (10, 0x101), a read at (19, 0x10f), a fetch at (30, 0x102)
	expect([map.columnNs, map.rowPages, map.max, map.total]).toEqual([10, 4, 2, 4]);
	expect(map.cells).toEqual([0, 2, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0]);
	const pages = await json<HeatMap>('/sessions/one/heatmap?lane=0&columns=4&rows=4&value=pages&kinds=write');
	expect(pages.cells).toEqual([0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
});

test('the binary grid holds the same cells as the JSON', async () => {
	const map = await json<HeatMap>('/sessions/one/heatmap?lane=0&columns=4&rows=4');
	const bytes = await (await call('/sessions/one/heatmap?lane=0&columns=4&rows=4&format=grid')).arrayBuffer();
	expect(new TextDecoder().decode(bytes.slice(0, 4))).toBe('PTHG');
	const head = new DataView(bytes).getUint32(4, true);
	const { cell, total } = JSON.parse(new TextDecoder().decode(bytes.slice(8, 8 + head))) as {
		cell: string;
		total: number;
	};
	expect([cell, total]).toEqual(['u8', 4]);
	expect([...new Uint8Array(bytes, Math.ceil((8 + head) / 4) * 4)]).toEqual(map.cells);
});

test('the state says what is silent since the epoch began, and what is not known', async () => {
	const early = await json<StateView>('/sessions/one/state?seq=5');
	expect(early.memslots[0]?.silentPages).toEqual({ preread: 1, prewrite: 0, write: 1, preexec: 0 });
	expect(early.known).toMatchObject({ tracking: 'policy', notifiers: false });
	const late = await json<StateView>('/sessions/one/state?t=39');
	expect(late.memslots[0]?.silent?.preexec).toEqual([{ gfn: 0x102, npages: 1 }]);
	expect(late.memslots[0]?.runs.write).toEqual([{ gfn: 0x101, npages: 1, count: 1 }]);
	expect(late.memslots[0]?.access).toEqual([{ gfn: 0x101, npages: 1, access: 'r-x' }]);
});

test('events page by seq, forwards and back, with hex addresses', async () => {
	const page = await json<EventPage>('/sessions/one/events?kinds=write,preread&limit=2');
	expect(page.events[0]).toEqual({
		seq: 2,
		t: 10,
		c: 0,
		k: 'write',
		a: '0x101008',
		n: 4,
		ip: '0xffffffff81000000'
	});
	expect([page.events.length, page.next, page.previous]).toEqual([2, 4, null]);
	const rest = await json<EventPage>('/sessions/one/events?kinds=write,preread&limit=2&from=4');
	expect([rest.events[0]?.seq, rest.next, rest.previous]).toEqual([4, null, 3]);
	const byRip = await json<EventPage>('/sessions/one/events?rip=0xffffffff81000000&vcpu=1');
	expect(byRip.events.map((event) => event.seq)).toEqual([3]);
});

test('the stream is the session’s native lines', async () => {
	const text = await (await call('/sessions/one/events.ndjson')).text();
	expect(text.trimEnd().split('\n')).toHaveLength(9);
	expect(text.split('\n')[8]).toBe('{"t":39,"k":"end"}');
});

test('a page’s history counts its accesses and its tracking', async () => {
	const page = await json<PageHistory>('/sessions/one/pages/0x101');
	expect(page).toMatchObject({
		counts: { write: 2, track_add: 1 },
		firstSeq: 2,
		lastSeq: 7,
		lastWriter: { seq: 3, rip: '0xffffffff81000000' },
		topRips: [{ rip: '0xffffffff81000000', count: 2 }],
		tracked: [{ mode: 'write', startSeq: 7, endSeq: null }]
	});
});

test('the timeline counts events of each kind', async () => {
	const line = await json<Timeline>('/sessions/one/timeline?columns=4');
	expect(line.series.find((series) => series.key === 'write')?.counts).toEqual([0, 2, 0, 0]);
});

test.each([
	['/sessions/none', 404, 'there is no session none'],
	['/sessions/one/heatmap?lane=9', 404, 'session one has no lane 9'],
	['/sessions/one/heatmap?lane=0&columns=0', 400, 'columns'],
	['/sessions/one/heatmap?lane=0&gfn=5..2', 400, 'gfn: must be an ascending range'],
	['/sessions/one/events?kinds=sneeze', 400, 'kinds: must be of'],
	['/sessions/one/state?seq=99', 400, 'session one ends at seq 9'],
	['/nothing', 404, 'nothing is at /api/v1/nothing']
])('%s answers %i as a problem document', async (path, status, detail) => {
	const response = await call(path);
	const body = (await response.json()) as Problem;
	expect([response.status, response.headers.get('content-type')]).toEqual([
		status,
		'application/problem+json'
	]);
	expect(body.status).toBe(status);
	expect(body.detail).toContain(detail);
});

test('a session can be renamed and deleted', async () => {
	const { id } = await store.createSession({ name: 'two', createdMs: 1 });
	const body = JSON.stringify({ name: 'three' });
	const renamed = await call(`/sessions/${id}`, {
		method: 'PATCH',
		body,
		headers: { 'content-type': 'application/json' }
	});
	expect(await renamed.json()).toMatchObject({ id: 'two', name: 'three' });
	expect((await call(`/sessions/${id}`, { method: 'DELETE' })).status).toBe(204);
	expect((await call(`/sessions/${id}`)).status).toBe(404);
});

const guarded = (url: string, init: RequestInit = {}, token: string | null = null) =>
	refusal(new Request(url, init), new URL(url), { hosts: [], token });

test('foreign hosts, other sites’ posts and bodies without a type are refused', () => {
	expect(guarded('http://localhost:3000/')).toBeNull();
	expect(guarded('http://evil.example/')?.status).toBe(421);
	const post = (headers: Record<string, string>) =>
		guarded('http://127.0.0.1/', { method: 'POST', headers })?.status;
	expect(post({ 'sec-fetch-site': 'cross-site' })).toBe(403);
	expect(post({ origin: 'http://other.example' })).toBe(403);
	expect(post({ 'content-length': '5' })).toBe(415);
	expect(post({})).toBeUndefined();
});

test('a token is asked for, and moves from the address into a cookie', () => {
	expect(guarded('http://localhost/', {}, 'secret')?.status).toBe(401);
	expect(guarded('http://localhost/?token=wrong', {}, 'secret')?.status).toBe(401);
	expect(guarded('http://localhost/', { headers: { authorization: 'Bearer secret' } }, 'secret')).toBeNull();
	const moved = guarded('http://localhost/x?token=secret&a=1', {}, 'secret');
	expect([moved?.status, moved?.headers.get('location')]).toEqual([303, '/x?a=1']);
	const cookie = moved?.headers.get('set-cookie')?.split(';')[0] ?? '';
	expect(guarded('http://localhost/', { headers: { cookie } }, 'secret')).toBeNull();
});

test('an age map in binary has 64-bit floats at a multiple of 8', async () => {
	const path = '/sessions/one/heatmap?lane=0&columns=4&rows=2&value=age&vcpu=1';
	const map = await json<HeatMap>(path);
	// vCPU 1 writes at 10 to the lower half and reads at 19 from the upper half; columns end at 10, 20, 30, 40
	expect(map.cells).toEqual([-1, 10, 20, 30, -1, 1, 11, 21]);
	const bytes = await (await call(`${path}&format=grid`)).arrayBuffer();
	const head = new DataView(bytes).getUint32(4, true);
	expect((8 + head) % 8).toBe(0);
	expect([...new Float64Array(bytes, 8 + head)]).toEqual(map.cells);
});

test('tracked pages show from the column on in which they are added', async () => {
	const grid = await json<TrackedGrid>('/sessions/one/tracked?slot=3&mode=write&columns=4&rows=4');
	expect([grid.max, grid.cells.indexOf(1), grid.cells.reduce((a, b) => a + b)]).toEqual([1, 3, 1]);
});

test('a page’s neighbours, steps and reasons are found', async () => {
	const around = await json<PageNeighbours>('/sessions/one/pages/0x101/neighbours?seq=3');
	expect([around.previous?.seq, around.next?.seq]).toEqual([2, 7]);
	const writes = await json<PageNeighbours>('/sessions/one/pages/0x101/neighbours?seq=3&kinds=write');
	expect([writes.previous?.seq, writes.next]).toEqual([2, null]);
	const step = (query: string) => json<EventStep>(`/sessions/one/events/step?${query}`);
	expect((await step('seq=2&what=tracking')).event?.seq).toBe(5); // the epoch
	expect((await step('seq=7&what=tracking&dir=previous&q=-kind:epoch')).event?.seq).toBe(1);
	expect((await step('seq=3&what=page&gfn=0x101')).event?.seq).toBe(7);
	expect((await call('/sessions/one/events/step?seq=3&what=page')).status).toBe(400);
	const why = await json<WhyTracked>('/sessions/one/pages/0x101/why');
	expect(why.slots).toMatchObject([{ slotId: 3, modes: [{ mode: 'write', count: 1, adds: [{ seq: 7 }] }] }]);
	expect((await json<WhyTracked>('/sessions/one/pages/0x101/why?seq=7')).slots).toEqual([]);
});

test('the difference of two positions names what was gained', async () => {
	const diff = await json<StateDiff>('/sessions/one/state/diff?from=1&to=9');
	expect(diff.slots).toMatchObject([
		{ slotId: 3, change: 'added', counters: { write: [{ gfn: 0x101, npages: 1, before: 0, after: 1 }] } }
	]);
	expect(diff.events).toEqual({
		memslot_create: 1,
		write: 2,
		preread: 1,
		epoch: 1,
		preexec: 1,
		track_add: 1,
		end: 1
	});
	expect((await call('/sessions/one/state/diff?from=1&to=10')).status).toBe(400);
});

test.each([
	['the list of sessions', '/sessions'],
	['a session', '/sessions/one']
])('%s is sent again only after a commit', async (_, path) => {
	const first = await call(path);
	const etag = first.headers.get('etag') ?? '';
	const got = (await first.json()) as SessionList | SessionDetail;
	const one = 'sessions' in got ? got.sessions.find((session) => session.id === 'one') : got;
	expect(one).toMatchObject({ laneCount: 1, events: 9 });
	const again = () => call(path, { headers: { 'if-none-match': etag } });
	expect([(await again()).status, await (await again()).text()]).toEqual([304, '']);
	await store.setTags('one', [path]);
	const later = await again();
	expect(later.status).toBe(200);
	expect(later.headers.get('etag')).not.toBe(etag);
});

test('a session’s size counts its notes and files to the byte', async () => {
	const size = async () => (await store.getSession('one')).sizeBytes;
	const before = await size();
	const note = { kind: 'view_saved', atMs: 1, name: 'é', query: '' } as const;
	await store.appendNotes('one', 0, [note]);
	expect((await size()) - before).toBe(Buffer.byteLength(JSON.stringify(note)));
});
