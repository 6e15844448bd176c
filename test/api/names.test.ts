import { afterEach, beforeEach, expect, test } from 'vitest';
import type { NamesAnswer, SymbolLookup } from '#lib/api/names-types.ts';
import type { Problem } from '#lib/api/types.ts';
import { api } from '#lib/server/api/api.ts';
import { openSqliteStore } from '#lib/server/store/sqlite/sqlite-store.ts';
import type { TraceStore } from '#lib/server/store/store.ts';

let store: TraceStore;
beforeEach(async () => {
	store = await openSqliteStore(':memory:');
	await store.createSession({ name: 'one', createdMs: 1 });
});
afterEach(() => store.close());

const call = (path: string, method = 'GET', body?: string) =>
	Promise.resolve(
		api.request(
			`http://localhost/api/v1/sessions${path}`,
			body === undefined ? { method } : { method, body, headers: { 'content-type': 'text/plain' } },
			{ store }
		)
	);
const names = async () => (await (await call('/one/names')).json()) as NamesAnswer;

test('what was loaded is told with its slide and its rejected lines, until it is taken away', async () => {
	expect(await names()).toEqual({ symbols: null, iomem: null });
	await call('/one/symbols?name=map&slide=0x1000', 'PUT', 'ffffffff81000000 T _text\nwhat\n');
	await call('/one/iomem', 'PUT', '00100000-001fffff : System RAM\n');
	expect(await names()).toMatchObject({
		symbols: {
			name: 'map',
			entries: 1,
			slide: '0x1000',
			rejectedLines: 1,
			issues: [{ line: 2, text: 'what' }]
		},
		iomem: { name: 'iomem', entries: 1, ranges: [{ name: 'System RAM', startGfn: 0x100, endGfn: 0x200 }] }
	});
	const lookup = await call('/one/symbols/lookup?rip=0xffffffff81001004,0x10');
	expect(((await lookup.json()) as SymbolLookup).symbols).toMatchObject([{ text: '_text+0x4' }, null]);
	expect((await call('/one/symbols', 'DELETE')).status).toBe(204);
	expect(await names()).toMatchObject({ symbols: null, iomem: { entries: 1 } });
});

test('hidden addresses are refused with what to do, and leave what was there', async () => {
	await call('/one/symbols', 'PUT', 'ffffffff81000000 T _text\n');
	const refused = await call('/one/symbols', 'PUT', '0000000000000000 T _text\n0000000000000000 t b\nwhat\n');
	expect(refused.status).toBe(422);
	const problem = (await refused.json()) as Problem;
	expect(problem.detail).toContain('all 2 addresses are 0');
	expect(problem.issues).toMatchObject([{ line: 3 }]);
	expect((await names()).symbols?.entries).toBe(1);
	expect((await call('/none/names')).status).toBe(404);
});
