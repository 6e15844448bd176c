import { createRoute, z } from '@hono/zod-openapi';
import { toFilter, filterFields, cells, gfnRange, whole, wholeWithin } from './params.ts';
import { compare, compareGrids, MOVER_ORDERS, MOVER_SIDES, type Side } from '../query/compare.ts';
import { filterQuestion, remembered } from '../query/result-cache.ts';
import type { TraceStore } from '../store/store.ts';
import { ApiError } from './problem.ts';
import type { Shape } from './shapes.ts';
import { failures, json, MAX_CELLS, windowOf, type Api } from './route.ts';

const id = z.string().min(1);
const sides = {
	a: id,
	b: id,
	aFrom: whole.optional(),
	aTo: whole.optional(),
	bFrom: whole.optional(),
	bTo: whole.optional(),
	kinds: filterFields.kinds,
	q: filterFields.q,
	normalise: z.enum(['none', 'time']).default('none')
};
const compareQuery = z.object({
	...sides,
	order: z.enum(MOVER_ORDERS).default('change'),
	more: z.enum(MOVER_SIDES).default('any'),
	limit: wholeWithin(1, 10_000).default(50)
});
const gridQuery = z.object({
	...sides,
	pair: whole,
	columns: cells(4096, 600),
	rows: cells(4096, 256),
	gfn: gfnRange.optional(),
	scale: z.enum(['time', 'fraction']).default('time')
});
type Sides = Omit<z.output<typeof compareQuery>, 'limit' | 'order' | 'more'>;

/** Both sides of a request, and words that tell it from others. */
async function sidesOf(store: TraceStore, query: Sides): Promise<{ a: Side; b: Side; words: unknown[] }> {
	const side = async (id: string, from: number | undefined, to: number | undefined): Promise<Side> => {
		const session = await store.getSession(id);
		const { kinds, q } = query;
		return { session, time: windowOf(session, { from, to }), filter: toFilter({ kinds, q }, session) };
	};
	const [a, b] = [await side(query.a, query.aFrom, query.aTo), await side(query.b, query.bFrom, query.bTo)];
	const last = (await store.segments(b.session.id)).at(-1);
	const words = [
		query.normalise,
		a.time,
		b.time,
		b.session.id,
		b.session.events,
		last?.id,
		filterQuestion(a.filter)
	];
	return { a, b, words };
}

const route = <Q extends z.ZodObject>(path: string, summary: string, shape: Shape, query: Q) =>
	createRoute({
		method: 'get',
		path,
		tags: ['compare'],
		summary,
		request: { query },
		responses: { 200: json(summary, shape), ...failures }
	});

/** Two sessions, or two windows of one, beside each other. */
export function registerCompare(api: Api): void {
	const differences = route(
		'/compare',
		'What differs between two windows of sessions',
		'Comparison',
		compareQuery
	);
	api.openapi(differences, async (c) => {
		const { limit, order, more, ...query } = c.req.valid('query');
		const { a, b, words } = await sidesOf(c.env.store, query);
		const make = () => compare(c.env.store, a, b, { limit, order, more, normalise: query.normalise });
		const question = ['compare', limit, order, more, ...words];
		return c.json(await remembered(c.env.store, a.session, question, make));
	});

	const grids = route(
		'/compare/grid',
		'Accesses of a pair of lanes on both sides, cell by cell',
		'ComparedGrid',
		gridQuery
	);
	api.openapi(grids, async (c) => {
		const { pair, columns, rows, scale, gfn, ...query } = c.req.valid('query');
		if (columns * rows > MAX_CELLS) throw new ApiError(400, `columns x rows must not pass ${MAX_CELLS}`);
		const { a, b, words } = await sidesOf(c.env.store, query);
		const question = ['compare-grid', pair, columns, rows, scale, gfn, ...words];
		const { normalise } = query;
		const make = () => compareGrids(c.env.store, a, b, { pair, columns, rows, scale, gfn, normalise });
		return c.json(await remembered(c.env.store, a.session, question, make));
	});
}
