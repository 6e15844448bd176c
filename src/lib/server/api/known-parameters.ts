import { ZodObject } from 'zod';
import type { MiddlewareHandler } from 'hono';
import { matchedRoutes } from 'hono/route';
import { ApiError } from './problem.ts';
import type { Api, Env } from './route.ts';

/**
 * What any address may carry. `token`: see `refusal`; `events`: the number of events that the asker knows of, so that
 * the address is another one once a session has grown.
 */
const ANYWHERE = ['token', 'events'];

/** Names of the query's parameters by method and path (`GET /base/:id`), as the routes declare them. */
function declared(api: Api, base: string): Map<string, readonly string[]> {
	const names = new Map<string, readonly string[]>();
	for (const definition of api.openAPIRegistry.definitions) {
		if (definition.type !== 'route') continue;
		const { method, path, request } = definition.route;
		const query = request?.query;
		const route = `${method.toUpperCase()} ${base}${path.replace(/\{(\w+)\}/g, ':$1')}`;
		names.set(route, query instanceof ZodObject ? Object.keys(query.shape) : []);
	}
	return names;
}

/** Refuses a parameter that the route (below `base`) does not have: one misspelt would be ignored in silence. */
export function knownParameters(api: Api, base: string): MiddlewareHandler<Env> {
	let names: Map<string, readonly string[]> | null = null; // the routes are registered after this
	return async (c, next) => {
		names ??= declared(api, base);
		const routes = matchedRoutes(c).map(({ method, path }) => names?.get(`${method} ${path}`));
		const known = routes.find((each) => each !== undefined);
		if (!known) return next();
		const unknown = Object.keys(c.req.query()).filter(
			(key) => !ANYWHERE.includes(key) && !known.includes(key)
		);
		if (unknown.length === 0) return next();
		const takes = known.length ? `takes ${known.join(', ')}` : 'takes none';
		const message = `there is no such parameter: ${c.req.path} ${takes}`;
		throw new ApiError(400, `${unknown.join(', ')}: ${message}`, {
			errors: unknown.map((parameter) => ({ parameter, message }))
		});
	};
}
