import { expect, test } from 'vitest';
import { api } from '#lib/server/api/api.ts';

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
