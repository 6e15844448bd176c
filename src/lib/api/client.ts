import { decodeGrid, type HeatGrid } from './binary-grid.ts';
import type { EventCount, EventRowPage, EventStep, PageNeighbours } from './event-types.ts';
import type { StateDiff, TrackedCell, UsedGfns, WhyTracked } from './tracking-types.ts';
import type {
	EventPage,
	PageHistory,
	Problem,
	SessionDetail,
	StateView,
	Timeline,
	WorkloadList
} from './types.ts';

/** An answer of the API that is a problem document. */
export class ApiProblem extends Error {
	readonly problem: Problem;
	constructor(problem: Problem) {
		super(problem.detail);
		this.name = 'ApiProblem';
		this.problem = problem;
	}
}

export type Query = Readonly<Record<string, string | number | undefined>>;

/** Address of something of the API with a query; parameters that are undefined are left out. */
export function apiUrl(path: string, query: Query = {}): string {
	const params = new URLSearchParams();
	for (const [name, value] of Object.entries(query)) if (value !== undefined) params.set(name, String(value));
	const text = params.toString();
	return `/api/v1${path}${text && `?${text}`}`;
}

/** Address of something below a session, with a query. */
export const sessionUrl = (id: string, path: string, query: Query = {}): string =>
	apiUrl(`/sessions/${encodeURIComponent(id)}${path}`, query);

/** What an address of the API answers, if that is no problem. @throws {ApiProblem} */
export async function answer(url: string, init: RequestInit = {}): Promise<Response> {
	const response = await fetch(url, init);
	if (response.ok) return response;
	const fallback = {
		type: 'about:blank',
		title: response.statusText,
		status: response.status,
		detail: response.statusText
	};
	throw new ApiProblem((await response.json().catch(() => fallback)) as Problem);
}

/** What an address of the API answers in JSON. @throws {ApiProblem} */
export const json = async <T>(url: string, signal?: AbortSignal): Promise<T> =>
	(await answer(url, signal ? { signal } : {})).json() as Promise<T>;

/** An answer at one moment; `etag` names the moment. */
export type Dated<T> = T & { readonly etag: string | null };

/** What an address of the API answers in JSON, or null if nothing changed since `etag`. @throws {ApiProblem} */
export async function jsonSince<T extends object>(
	url: string,
	etag: string | null,
	signal?: AbortSignal
): Promise<Dated<T> | null> {
	const headers: Record<string, string> = etag ? { 'if-none-match': etag } : {};
	try {
		const response = await answer(url, { headers, cache: 'no-store', ...(signal && { signal }) });
		return { ...((await response.json()) as T), etag: response.headers.get('etag') };
	} catch (error) {
		if (error instanceof ApiProblem && error.problem.status === 304) return null;
		throw error;
	}
}

/** Sends a body and gives what is answered in JSON. @throws {ApiProblem} */
export async function send<T>(
	url: string,
	method: 'POST' | 'PUT' | 'PATCH',
	body: string | Blob,
	type = 'application/json'
): Promise<T> {
	return (await answer(url, { method, body, headers: { 'content-type': type } })).json() as Promise<T>;
}

export const getSession = (id: string) => json<SessionDetail>(sessionUrl(id, ''));
export const getTimeline = (id: string, query: Query, signal?: AbortSignal) =>
	json<Timeline>(sessionUrl(id, '/timeline', query), signal);
export const getState = (id: string, query: Query, signal?: AbortSignal) =>
	json<StateView>(sessionUrl(id, '/state', query), signal);
export const getEvents = (id: string, query: Query, signal?: AbortSignal) =>
	json<EventPage>(sessionUrl(id, '/events', query), signal);
/** Rows of the filtered event table: `row` or `seq` says where to begin. */
export const getRows = (id: string, query: Query, signal?: AbortSignal) =>
	json<EventRowPage>(sessionUrl(id, '/events/rows', query), signal);
/** The next or previous event: `seq`, `dir`, `what`, and filter fields. */
export const getStep = (id: string, query: Query, signal?: AbortSignal) =>
	json<EventStep>(sessionUrl(id, '/events/step', query), signal);
/** What differs between two positions (`from`, `to`). */
export const getStateDiff = (id: string, query: Query, signal?: AbortSignal) =>
	json<StateDiff>(sessionUrl(id, '/state/diff', query), signal);
/** Why a page is tracked at a position (`seq`). */
export const getWhyTracked = (id: string, gfn: number, query: Query, signal?: AbortSignal) =>
	json<WhyTracked>(sessionUrl(id, `/pages/${gfn}/why`, query), signal);
/** The events on a page next to a position (`seq`), of `kinds` alone if they are given. */
export const getNeighbours = (id: string, gfn: number, query: Query, signal?: AbortSignal) =>
	json<PageNeighbours>(sessionUrl(id, `/pages/${gfn}/neighbours`, query), signal);
/** What was tracked of some pages of a lane (`lane`, `gfn`) at an instant (`t`). */
export const getTrackedCell = (id: string, query: Query, signal?: AbortSignal) =>
	json<TrackedCell>(sessionUrl(id, '/tracked/cell', query), signal);
/** How many events meet a filter. */
export const getCount = (id: string, query: Query, signal?: AbortSignal) =>
	json<EventCount>(sessionUrl(id, '/events/count', query), signal);
/** A page's life; `query` pages its events. */
export const getPage = (id: string, gfn: number, query: Query, signal?: AbortSignal) =>
	json<PageHistory>(sessionUrl(id, `/pages/${gfn}`, query), signal);

/** Gfns that were accessed or tracked in the whole session, by lane. */
export const getUsed = (id: string) => json<UsedGfns>(sessionUrl(id, '/used'));

/** A grid, of a heat map's or tracked pages' address (`format=grid`). @throws {ApiProblem} {GridFormatError} */
export const getGrid = async (url: string, signal?: AbortSignal): Promise<HeatGrid> =>
	decodeGrid(await (await answer(url, signal ? { signal } : {})).arrayBuffer());

export const deleteSession = (id: string) => answer(sessionUrl(id, ''), { method: 'DELETE' });

/** What the simulated host can play. */
export const getWorkloads = () => json<WorkloadList>('/api/v1/workloads');

/** Starts a simulation; resolves with its session when it is over, or while it goes on if that takes longer. */
export async function startSimulation(
	wish: Readonly<Record<string, string | number>>
): Promise<SessionDetail> {
	const { session } = await send<{ session: SessionDetail }>(
		'/api/v1/simulations',
		'POST',
		JSON.stringify(wish)
	);
	return session;
}

/** Wrong options of a problem document: parameter → message. */
export function problemErrors({ errors }: Problem): Readonly<Record<string, string>> {
	if (!Array.isArray(errors)) return {};
	const list = errors as readonly { parameter?: string; message?: string }[]; // our own server's
	return Object.fromEntries(list.map(({ parameter = '', message = '' }) => [parameter, message]));
}
