import { createRoute, OpenAPIHono, z } from '@hono/zod-openapi';
import type { EventPage, Health, SessionDetail, SessionList } from '#lib/api/types.ts';
import { GENERATIONS } from '#lib/domain/generations.ts';
import { queryEvents, seqAtTime } from '../query/events.ts';
import { linePieces } from '../query/lines.ts';
import { notesCarrier } from '../query/notes.ts';
import { pageHistory } from '../query/page-history.ts';
import { stepEvent } from '../query/step.ts';
import { stateView } from '../query/state-view.ts';
import { timeline } from '../query/timeline.ts';
import { createLiveSession, registerLive } from './live.ts';
import { completed } from './document.ts';
import { knownParameters } from './known-parameters.ts';
import { textStream } from './text-stream.ts';
import { cells, filterFields, flag, idParam, pageParam, toFilter, whole, wholeWithin } from './params.ts';
import { ApiError, problem } from './problem.ts';
import { wireEvent } from '../query/wire-event.ts';
import {
	conditional,
	failures,
	get,
	json,
	media,
	positionOf,
	unchanged,
	windowOf,
	type Env
} from './route.ts';
import { registerAnalyses } from './analyses.ts';
import { registerCompare } from './compare.ts';
import { registerHeat } from './heat.ts';
import { registerNames } from './names.ts';
import { registerNotes } from './notes.ts';
import { registerPages } from './pages.ts';
import { registerRows } from './rows.ts';
import { registerSessions } from './sessions.ts';
import { registerSimulations } from './simulations.ts';

export type { ApiBindings, UploadHints } from './route.ts';

const BASE = '/api/v1';
const tags = ['sessions'];
const INFO = {
	title: 'pagetrail',
	version: '1',
	description:
		'Failures are problem documents (RFC 9457). A parameter that a route does not have is refused, but for events, which is not read: a reader’s cache may tell answers apart by it. Any route may answer 401 (a server off loopback wants its token), 403 (another site’s page asks for a change), 415 (a body without a content type) or 421 (a Host that the server does not answer for).'
};

const windowFields = { from: whole.optional(), to: whole.optional() };
const timelineQuery = z.object({
	...windowFields,
	...filterFields,
	columns: cells(16_384, 1000),
	by: z.enum(['kind', 'vcpu']).default('kind')
});
const eventsQuery = z.object({
	...filterFields,
	from: whole.optional(),
	t: whole.optional(),
	limit: wholeWithin(1, 10_000).default(200),
	order: z.enum(['asc', 'desc']).default('asc')
});
const stateQuery = z.object({ seq: whole.optional(), t: whole.optional() });
const streamQuery = z.object({
	...filterFields,
	from: whole.default(0),
	to: whole.optional(),
	notes: flag.default(false)
});
const pageQuery = z.object({
	from: whole.default(0),
	limit: wholeWithin(1, 10_000).default(200)
});

/** The HTTP API under `/api/v1`; `api.request(url, {}, { store })` tests it without a server. */
export const api = new OpenAPIHono<Env>({
	defaultHook: (result) => {
		if (result.success) return;
		const [issue] = result.error.issues;
		throw new ApiError(400, `${issue?.path.join('.') ?? ''}: ${issue?.message ?? 'is wrong'}`, {
			errors: result.error.issues.map(({ path, message }) => ({ parameter: path.join('.'), message }))
		});
	}
}).basePath(BASE);

api.use(knownParameters(api, BASE));
api.onError((error, c) => problem(c, error));
api.notFound((c) => problem(c, new ApiError(404, `nothing is at ${new URL(c.req.url).pathname}`)));

api.openapi(
	createRoute({
		method: 'get',
		path: '/health',
		summary: 'Whether the server lives',
		responses: { 200: json('ok', 'Health') }
	}),
	(c) => c.json({ ok: true, node: process.version } satisfies Health)
);

api.openapi(
	createRoute({
		method: 'get',
		path: '/sessions',
		tags,
		summary: 'All sessions, newest first',
		description: conditional.description,
		request: { headers: conditional.headers },
		responses: { 200: json('the sessions', 'SessionList'), ...conditional.responses }
	}),
	async (c) => {
		if (await unchanged(c)) return c.body(null, 304);
		return c.json({ sessions: await c.env.store.listSessions() } satisfies SessionList, 200);
	}
);

