import type { EventBatch } from '#lib/domain/batch.ts';
import { formatBatch } from '../native-text.ts';
import type { SimulationSink } from './sink.ts';

export interface ServerAddress {
	/** `http://127.0.0.1:3000`; a path in front of `/api/v1` is kept. */
	readonly url: URL;
	/** Asked for by servers that listen off loopback. */
	readonly token: string | null;
}

/** The server did not take what was sent; `status` is null if it could not be reached. */
export class ServerError extends Error {
	readonly url: string;
	readonly status: number | null;
	constructor(url: string, status: number | null, detail: string) {
		super(status === null ? `${url} cannot be reached: ${detail}` : `${url} answered ${status}: ${detail}`);
		this.name = 'ServerError';
		this.url = url;
		this.status = status;
	}
}

const textOf = (value: unknown): string => (typeof value === 'string' ? value : '');

/** Sends a request and reads its JSON answer. @throws {ServerError} */
async function post(
	{ url, token }: ServerAddress,
	path: string,
	body: string | null
): Promise<Record<string, unknown>> {
	const headers: Record<string, string> = {};
	if (body !== null) headers['content-type'] = 'application/x-ndjson';
	if (token !== null) headers.authorization = `Bearer ${token}`;
	const target = new URL(`${url.pathname.replace(/\/$/, '')}/api/v1/${path}`, url);
	const response = await fetch(target, { method: 'POST', headers, body }).catch((error: unknown) => {
		const { cause } = error as { cause?: { code?: string; message?: string } };
		throw new ServerError(url.origin, null, cause?.code ?? cause?.message ?? String(error));
	});
	const answer = (await response.json().catch(() => ({}))) as Record<string, unknown>;
	if (!response.ok)
		throw new ServerError(url.origin, response.status, textOf(answer.detail) || response.statusText);
	return answer;
}

/** A new live session on a running server; each batch is one request, whose receipt says where the session stands. */
export async function serverSink(server: ServerAddress, name: string): Promise<SimulationSink> {
	const made = await post(server, `sessions?name=${encodeURIComponent(name)}&live=1`, null);
	const id = textOf((made.session as { id?: unknown } | undefined)?.id);
	if (!id) throw new ServerError(server.url.origin, 201, 'it named no session: is it a pagetrail server?');
	let seq = 0;
	return {
		where: new URL(`${server.url.pathname.replace(/\/$/, '')}/sessions/${id}`, server.url).href,
		write: async (batch: EventBatch) => {
			const receipt = await post(server, `sessions/${id}/events?expected=${seq}`, formatBatch(batch));
			if (receipt.next !== seq + batch.length)
				throw new ServerError(
					server.url.origin,
					200,
					`the session is at ${String(receipt.next)}, not at ${seq + batch.length}: not every event was taken`
				);
			seq += batch.length;
		},
		end: async () => {}
	};
}
