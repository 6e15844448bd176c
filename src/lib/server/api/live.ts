import { createRoute, z, type OpenAPIHono } from '@hono/zod-openapi';
import type { LivePosition } from '#lib/api/types.ts';
import type { SessionInfo } from '#lib/domain/session-info.ts';
import type { TraceStore } from '../store/store.ts';
import { failures, json, media, type Env } from './route.ts';
import { liveStream } from './live-stream.ts';
import { flag, idParam, whole } from './params.ts';
import { ApiError } from './problem.ts';

const tags = ['live'];

/** Media types of a body of lines; the last one is what a client sends that says nothing. */
const LINES = ['application/x-ndjson', 'application/ndjson', 'application/jsonl', 'application/octet-stream'];

/** An empty session that lines are posted to. */
export const createLiveSession = (store: TraceStore, name: string): Promise<SessionInfo> =>
	store.createSession({
		name,
		createdMs: Date.now(),
		source: { head: 'live', name: 'posted lines', format: 'native' }
	});

function checkMediaType(type: string | undefined): void {
	if (LINES.includes(type?.split(';')[0]?.trim().toLowerCase() ?? '')) return;
	throw new ApiError(
		415,
		`the body must be native lines: send content-type ${LINES[0]}, not ${type ?? 'none'}`
	);
}

/** A body's bytes; a connection that breaks off is the client's doing, not the server's failure. */
async function* bodyChunks(body: Request['body']): AsyncGenerator<Uint8Array> {
	try {
		if (body) yield* body;
	} catch (error) {
		if (error instanceof Error && 'status' in error) throw error; // the server's limit on bodies
		throw new ApiError(400, `the body broke off (${String(error)}): the whole lines before that are kept`);
	}
}

/** Seq that a reader goes on from: what an EventSource that reconnects saw last counts more than the address. */
function startOf(lastEventId: string | undefined, from: number | undefined): number {
	const parsed = lastEventId ? whole.safeParse(lastEventId) : null;
	if (parsed && !parsed.success) throw new ApiError(400, `Last-Event-ID ${lastEventId} is no seq`);
	return parsed?.data ?? from ?? 0;
}

/** Routes of live sessions: posting lines, where a session stands, and following it. */
export function registerLive(api: OpenAPIHono<Env>): void {
	registerAppend(api);
	registerPosition(api);
	registerStream(api);
}

function registerStream(api: OpenAPIHono<Env>): void {
	api.openapi(
		createRoute({
			method: 'get',
			path: '/sessions/{id}/live',
			tags,
			summary: 'What is committed, as server-sent events, without gaps from any seq on',
			description:
				'Messages: `commit` (where the session stands), or with events=1 `events` (events `[from, next)`); the id of each is the seq to go on from. `end` when the session has ended, `deleted` when it is gone.',
			request: {
				params: idParam,
				query: z.object({ from: whole.optional(), events: flag.default(false) }),
				headers: z.object({ 'last-event-id': z.string().optional() })
			},
			responses: {
				200: media('the stream', 'text/event-stream'),
				204: { description: 'The session has ended and the reader has seen all of it: do not reconnect' },
				...failures,
				400: { description: 'A parameter is wrong, or the seq beyond the session (problem document)' }
			}
		}),
		async (c) => {
			const { store } = c.env;
			const { id } = c.req.valid('param');
			const { from, events } = c.req.valid('query');
			const lastEventId = c.req.header('last-event-id');
			const start = startOf(lastEventId, from);
			const { next, ended } = await store.progress(id);
			if (start > next) throw new ApiError(400, `session ${id} ends at seq ${next}`, { current: next });
			if (lastEventId && ended && start === next) return c.body(null, 204);
			const stream = liveStream(store, id, { from: start, events }, c.req.raw.signal);
			return c.body(stream, 200, {
				'content-type': 'text/event-stream',
				'cache-control': 'no-cache, no-transform',
				'x-accel-buffering': 'no'
			});
		}
	);
}

function registerAppend(api: OpenAPIHono<Env>): void {
	api.openapi(
		createRoute({
			method: 'post',
			path: '/sessions/{id}/events',
			tags,
			summary:
				'Add native lines to a live session while they come: committed within 250 ms, read no faster than they are stored. The receipt says what was added',
			request: {
				params: idParam,
				query: z.object({ expected: whole }),
				body: { content: { 'application/x-ndjson': { schema: z.string() } } }
			},
			responses: {
				200: json('the receipt', 'AppendReceipt'),
				...failures,
				409: {
					description:
						'The session is at another seq (`current`), has ended, or was loaded from a file (problem document)'
				},
				415: { description: 'The body is said to be something else than lines (problem document)' }
			}
		}),
		async (c) => {
			const { append } = c.env;
			const { body } = c.req.raw;
			if (!append) throw new ApiError(400, 'this server takes no events');
			checkMediaType(c.req.header('content-type'));
			const { id } = c.req.valid('param');
			const { expected } = c.req.valid('query');
			return c.json(await append(id, expected, bodyChunks(body)), 200);
		}
	);
}

function registerPosition(api: OpenAPIHono<Env>): void {
	api.openapi(
		createRoute({
			method: 'get',
			path: '/sessions/{id}/position',
			tags,
			summary: 'Where a live session stands: what a writer that lost its connection goes on from',
			request: { params: idParam },
			responses: { 200: json('the position', 'LivePosition'), 404: failures[404] }
		}),
		async (c) => {
			const { id } = c.req.valid('param');
			const { events, ended } = await c.env.store.getSession(id);
			const [source] = await c.env.store.sourcesOf(id);
			const position: LivePosition = {
				next: events,
				lines: source?.line ?? 0,
				bytes: source?.byte ?? 0,
				ended
			};
			return c.json(position);
		}
	);
}
