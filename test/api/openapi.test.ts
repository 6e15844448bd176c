import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { api } from '#lib/server/api/api.ts';
import { answerSchemas, FILE } from '../../tools/answer-schemas.ts';

interface Document {
	readonly paths: Readonly<Record<string, Readonly<Record<string, { readonly summary?: string }>>>>;
}

test('the OpenAPI document describes every route', async () => {
	const response = await api.request('http://localhost/api/v1/openapi.json');
	expect(response.status).toBe(200);
	const { paths } = (await response.json()) as Document;
	const described = Object.entries(paths).flatMap(([path, methods]) =>
		Object.entries(methods).map(([method, { summary }]) => {
			expect(summary, `${method} ${path}`).toBeTruthy();
			return `${method} ${path}`;
		})
	);
	const served = api.routes
		.filter((route) => route.method !== 'ALL' && !route.path.endsWith('/openapi.json'))
		.map((route) => `${route.method.toLowerCase()} ${route.path.replace(/:(\w+)/g, '{$1}')}`);
	expect([...new Set(served)].sort()).toEqual([...new Set(described)].sort());
});

interface Described {
	readonly tags?: readonly string[];
	readonly parameters?: readonly { readonly schema: { readonly pattern?: string } }[];
	readonly responses: Readonly<Record<string, { readonly content?: Readonly<Record<string, unknown>> }>>;
}

test('each operation has an area, each failure a media type, and each pattern is one', async () => {
	const response = await api.request('http://localhost/api/v1/openapi.json');
	const { paths, components } = (await response.json()) as {
		paths: Record<string, Record<string, Described>>;
		components: { schemas: Record<string, unknown> };
	};
	expect(components.schemas).toHaveProperty('Problem');
	for (const [path, item] of Object.entries(paths))
		for (const [method, operation] of Object.entries(item)) {
			expect(operation.tags, `${method} ${path}`).toHaveLength(1);
			for (const [status, { content }] of Object.entries(operation.responses))
				if (Number(status) >= 400) expect(Object.keys(content ?? {})).toEqual(['application/problem+json']);
			for (const { schema } of operation.parameters ?? [])
				if (schema.pattern) expect(new RegExp(schema.pattern).source).not.toMatch(/\$\/[a-z]*$/);
		}
	const types = (path: string) => Object.keys(paths[path]?.get?.responses[200]?.content ?? {});
	expect(types('/api/v1/sessions/{id}/events.ndjson')).toEqual(['application/x-ndjson']);
	expect(types('/api/v1/sessions/{id}/events.csv')).toEqual(['text/csv']);
	expect(types('/api/v1/sessions/{id}/heatmap')).toEqual(['application/json', 'application/octet-stream']);
	expect(types('/api/v1/sessions/{id}/state')).toEqual(['application/json']);
});

test('the answers’ schemas are those of their types, and each answer in JSON has one', async () => {
	expect(readFileSync(FILE, 'utf8'), 'run npm run schemas').toBe(await answerSchemas());
	const response = await api.request('http://localhost/api/v1/openapi.json');
	const { paths, components } = (await response.json()) as {
		paths: Record<string, Record<string, Described>>;
		components: { schemas: Record<string, { readonly type?: unknown; readonly anyOf?: unknown }> };
	};
	for (const [path, item] of Object.entries(paths))
		for (const [method, { responses }] of Object.entries(item))
			for (const { content } of Object.values(responses)) {
				const answer = content?.['application/json'] as { schema: { $ref?: string } } | undefined;
				if (!answer) continue;
				const schema = components.schemas[answer.schema.$ref?.split('/').at(-1) ?? ''];
				expect(schema?.type ?? schema?.anyOf, `${method} ${path}`).toBeDefined();
			}
}, 60_000);
