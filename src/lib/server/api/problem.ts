import type { Context } from 'hono';
import type { ContentfulStatusCode } from 'hono/utils/http-status';
import { FilterTextError } from '#lib/domain/filter-text.ts';
import { UnusableTextError } from '#lib/domain/line-issues.ts';
import { NoteConflictError, NoteFormatError } from '#lib/domain/notes.ts';
import { SimulationOptionError } from '#lib/host/simulation/options.ts';
import { NoSuchSessionError, NotLiveError, SeqConflictError } from '../store/store.ts';

const TITLES: Readonly<Record<number, string>> = {
	400: 'Bad request',
	404: 'Not found',
	409: 'Conflict',
	413: 'Too large',
	415: 'Unsupported media type',
	422: 'Unusable text',
	500: 'Internal error',
	503: 'Busy'
};

/** A request that cannot be answered: `detail` says what was wrong and what to do. */
export class ApiError extends Error {
	readonly status: ContentfulStatusCode;
	readonly extensions: Readonly<Record<string, unknown>>;
	constructor(status: ContentfulStatusCode, detail: string, extensions: Record<string, unknown> = {}) {
		super(detail);
		this.name = 'ApiError';
		this.status = status;
		this.extensions = extensions;
	}
}

/** The one place where errors get an HTTP status. */
function statusOf(error: Error): ContentfulStatusCode {
	if (error instanceof ApiError) return error.status;
	if (error instanceof NoSuchSessionError) return 404;
	if (error instanceof SeqConflictError || error instanceof NotLiveError) return 409;
	if (error instanceof NoteConflictError) return error.reason === 'missing' ? 404 : 409;
	if (error instanceof NoteFormatError) return 400;
	if (error instanceof FilterTextError || error instanceof RangeError) return 400;
	if (error.name === 'IngestError' || error instanceof UnusableTextError) return 422;
	if (error instanceof SimulationOptionError) return 400;
	if (error.name === 'TooManySimulationsError') return 503;
	// SvelteKit's own errors (413 for a body over the limit) carry their status
	if ('status' in error && typeof error.status === 'number') return error.status as ContentfulStatusCode;
	return 500;
}

/** What a problem document says beside its detail. */
function extensionsOf(error: Error): Readonly<Record<string, unknown>> {
	if (error instanceof ApiError) return error.extensions;
	if (error instanceof SeqConflictError) return { expected: error.expected, current: error.current };
	if (error instanceof UnusableTextError) return { issues: error.issues };
	if (error instanceof SimulationOptionError)
		return { errors: [{ parameter: error.option, message: error.message }] };
	if (!(error instanceof FilterTextError)) return {};
	return { errors: error.issues.map((issue) => ({ parameter: 'q', ...issue })) };
}

/**
 * True for the error that a query ends with because its own reader went away: there is nobody to tell, and nothing
 * failed. Any other error of an abandoned request still counts.
 */
const isAbandoned = ({ signal }: Request, error: unknown): boolean =>
	signal.aborted && error === signal.reason;

/** An RFC 9457 problem document; an empty 499 (a reader that closed the request) where nobody reads any more. */
export function problem(c: Context, error: Error): Response {
	if (isAbandoned(c.req.raw, error)) return new Response(null, { status: 499 });
	const status = statusOf(error);
	if (status === 500) console.error(error);
	const detail = status === 500 ? 'The server failed; its log says why.' : error.message;
	const extensions = extensionsOf(error);
	const body = { type: 'about:blank', title: TITLES[status] ?? 'Error', status, detail, ...extensions };
	return c.body(JSON.stringify(body), status, { 'content-type': 'application/problem+json' });
}
