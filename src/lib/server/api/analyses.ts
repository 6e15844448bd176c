import { z } from '@hono/zod-openapi';
import type { TopRips } from '#lib/api/analyses-types.ts';
import type { SessionDetail } from '#lib/domain/session-info.ts';
import { anomalies } from '../query/analyses/anomalies.ts';
import { hotPages, idleAges } from '../query/analyses/hot-pages.ts';
import { offsetMap } from '../query/analyses/offset-map.ts';
import { retryStorms } from '../query/analyses/retry-storms.ts';
import type { AccessQuery } from '../query/analyses/scan.ts';
import { topRips } from '../query/analyses/top-rips.ts';
import { vcpuLanes } from '../query/analyses/vcpu-lanes.ts';
import { workingSet } from '../query/analyses/working-set.ts';
import { writtenThenExecuted } from '../query/analyses/written-executed.ts';
import { symbolizer } from '../query/names.ts';
import { filterQuestion, remembered } from '../query/result-cache.ts';
import { cells, filterFields, toFilter, whole, wholeWithin, type FilterFields } from './params.ts';
import { ApiError } from './problem.ts';
import { get, MAX_CELLS, windowOf, type Api } from './route.ts';

const MAX_COLUMNS = 16_384;
const limit = wholeWithin(1, 10_000).default(100);
const positive = wholeWithin(1, Number.MAX_SAFE_INTEGER);
const base = { ...filterFields, from: whole.optional(), to: whole.optional() };

const workingSetQuery = z.object({
	...base,
	by: z.enum(['none', 'lane', 'mode']).default('none'),
	columns: cells(MAX_COLUMNS, 200),
	window: positive.optional()
});
const listQuery = z.object({ ...base, limit });
const idleQuery = z.object(base);
const offsetQuery = z.object({ ...base, period: positive, rows: cells(4096, 256) });
const vcpuQuery = z.object({ ...base, columns: cells(MAX_COLUMNS, 1000) });
const executedQuery = z.object({
	...base,
	order: z.enum(['seq', 'delay']).default('seq'),
	offset: whole.default(0),
	limit
});
const retryQuery = z.object({
	...base,
	min: wholeWithin(2, Number.MAX_SAFE_INTEGER).default(3),
	within: whole.default(1_000_000),
	limit
});
const anomalyQuery = z.object({ ...filterFields, from: whole.default(0), limit });

type Window = FilterFields & { from?: number | undefined; to?: number | undefined };

/** The accesses that a request asks for, and words that tell this request from others. */
function accessesOf(session: SessionDetail, query: Window): [AccessQuery, unknown[]] {
	const { from, to, ...fields } = query;
	const time = windowOf(session, { from, to });
	const filter = toFilter(fields, session);
	return [{ time, filter }, [time.from, time.to, filterQuestion(filter)]];
}

/** Columns of a size in a range, kept within the largest answer. */
function checkColumns(name: string, columns: number): void {
	if (columns > MAX_COLUMNS)
		throw new ApiError(400, `${name} makes ${columns} columns of the range: at most ${MAX_COLUMNS}`);
}

