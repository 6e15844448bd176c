import { Ajv } from 'ajv';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { ingest } from '#ingest/ingest.ts';
import { api } from '#lib/server/api/api.ts';
import { openSqliteStore } from '#lib/server/store/sqlite/sqlite-store.ts';
import type { TraceStore } from '#lib/server/store/store.ts';
import type { Problem } from '#lib/api/types.ts';
import type { ApiDocument, Parameter, Schema } from '#lib/view/api-document.ts';

const BASE = 'http://localhost';
const read = await api.request(`${BASE}/api/v1/openapi.json`);
const document = (await read.json()) as ApiDocument;
const gets = Object.entries(document.paths).flatMap(([path, { get }]) =>
	get ? [{ path, parameters: get.parameters ?? [], responses: get.responses ?? {} }] : []
);
type Operation = (typeof gets)[number];

let store: TraceStore;
beforeAll(async () => {
	store = await openSqliteStore(':memory:');
	const { session } = await ingest(store, { path: 'samples/small-kernel-image-1vcpu.ndjson.zst' });
	expect(session.id).toBe(VALUES.id);
	for (const [kind, body] of [
		['symbols', 'ffffffff81000000 T _text\n'],
		['iomem', '00100000-001fffff : System RAM\n']
	] as const) {
		const init = { method: 'PUT', body, headers: { 'content-type': 'text/plain' } };
		expect((await call(`/api/v1/sessions/${session.id}/${kind}`, init)).status).toBe(200);
	}
});
afterAll(() => store.close());

const upload = (chunks: ReadableStream<Uint8Array>, name: string) => ingest(store, { chunks, name });
const call = (path: string, init: RequestInit = {}) =>
	Promise.resolve(api.request(BASE + path, init, { store, upload }));

/** Values that every route which has such a parameter takes. */
const VALUES: Readonly<Record<string, string>> = {
	...{ id: 'small-kernel-image-1vcpu', a: 'small-kernel-image-1vcpu', b: 'small-kernel-image-1vcpu' },
	...{ gfn: '0x10', rip: '0xffffffff81000000', seq: '5', from: '0', to: '20', t: '9', lane: '0', pair: '0' },
	period: '0x10'
};

function pathOf({ path, parameters }: Operation, own: Readonly<Record<string, string>> = {}): string {
	const values = { ...VALUES, ...own };
	const asked = parameters.filter(({ name }) => values[name] !== undefined);
	const query = new URLSearchParams(
		asked.filter((each) => each.in === 'query').map(({ name }) => [name, values[name] ?? ''])
	);
	return `${path.replace(/\{(\w+)\}/g, (_, name: string) => values[name] ?? name)}?${query}`;
}

/** A schema that takes no field that it does not name. */
function closed(schema: unknown): unknown {
	if (Array.isArray(schema)) return schema.map(closed);
	if (typeof schema !== 'object' || schema === null) return schema;
	const own = Object.fromEntries(Object.entries(schema).map(([key, each]) => [key, closed(each)]));
	return own.type === 'object' && own.properties && own.additionalProperties === undefined
		? { ...own, additionalProperties: false }
		: own;
}
// a problem document may have members of its own (RFC 9457)
const schemas = {
	...(closed(document.components?.schemas) as object),
	Problem: document.components?.schemas?.Problem
};

const valid = (schema: Schema, value: unknown): boolean =>
	new Ajv({ strict: false }).compile({ ...schema, components: { schemas } })(value);

/** The answer's media type and text, both found to be what the document says of its status. */
async function answerOf({ responses }: Operation, path: string) {
	const response = await call(path);
	const type = response.headers.get('content-type')?.split(';')[0] ?? '';
	const schema = responses[response.status]?.content?.[type]?.schema;
	expect(schema, `${path}: ${response.status} ${type}`).toBeDefined();
	if (type === 'text/event-stream') {
		await response.body?.cancel();
		return { status: response.status, type, body: '' };
	}
	const body: unknown = /[/+]json$/.test(type) ? await response.json() : await response.text();
	expect(valid(schema ?? {}, body), `${path}: ${JSON.stringify(body).slice(0, 200)}`).toBe(true);
	return { status: response.status, type, body };
}

