import { createRoute, z } from '@hono/zod-openapi';
import type {
	IomemAnswer,
	LoadedSymbols,
	LoadedText,
	NamesAnswer,
	SymbolLookup
} from '#lib/api/names-types.ts';
import type { LineIssues } from '#lib/domain/line-issues.ts';
import type { IomemMap } from '#lib/domain/iomem.ts';
import { lookUp, type SymbolTable, symbolText } from '#lib/domain/symbols.ts';
import { dropNames, loadNames, namesOf } from '../query/names.ts';
import type { SessionFile, SessionFileKind } from '../store/store.ts';
import { idParam } from './params.ts';
import { ApiError } from './problem.ts';
import type { Shape } from './shapes.ts';
import { failures, get, json, type Api } from './route.ts';

const LIMIT_BYTES = 64 * 2 ** 20;
const tags = ['names'];
const none = z.object({});
const name = z.string().min(1).max(200);
const symbolsQuery = z.object({
	name: name.default('System.map'),
	slide: z
		.string()
		.regex(/^-?(0[xX][0-9a-fA-F]{1,16}|\d{1,19})$/, 'must be a whole number, decimal or 0x…')
		.default('0')
});
const iomemQuery = z.object({ name: name.default('iomem') });
const lookupQuery = z.object({
	rip: z
		.string()
		.regex(/^0[xX][0-9a-fA-F]{1,16}(,0[xX][0-9a-fA-F]{1,16}){0,999}$/, 'must be at most 1000 addresses 0x…')
});
const text = { required: true, content: { 'text/plain': { schema: z.string() } } };

const loaded = (file: SessionFile, entries: number, issues: LineIssues): LoadedText => ({
	name: file.name,
	loadedMs: file.createdMs,
	entries,
	rejectedLines: issues.count,
	issues: issues.first
});

const loadedSymbols = (file: SessionFile, { names, issues }: SymbolTable): LoadedSymbols => ({
	...loaded(file, names.length, issues),
	slide: file.options.slide ?? '0'
});
const loadedIomem = (file: SessionFile, { ranges, issues }: IomemMap): IomemAnswer => ({
	...loaded(file, ranges.length, issues),
	ranges
});

const put = <Q extends z.ZodObject>(kind: SessionFileKind, summary: string, shape: Shape, query: Q) =>
	createRoute({
		method: 'put',
		path: `/sessions/{id}/${kind}`,
		tags,
		summary,
		request: { params: idParam, query, body: text },
		responses: {
			200: json('what was loaded', shape),
			...failures,
			413: { description: 'The text is too long' },
			422: { description: 'No line can be used; issues says why (problem document)' }
		}
	});

async function bodyOf(request: { text: () => Promise<string> }): Promise<string> {
	const body = await request.text();
	if (body.length > LIMIT_BYTES) throw new ApiError(413, `the text has more than ${LIMIT_BYTES} characters`);
	return body;
}

/** Names of a guest's code and memory, from texts kept beside the session. */
export function registerNames(api: Api): void {
	const putSymbols = put(
		'symbols',
		'Load a System.map or /proc/kallsyms; slide is added to each address',
		'LoadedSymbols',
		symbolsQuery
	);
	api.openapi(putSymbols, async (c) => {
		const { id } = c.req.valid('param');
		await c.env.store.getSession(id);
		const { name, slide } = c.req.valid('query');
		const text = await bodyOf(c.req);
		const file = { kind: 'symbols', name, createdMs: Date.now(), options: { slide }, text } as const;
		return c.json(loadedSymbols(file, await loadNames(c.env.store, id, file)), 200);
	});

	const putIomem = put('iomem', 'Load a guest’s /proc/iomem', 'IomemAnswer', iomemQuery);
	api.openapi(putIomem, async (c) => {
		const { id } = c.req.valid('param');
		await c.env.store.getSession(id);
		const text = await bodyOf(c.req);
		const { name } = c.req.valid('query');
		const file = { kind: 'iomem', name, createdMs: Date.now(), options: {}, text } as const;
		return c.json(loadedIomem(file, await loadNames(c.env.store, id, file)), 200);
	});

	api.openapi(
		get('/sessions/{id}/names', 'What symbols and memory map are loaded', 'NamesAnswer', none),
		async (c) => {
			const { id } = c.req.valid('param');
			await c.env.store.getSession(id);
			const symbols = await namesOf(c.env.store, id, 'symbols');
			const iomem = await namesOf(c.env.store, id, 'iomem');
			return c.json({
				symbols: symbols && loadedSymbols(symbols.file, symbols.parsed),
				iomem: iomem && loadedIomem(iomem.file, iomem.parsed)
			} satisfies NamesAnswer);
		}
	);

	const lookup = get(
		'/sessions/{id}/symbols/lookup',
		'Symbols that hold addresses',
		'SymbolLookup',
		lookupQuery
	);
	api.openapi(lookup, async (c) => {
		const { id } = c.req.valid('param');
		const names = await namesOf(c.env.store, id, 'symbols');
		const symbols = c.req
			.valid('query')
			.rip.split(',')
			.map((rip) => {
				const hit = names && lookUp(names.parsed, BigInt(rip));
				return hit && { rip, ...hit, text: symbolText(hit) };
			});
		return c.json({ symbols } satisfies SymbolLookup);
	});

	api.openapi(get('/sessions/{id}/symbols', 'What symbols are loaded', 'LoadedSymbols', none), async (c) => {
		const { id } = c.req.valid('param');
		const found = await namesOf(c.env.store, id, 'symbols');
		if (!found) throw new ApiError(404, `session ${id} has no symbols: PUT a System.map here`);
		return c.json(loadedSymbols(found.file, found.parsed));
	});

	api.openapi(
		get('/sessions/{id}/iomem', 'Named ranges of the guest’s memory', 'IomemAnswer', none),
		async (c) => {
			const { id } = c.req.valid('param');
			const found = await namesOf(c.env.store, id, 'iomem');
			if (!found) throw new ApiError(404, `session ${id} has no memory map: PUT a /proc/iomem here`);
			return c.json(loadedIomem(found.file, found.parsed));
		}
	);

	for (const kind of ['symbols', 'iomem'] as const) registerDrop(api, kind);
}

function registerDrop(api: Api, kind: SessionFileKind): void {
	const drop = createRoute({
		method: 'delete',
		path: `/sessions/{id}/${kind}`,
		tags,
		summary: `Take the ${kind} away`,
		request: { params: idParam },
		responses: { 204: { description: 'gone' }, 404: failures[404] }
	});
	api.openapi(drop, async (c) => {
		const { id } = c.req.valid('param');
		if (!(await dropNames(c.env.store, id, kind))) throw new ApiError(404, `session ${id} has no ${kind}`);
		return c.body(null, 204);
	});
}
