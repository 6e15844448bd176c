import { createHash, timingSafeEqual } from 'node:crypto';

export interface Guard {
	/**
	 * Host names answered to beside the loopback ones (against DNS rebinding); `*` allows all, for a server that
	 * listens everywhere and asks for a token.
	 */
	readonly hosts: readonly string[];
	/** Asked of every request if set. */
	readonly token: string | null;
}

const LOOPBACK = ['localhost', '127.0.0.1', '[::1]'];
const SAFE = new Set(['GET', 'HEAD', 'OPTIONS']);
const COOKIE = 'pagetrail_token';

const refuse = (status: number, title: string, detail: string): Response =>
	new Response(JSON.stringify({ type: 'about:blank', title, status, detail }), {
		status,
		headers: { 'content-type': 'application/problem+json' }
	});

/** True for what another site's page makes a browser send; command-line clients send neither header. */
function crossSite(request: Request, url: URL): boolean {
	if (SAFE.has(request.method)) return false;
	const site = request.headers.get('sec-fetch-site');
	if (site) return site !== 'same-origin' && site !== 'none';
	const origin = request.headers.get('origin');
	return origin !== null && URL.parse(origin)?.host !== url.host;
}

/** SvelteKit hands on no body at all when the content type is missing: better refused than lost. */
function lostBody({ headers }: Request): boolean {
	if (headers.get('content-type')) return false;
	return headers.has('transfer-encoding') || Number(headers.get('content-length')) > 0;
}

const digest = (text: string) => createHash('sha256').update(text).digest();

function presented(request: Request, url: URL): string | null {
	const bearer = /^Bearer (.+)$/i.exec(request.headers.get('authorization') ?? '')?.[1];
	const cookie = new RegExp(`(?:^|; )${COOKIE}=([^;]*)`).exec(request.headers.get('cookie') ?? '')?.[1];
	return bearer ?? url.searchParams.get('token') ?? (cookie ? decodeURIComponent(cookie) : null);
}

/** The answer that turns a request away, or null if it may pass. A token in the URL moves into a cookie. */
export function refusal(request: Request, url: URL, { hosts, token }: Guard): Response | null {
	if (!hosts.includes('*') && ![...LOOPBACK, ...hosts].includes(url.hostname))
		return refuse(421, 'Misdirected request', `this server does not answer for the host ${url.hostname}`);
	if (crossSite(request, url)) return refuse(403, 'Forbidden', 'cross-site request refused');
	if (lostBody(request)) return refuse(415, 'Unsupported media type', 'a body needs a content-type');
	if (token === null) return null;
	const given = presented(request, url);
	if (given === null || !timingSafeEqual(digest(given), digest(token)))
		return refuse(401, 'Unauthorized', 'open the address with ?token=… or send Authorization: Bearer …');
	if (!url.searchParams.has('token') || !SAFE.has(request.method)) return null;
	const clean = new URL(url);
	clean.searchParams.delete('token');
	const cookie = `${COOKIE}=${encodeURIComponent(given)}; Path=/; HttpOnly; SameSite=Strict`;
	return new Response(null, {
		status: 303,
		headers: { location: clean.pathname + clean.search, 'set-cookie': cookie }
	});
}
