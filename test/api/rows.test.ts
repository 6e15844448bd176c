import { afterAll, beforeAll, expect, test } from 'vitest';
import type { EventCount, EventRowPage } from '#lib/api/event-types.ts';
import type { EventPage, Problem, Timeline } from '#lib/api/types.ts';
import { batchOf } from '#lib/domain/batch-events.ts';
import type { TraceEvent } from '#lib/domain/events.ts';
import { api } from '#lib/server/api/api.ts';
import { openSqliteStore } from '#lib/server/store/sqlite/sqlite-store.ts';
import type { TraceStore } from '#lib/server/store/store.ts';

let store: TraceStore;
/** 100 writes of vCPUs 0 and 1 by turns, one each 10 ns from 10 on, to pages 0x100…0x163. */
const events: TraceEvent[] = [
	{ kind: 'memslot_create', tsNs: 0, slotId: 3, baseGfn: 0x100, npages: 50 },
	...Array.from({ length: 100 }, (_, i): TraceEvent => {
		const place = { tsNs: 10 + i * 10, vcpuId: i % 2, gfn: 0x100 + i, offset: 0 };
		return { kind: i % 10 === 0 ? 'preexec' : 'write', ...place };
	})
];
beforeAll(async () => {
	store = await openSqliteStore(':memory:');
	await store.createSession({ name: 'rows', createdMs: 1 });
	await store.append('rows', 0, batchOf(events));
});
afterAll(() => store.close());

const call = (path: string) =>
	Promise.resolve(api.request(`http://localhost/api/v1/sessions/rows${path}`, {}, { store }));
const json = async <T>(path: string): Promise<T> => (await call(path)).json() as Promise<T>;
const q = (text: string) => `q=${encodeURIComponent(text)}`;

test('counts what a filter text wants', async () => {
	expect(await json<EventCount>('/events/count')).toEqual({ count: 101 });
	expect(await json<EventCount>(`/events/count?${q('write vcpu:1')}`)).toEqual({ count: 50 });
	expect(await json<EventCount>(`/events/count?${q('write -vcpu:1 lane:none')}`)).toEqual({ count: 20 });
});

test('gives rows by number, and the row of a seq or a time', async () => {
	const by = (query: string) => json<EventRowPage>(`/events/rows?${q('mode:preexec')}&limit=2&${query}`);
	const brief = ({ total, row, events }: EventRowPage) => [total, row, events.map((event) => event.seq)];
	expect(brief(await by('row=3'))).toEqual([10, 3, [31, 41]]);
	expect(brief(await by('seq=32'))).toEqual([10, 4, [41, 51]]);
	expect(brief(await by('t=911'))).toEqual([10, 10, []]);
	expect(brief(await by('t=910'))).toEqual([10, 9, [91]]);
});

test('pages, streams and timelines take the same text', async () => {
	const page = await json<EventPage>(`/events?${q('slot:3 rip:0..1 or seq:5')}`);
	expect(page.events.map((event) => event.seq)).toEqual([5]);
	const text = await (await call(`/events.ndjson?${q('time:20ns..40ns')}`)).text();
	expect(text.trimEnd().split('\n')).toHaveLength(2);
	const line = await json<Timeline>(`/timeline?columns=1&by=vcpu&${q('gfn:0x100..0x10a')}`);
	expect(line.series).toEqual([
		{ key: '0', counts: [5] },
		{ key: '1', counts: [5] },
		{ key: 'none', counts: [1] } // the memslot's creation touches its pages
	]);
});

test('CSV has the columns asked for, of the events between two numbers that the filter wants', async () => {
	const text = await (
		await call(`/events.csv?${q('preexec')}&from=11&to=42&columns=seq,time_ns,kind,gfn`)
	).text();
	expect(text).toBe(
		'seq,time_ns,kind,gfn\n11,110,preexec,0x10a\n21,210,preexec,0x114\n31,310,preexec,0x11e\n41,410,preexec,0x128\n'
	);
	const all = await (await call('/events.csv?to=1')).text();
	expect(all.split('\n')[1]).toBe('0,0,,memslot_create,3,0x100,,0x100000,,,,,50,,,,,');
});

test.each([
	['/events.csv?columns=seq,colour,kind', 'columns', 'must be of seq, time_ns, .*, detail, not colour$'],
	['/events.csv?columns=', 'columns', 'must name a column'],
	['/events?kinds=write,sneeze,cough', 'kinds', 'must be of session, .*, not sneeze, cough$'],
	['/heatmap?lane=0&kinds=write,epoch', 'kinds', 'must be of preread, prewrite, write, preexec, not epoch$'],
	['/tracked?lane=0&mode=read', 'mode', 'must be of preread, prewrite, write, preexec, not read$'],
	['/events?vcpu=0,x', 'vcpu', 'must be vCPU ids, separated by commas']
])('%s is refused by the name that is unknown', async (path, parameter, message) => {
	const response = await call(path);
	expect(response.status).toBe(400);
	expect(response.headers.get('content-type')).toBe('application/problem+json');
	const { errors } = (await response.json()) as Problem;
	expect(errors).toEqual([{ parameter, message: expect.stringMatching(message) as unknown }]);
});

test('a wrong text is answered with every mistake and its column', async () => {
	const response = await call(`/events?${q('gfn:9..3 sneeze')}`);
	const body = (await response.json()) as Problem & { errors: { column: number; message: string }[] };
	expect(response.status).toBe(400);
	expect(body.errors.map((error) => error.column)).toEqual([1, 10]);
	expect(body.detail).toContain('column 10: sneeze');
});