const inQuery = ({ parameters }: Operation): Parameter[] => parameters.filter((each) => each.in === 'query');

test.each(gets)(
	'$path answers in the media types described, for each choice and default',
	async (operation) => {
		const types = new Set<string>();
		const choices = inQuery(operation).flatMap(({ name, schema = {} }) =>
			[...(schema.enum ?? []), ...(schema.default === undefined ? [] : [schema.default])].map((value) => {
				expect(valid(schema, value), `${name}: ${JSON.stringify(value)}`).toBe(true);
				return { [name]: String(value) };
			})
		);
		for (const own of [{}, ...choices]) {
			const { status, type } = await answerOf(operation, pathOf(operation, own));
			expect(status).toBe(200);
			types.add(type);
		}
		expect([...types].sort()).toEqual(Object.keys(operation.responses[200]?.content ?? {}).sort());
	}
);

test.each(gets)('$path tells which parameter is wrong', async (operation) => {
	expect.hasAssertions();
	await answerOf(operation, pathOf(operation));
	for (const { name, schema } of inQuery(operation)) {
		if (VALUES.id === VALUES[name]) continue; // a session's name, which can only be unknown
		const { status, body } = await answerOf(
			operation,
			pathOf(operation, { [name]: schema?.enum ? '' : '!?' })
		);
		expect([name, status]).toEqual([name, 400]);
		const { errors } = body as Problem & { errors: { parameter: string }[] };
		expect(errors.map((error) => error.parameter)).toContain(name);
	}
});

test.each(gets)('$path refuses a parameter that it does not have', async (operation) => {
	const { status, body } = await answerOf(operation, `${pathOf(operation)}&colums=3`);
	expect(status).toBe(400);
	expect((body as Problem).detail).toMatch(/^colums: there is no such parameter/);
	const response = await call(`${pathOf(operation)}&token=abc`);
	expect(response.status).toBe(200);
	await response.body?.cancel();
});

const ofSessions = gets.filter(({ parameters }) => parameters.some(({ name }) => VALUES[name] === VALUES.id));
test.each(ofSessions)('$path does not know a session that is not there', async (operation) => {
	const { status, body } = await answerOf(operation, pathOf(operation, { id: 'nowhere', a: 'nowhere' }));
	expect(status).toBe(404);
	expect((body as Problem).detail).toContain('nowhere');
});

const bytes = { 'content-type': 'application/octet-stream' };
const json = { 'content-type': 'application/json' };
const session = `/api/v1/sessions/${VALUES.id}`;
test.each([
	['post', '/api/v1/sessions', 422, { body: 'no trace', headers: bytes }],
	['post', '/api/v1/sessions?generation=none', 400, { body: 'no trace', headers: bytes }],
	['delete', `${session}?now=perhaps`, 400, {}],
	['patch', session, 400, { body: '{"name":', headers: json }],
	['post', '/api/v1/sessions/nowhere/restore', 404, {}],
	['post', `${session}/events`, 400, { body: '{}', headers: bytes }],
	['post', `${session}/notes`, 400, { body: '{"text":"no pin"}', headers: json }],
	['delete', `${session}/notes/none`, 404, {}],
	['put', `${session}/symbols`, 422, { body: 'no map', headers: { 'content-type': 'text/plain' } }]
])('%s %s answers %i as described', async (method, path, status, init) => {
	const response = await call(path, { method: method.toUpperCase(), ...init });
	expect(response.status).toBe(status);
	const [route = ''] = path.split('?');
	const described = Object.entries(document.paths).find(([each]) =>
		new RegExp(`^${each.replace(/\{\w+\}/g, '[^/]+')}$`).test(route)
	);
	const schema = described?.[1][method]?.responses?.[status]?.content?.['application/problem+json']?.schema;
	expect(schema).toBeDefined();
	expect(valid(schema ?? {}, await response.json())).toBe(true);
});