api.openapi(
	createRoute({
		method: 'post',
		path: '/sessions',
		tags,
		summary:
			'Load a trace file (plain, gzip or zstd); 200 instead of 201 if its content was there already. With live=1 make an empty session that lines are posted to',
		request: {
			query: z.object({
				name: z.string().min(1).max(200).optional(),
				live: flag.default(false),
				format: z.string().max(40).optional(),
				generation: z.enum(GENERATIONS).optional(),
				vendor: z.enum(['intel', 'amd', 'arm64']).optional()
			}),
			body: {
				content: { 'application/octet-stream': { schema: z.string().openapi({ format: 'binary' }) } }
			}
		},
		responses: {
			201: json('what was loaded, or the empty live session', 'UploadAnswer'),
			200: json('nothing new', 'IngestSummary'),
			400: failures[400],
			413: { description: 'The body is larger than the server takes (problem document)' },
			422: { description: 'The body is no trace, or holds no event (problem document)' }
		}
	}),
	async (c) => {
		const body = c.req.raw.body;
		const { name, live, ...hints } = c.req.valid('query');
		if (live) return c.json({ session: await createLiveSession(c.env.store, name ?? 'live') }, 201);
		if (!c.env.upload) throw new ApiError(400, 'this server takes no uploads');
		if (!body) throw new ApiError(400, 'the request has no body: send the trace file as body');
		const summary = await c.env.upload(body, name ?? 'upload', hints);
		return c.json(summary, summary.duplicate ? 200 : 201);
	}
);

api.openapi(
	createRoute({
		method: 'get',
		path: '/sessions/{id}',
		tags,
		summary: 'One session',
		description: conditional.description,
		request: { params: idParam, headers: conditional.headers },
		responses: { 200: json('One session', 'SessionDetail'), ...conditional.responses, ...failures }
	}),
	async (c) => {
		if (await unchanged(c)) return c.body(null, 304);
		return c.json((await c.env.store.getSession(c.req.valid('param').id)) satisfies SessionDetail, 200);
	}
);

api.openapi(
	get('/sessions/{id}/timeline', 'Events per time column', 'Timeline', timelineQuery),
	async (c) => {
		const { columns, by, from, to, ...fields } = c.req.valid('query');
		const session = await c.env.store.getSession(c.req.valid('param').id);
		const time = windowOf(session, { from, to });
		const filter = toFilter(fields, session);
		return c.json(await timeline(c.env.store, session, { time, columns, by, filter }, c.req.raw.signal));
	}
);

api.openapi(
	get('/sessions/{id}/state', 'The tracking state at a position', 'StateView', stateQuery),
	async (c) => {
		const session = await c.env.store.getSession(c.req.valid('param').id);
		return c.json(
			await stateView(c.env.store, session.id, await positionOf(c.env.store, session, c.req.valid('query')))
		);
	}
);

api.openapi(get('/sessions/{id}/events', 'A page of events', 'EventPage', eventsQuery), async (c) => {
	const { store } = c.env;
	const { from, t, limit, order, ...fields } = c.req.valid('query');
	const session = await store.getSession(c.req.valid('param').id);
	const at = from ?? (t === undefined ? null : await seqAtTime(store, session.id, t));
	const start = at ?? (order === 'asc' ? 0 : session.events - 1);
	const filter = toFilter(fields, session);
	const { events, next } = await queryEvents(store, session.id, { filter, from: start, limit, order });
	const before = await stepEvent(store, session.id, filter, start, order === 'asc' ? 'previous' : 'next');
	return c.json({
		events: events.map(wireEvent),
		next,
		previous: before?.seq ?? null
	} satisfies EventPage);
});

const stream = get(
	'/sessions/{id}/events.ndjson',
	'Events as native lines',
	media('Lines of the native format', 'application/x-ndjson'),
	streamQuery
);
api.openapi(stream, async (c) => {
	const { from, to, notes, ...fields } = c.req.valid('query');
	const session = await c.env.store.getSession(c.req.valid('param').id);
	const { id } = session;
	const carry = notes ? (await notesCarrier(c.env.store, session)).carry : null;
	const range = { from, to: to ?? Infinity, ...(carry && { carry }) };
	const pieces = linePieces(c.env.store, id, toFilter(fields, session), range);
	return c.body(textStream(pieces), 200, {
		'content-type': 'application/x-ndjson',
		'content-disposition': `attachment; filename="${id}.ndjson"`
	});
});

const page = get('/sessions/{id}/pages/{gfn}', 'The history of a page', 'PageHistory', pageQuery, {
	params: pageParam
});
api.openapi(page, async (c) => {
	const { id, gfn } = c.req.valid('param');
	return c.json(await pageHistory(c.env.store, id, gfn, c.req.valid('query')));
});

registerLive(api);
registerSimulations(api);
registerHeat(api);
registerAnalyses(api);
registerRows(api);
registerPages(api);
registerCompare(api);
registerNames(api);
registerNotes(api);
registerSessions(api);

api.get('/openapi.json', (c) =>
	c.json(completed(api.getOpenAPI31Document({ openapi: '3.1.0', info: INFO })))
);
