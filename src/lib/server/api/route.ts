import { createRoute, z, type OpenAPIHono } from '@hono/zod-openapi';
import type { Context } from 'hono';
import type { AppendReceipt, IngestSummary } from '#lib/api/types.ts';
import type { Generation } from '#lib/domain/generations.ts';
import type { SimulationRequest } from '#lib/host/simulation/options.ts';
import type { SessionDetail } from '#lib/domain/session-info.ts';
import { seqAtTime } from '../query/events.ts';
import type { TraceStore } from '../store/store.ts';
import { idParam } from './params.ts';
import { ApiError } from './problem.ts';
import type { Shape } from './shapes.ts';

/** What the sender says about an upload that its content may not tell. */
export interface UploadHints {
	/** Name of the format, as `pagetrail formats` lists them. */
	readonly format?: string | undefined;
	readonly generation?: Generation | undefined;
	readonly vendor?: 'intel' | 'amd' | 'arm64' | undefined;
}

/** What the API needs from its host. */
export interface ApiBindings {
	readonly store: TraceStore;
	/** Loads an uploaded trace in a worker; absent where uploads are not offered. */
	readonly upload?: (
		body: ReadableStream<Uint8Array>,
		name: string,
		hints: UploadHints
	) => Promise<IngestSummary>;
	/** Adds native lines to a live session at `expected`, read no faster than they are stored. */
	readonly append?: (id: string, expected: number, body: AsyncIterable<Uint8Array>) => Promise<AppendReceipt>;
	/** Runs a workload of the simulated host in a worker and returns the session's id. */
	readonly simulate?: (
		request: SimulationRequest,
		options: { readonly name: string | undefined; readonly rate: number | undefined }
	) => Promise<string>;
}
export type Env = { Bindings: ApiBindings };
/** What `register…` functions add their routes to. */
export type Api = OpenAPIHono<Env>;

/** Most cells of a grid that one request may ask for. */
export const MAX_CELLS = 4_000_000;

/** An answer in JSON, for a route's `responses`; `shape` names its type in src/lib/api. */
export const json = (description: string, shape: Shape) => ({
	description,
	content: { 'application/json': { schema: z.any().openapi(shape) } }
});
/** An answer in a text of another media type. */
export const media = <T extends string>(description: string, type: T) => ({
	description,
	content: { [type]: { schema: z.string() } } as Record<T, { schema: z.ZodString }>
});
/** What a route says that answers `unchanged` requests without reading. */
export const conditional = {
	description:
		'The answer’s ETag changes with each commit to the store: with If-None-Match asking again costs next to nothing while nothing happens.',
	headers: z.object({ 'if-none-match': z.string().optional() }),
	responses: { 304: { description: 'nothing was committed since' } }
};

/** Sets the answer's ETag; true if the reader has this answer already. To be called before reading. */
export async function unchanged(c: Context<Env>): Promise<boolean> {
	const etag = `"${await c.env.store.revision()}"`; // before the reading: what comes in between is news
	c.header('etag', etag);
	c.header('cache-control', 'no-cache');
	return c.req.header('if-none-match') === etag;
}

export const failures = {
	400: { description: 'A parameter is wrong (problem document)' },
	404: { description: 'There is no such session, or nothing of the name in it (problem document)' }
};

type Answer<A> = A extends Shape ? ReturnType<typeof json> : A;
const answered = <A extends Shape | { description: string }>(summary: string, answer: A) =>
	(typeof answer === 'string' ? json(summary, answer) : answer) as Answer<A>;

/** A GET route below a session; its answer is of a shape in JSON, or what `media` says. */
export const get = <
	Q extends z.ZodObject,
	A extends Shape | { description: string },
	P extends z.ZodObject = typeof idParam
>(
	path: string,
	summary: string,
	answer: A,
	query: Q,
	{ params }: { readonly params?: P } = {}
) =>
	createRoute({
		method: 'get',
		path,
		tags: ['sessions'],
		summary,
		// what is absent is of the default type
		request: { params: (params ?? idParam) as P, query },
		responses: { 200: answered(summary, answer), ...failures }
	});

/** The asked time range, the whole session by default. */
export function windowOf(
	session: SessionDetail,
	{ from, to }: { from?: number | undefined; to?: number | undefined }
): { from: number; to: number } {
	const time = { from: from ?? 0, to: to ?? session.endNs + 1 };
	if (time.from >= time.to) throw new ApiError(400, `from ${time.from} must be before to ${time.to}`);
	return time;
}

/** Seq that `seq` or `t` names: right after the events at or before time `t`. */
export async function positionOf(
	store: TraceStore,
	session: SessionDetail,
	{ seq, t }: { seq?: number | undefined; t?: number | undefined }
): Promise<number> {
	const position = seq ?? (t === undefined ? session.events : await seqAtTime(store, session.id, t + 1));
	if (position > session.events)
		throw new ApiError(400, `session ${session.id} ends at seq ${session.events}`);
	return position;
}
