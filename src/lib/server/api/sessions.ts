import { createRoute, z } from '@hono/zod-openapi';
import type { Thumbnail } from '#lib/api/types.ts';
import { thumbnail } from '../query/thumbnail.ts';
import { cells, flag, idParam } from './params.ts';
import { ApiError } from './problem.ts';
import { failures, get, json, type Api } from './route.ts';

/** How long a deleted session can be taken back; it is gone for good at the next start or deletion after that. */
export const GRACE_MS = 60 * 60 * 1000;

const tags = ['sessions'];
const tagList = z
	.array(z.string().trim().min(1).max(40))
	.max(20)
	.transform((all) => [...new Set(all)]);
const changes = z
	.object({ name: z.string().trim().min(1).max(200).optional(), tags: tagList.optional() })
	.refine(({ name, tags }) => name !== undefined || tags !== undefined, 'say name or tags');

/** Routes that change sessions, and their small pictures. */
export function registerSessions(api: Api): void {
	const change = createRoute({
		method: 'patch',
		path: '/sessions/{id}',
		tags,
		summary: 'Rename or tag a session',
		request: {
			params: idParam,
			body: { required: true, content: { 'application/json': { schema: changes } } }
		},
		responses: { 200: json('the session', 'SessionDetail'), ...failures }
	});
	api.openapi(change, async (c) => {
		const { id } = c.req.valid('param');
		const { name, tags } = c.req.valid('json');
		if (name !== undefined) await c.env.store.renameSession(id, name);
		if (tags !== undefined) await c.env.store.setTags(id, tags);
		return c.json(await c.env.store.getSession(id), 200);
	});

	const remove = createRoute({
		method: 'delete',
		path: '/sessions/{id}',
		tags,
		summary: 'Delete a session; for an hour it can be restored, unless now=1',
		request: { params: idParam, query: z.object({ now: flag.default(false) }) },
		responses: { 204: { description: 'gone' }, ...failures }
	});
	api.openapi(remove, async (c) => {
		const { id } = c.req.valid('param');
		await c.env.store.getSession(id);
		if (c.req.valid('query').now) await c.env.store.deleteSession(id);
		else await c.env.store.hideSession(id, Date.now());
		await c.env.store.purgeHidden(Date.now() - GRACE_MS);
		return c.body(null, 204);
	});

	const restore = createRoute({
		method: 'post',
		path: '/sessions/{id}/restore',
		tags,
		summary: 'Take back the deletion of a session',
		request: { params: idParam },
		responses: { 200: json('the session', 'SessionDetail'), 404: failures[404] }
	});
	api.openapi(restore, async (c) => {
		const { id } = c.req.valid('param');
		await c.env.store.showSession(id);
		return c.json(await c.env.store.getSession(id), 200);
	});

	const picture = get(
		'/sessions/{id}/thumbnail',
		'A small heat map of the busiest lane without its long unused stretches',
		'Thumbnail',
		z.object({ columns: cells(256, 48), rows: cells(256, 24) })
	);
	api.openapi(picture, async (c) => {
		const session = await c.env.store.getSession(c.req.valid('param').id);
		const grid = await thumbnail(c.env.store, session, c.req.valid('query'));
		if (!grid) throw new ApiError(404, `session ${session.id} has no access in any memslot`);
		return c.json(grid satisfies Thumbnail);
	});
}