/** Analyses beside the lanes; each answer names the events to jump to. */
export function registerAnalyses(api: Api): void {
	const at = (name: string) => `/sessions/{id}/analyses/${name}`;

	const working = get(at('working-set'), 'Distinct pages per window of time', 'WorkingSet', workingSetQuery);
	api.openapi(working, async (c) => {
		const { by, columns, window, ...query } = c.req.valid('query');
		const session = await c.env.store.getSession(c.req.valid('param').id);
		const [accesses, words] = accessesOf(session, query);
		const { from, to } = accesses.time;
		const windowNs = window ?? Math.ceil((to - from) / columns);
		checkColumns(`window=${windowNs}`, Math.ceil((to - from) / windowNs));
		const make = () => workingSet(c.env.store, session, { ...accesses, windowNs, by });
		return c.json(await remembered(c.env.store, session, ['working-set', windowNs, by, ...words], make));
	});

	api.openapi(get(at('hot-pages'), 'The pages accessed most', 'HotPages', listQuery), async (c) => {
		const { limit, ...query } = c.req.valid('query');
		const session = await c.env.store.getSession(c.req.valid('param').id);
		const [accesses, words] = accessesOf(session, query);
		const make = () => hotPages(c.env.store, session, { ...accesses, limit });
		return c.json(await remembered(c.env.store, session, ['hot-pages', limit, ...words], make));
	});

	const idle = get(at('idle-ages'), 'How long pages were idle at the range’s end', 'IdleAges', idleQuery);
	api.openapi(idle, async (c) => {
		const session = await c.env.store.getSession(c.req.valid('param').id);
		const [accesses, words] = accessesOf(session, c.req.valid('query'));
		const make = () => idleAges(c.env.store, session, accesses);
		return c.json(await remembered(c.env.store, session, ['idle-ages', ...words], make));
	});

	const offsets = get(
		at('offsets'),
		'Accesses by period and by offset in the period',
		'OffsetMap',
		offsetQuery
	);
	api.openapi(offsets, async (c) => {
		const { period, rows, ...query } = c.req.valid('query');
		const session = await c.env.store.getSession(c.req.valid('param').id);
		const [accesses, words] = accessesOf(session, query);
		const columns = Math.ceil((accesses.time.to - accesses.time.from) / period);
		checkColumns(`period=${period}`, columns);
		if (columns * rows > MAX_CELLS) throw new ApiError(400, `columns x rows must not pass ${MAX_CELLS}`);
		const make = () => offsetMap(c.env.store, session, { ...accesses, periodNs: period, rows });
		return c.json(await remembered(c.env.store, session, ['offsets', period, rows, ...words], make));
	});

	api.openapi(get(at('vcpus'), 'Accesses of each vCPU over time', 'VcpuLanes', vcpuQuery), async (c) => {
		const { columns, ...query } = c.req.valid('query');
		const session = await c.env.store.getSession(c.req.valid('param').id);
		const [accesses, words] = accessesOf(session, query);
		const make = () => vcpuLanes(c.env.store, session, { ...accesses, columns });
		return c.json(await remembered(c.env.store, session, ['vcpus', columns, ...words], make));
	});

	api.openapi(get(at('top-rips'), 'The instructions with most accesses', 'TopRips', listQuery), async (c) => {
		const { limit, ...query } = c.req.valid('query');
		const session = await c.env.store.getSession(c.req.valid('param').id);
		const [accesses, words] = accessesOf(session, query);
		const make = () => topRips(c.env.store, session, { ...accesses, limit });
		const top = await remembered(c.env.store, session, ['top-rips', limit, ...words], make);
		const nameOf = await symbolizer(c.env.store, session.id);
		const items = top.items.map((item) => ({ ...item, symbol: nameOf(item.rip) }));
		return c.json({ ...top, items } satisfies TopRips);
	});

	const executed = get(
		at('written-executed'),
		'Pages executed after they were written',
		'WrittenThenExecutedList',
		executedQuery
	);
	api.openapi(executed, async (c) => {
		const { order, offset, limit, ...query } = c.req.valid('query');
		const session = await c.env.store.getSession(c.req.valid('param').id);
		const [accesses, words] = accessesOf(session, query);
		const question = ['written-executed', order, offset, limit, ...words];
		const make = () => writtenThenExecuted(c.env.store, session, { ...accesses, order, offset, limit });
		return c.json(await remembered(c.env.store, session, question, make));
	});

	const retries = get(at('retry-storms'), 'Accesses notified again and again', 'RetryStorms', retryQuery);
	api.openapi(retries, async (c) => {
		const { min, within, limit, ...query } = c.req.valid('query');
		const session = await c.env.store.getSession(c.req.valid('param').id);
		const [accesses, words] = accessesOf(session, query);
		const make = () => retryStorms(c.env.store, session, { ...accesses, min, withinNs: within, limit });
		return c.json(await remembered(c.env.store, session, ['retries', min, within, limit, ...words], make));
	});

	api.openapi(
		get(at('anomalies'), 'What surprised, by rule and in order', 'Anomalies', anomalyQuery),
		async (c) => {
			const { from, limit, ...fields } = c.req.valid('query');
			const session = await c.env.store.getSession(c.req.valid('param').id);
			const filter = toFilter(fields, session);
			const question = ['anomalies', from, limit, filterQuestion(filter)];
			const make = () => anomalies(c.env.store, session, { filter, from, limit });
			return c.json(await remembered(c.env.store, session, question, make));
		}
	);
}
