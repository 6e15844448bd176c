import type { OpenAPIHono } from '@hono/zod-openapi';
import type { Env } from './route.ts';
import { referenced } from './shapes.ts';

type Document = ReturnType<OpenAPIHono<Env>['getOpenAPI31Document']>;
type Item = NonNullable<Document['paths']>[string];
type Operation = NonNullable<Item['get']>;

interface Answer {
	description?: string;
	content?: Record<string, { schema: object }>;
}
interface Parameter {
	readonly schema?: { default?: string | number | boolean | readonly string[] };
}

const METHODS = ['get', 'post', 'put', 'patch', 'delete'] as const;

/** Areas of the API, by what a path holds; the first that fits counts. */
const AREAS: readonly (readonly [RegExp, string])[] = [
	[/\/analyses\//, 'analyses'],
	[/\/(names|symbols|iomem)/, 'names'],
	[/\/(notes|views)/, 'notes'],
	[/\/(heatmap|tracked|timeline|thumbnail)$/, 'pictures'],
	[/\/pages\//, 'pages'],
	[/\/state/, 'state'],
	[/\/events/, 'events'],
	[/\/sessions/, 'sessions'],
	[/\/health$/, 'server']
];

/** RFC 9457, as every failure is answered. */
const PROBLEM = {
	type: 'object',
	required: ['type', 'title', 'status', 'detail'],
	properties: {
		type: { type: 'string' },
		title: { type: 'string' },
		status: { type: 'integer' },
		detail: { type: 'string', description: 'what was wrong, and what to do' },
		errors: {
			type: 'array',
			description: 'wrong parameters, where there are some',
			items: {
				type: 'object',
				properties: { parameter: { type: 'string' }, message: { type: 'string' } }
			}
		}
	}
} as const;
const problemContent = () => ({
	'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } }
});

/** Failures are problem documents; a default is the text that an absent parameter stands for. */
function complete(operation: Operation): void {
	const answers = (operation.responses ??= {}) as Record<string, Answer>; // its own type says any
	answers[400] ??= { description: 'There is no such parameter (problem document)' };
	for (const [status, answer] of Object.entries(answers))
		if (Number(status) >= 400) answer.content ??= problemContent();
	for (const { schema } of (operation.parameters ?? []) as readonly Parameter[])
		if (schema?.default !== undefined) schema.default = String(schema.default);
}

/**
 * The document with what is the same for all routes said in one place: an area for each operation that
 * names none of its own, the answers' schemas, problem documents, and defaults as text.
 */
export function completed(document: Document): Document {
	for (const [path, item] of Object.entries(document.paths ?? {}))
		for (const method of METHODS) {
			const operation = item[method];
			if (!operation) continue;
			const [own] = operation.tags ?? [];
			if (own === undefined || own === 'sessions')
				operation.tags = [AREAS.find(([pattern]) => pattern.test(path))?.[1] ?? 'server'];
			complete(operation);
		}
	return {
		...document,
		components: {
			...document.components,
			schemas: {
				...document.components?.schemas,
				...referenced(document),
				Problem: PROBLEM as never // its lists are read-only
			}
		}
	};
}
