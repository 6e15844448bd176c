import { randomUUID } from 'node:crypto';
import { createRoute, z } from '@hono/zod-openapi';
import type { NotesAnswer, NotesImportAnswer } from '#lib/api/notes-types.ts';
import { NOTE_LIMIT, parseNoteEvent } from '#lib/domain/notes.ts';
import { GFN_LIMIT } from '#lib/domain/units.ts';
import { changeNotes, importNotes, readNotes } from '../query/notes.ts';
import { idParam } from './params.ts';
import { ApiError } from './problem.ts';
import { conditional, failures, get, json, media, unchanged, type Api } from './route.ts';

const text = z.string().trim().min(1).max(NOTE_LIMIT);
const number = z.int().min(0);
const gfn = number.max(GFN_LIMIT);
const pin = z.discriminatedUnion('type', [
	z.object({ type: z.literal('time'), tsNs: number }),
	z.object({ type: z.literal('page'), gfn: number.max(GFN_LIMIT - 1), tsNs: number.optional() }),
	z.object({
		type: z.literal('rectangle'),
		lane: number,
		fromNs: number,
		toNs: number,
		fromGfn: gfn,
		toGfn: gfn
	})
]);
const body = <S extends z.ZodType>(schema: S) => ({
	required: true,
	content: { 'application/json': { schema } }
});
const added = z.object({ text, pin });
const edited = z
	.object({ text: text.optional(), pin: pin.optional() })
	.refine((note) => note.text !== undefined || note.pin !== undefined, 'say text or pin');
const saved = z.object({ query: z.string().max(NOTE_LIMIT) });
const noteParam = idParam.extend({ noteId: z.string().min(1).max(100) });
const viewParam = idParam.extend({ name: z.string().min(1).max(200) });
const tags = ['notes'];
const none = z.object({});
const LINES = 'application/x-ndjson';

/** Notes pinned to places of a session, and named views. */
export function registerNotes(api: Api): void {
	const list = createRoute({
		method: 'get',
		path: '/sessions/{id}/notes',
		tags,
		summary: 'Notes and named views',
		description: conditional.description,
		request: { params: idParam, headers: conditional.headers },
		responses: {
			200: json('notes and views', 'NotesAnswer'),
			...conditional.responses,
			...failures
		}
	});
	api.openapi(list, async (c) => {
		if (await unchanged(c)) return c.body(null, 304);
		const session = await c.env.store.getSession(c.req.valid('param').id);
		const { state } = await readNotes(c.env.store, session);
		const [notes, views] = [[...state.notes.values()], [...state.views.values()]];
		return c.json({ notes, views } satisfies NotesAnswer, 200);
	});

	const add = createRoute({
		method: 'post',
		path: '/sessions/{id}/notes',
		tags,
		summary: 'Pin a note to a time, a page or a rectangle',
		request: { params: idParam, body: body(added) },
		responses: { 201: json('the note', 'Note'), ...failures }
	});
	api.openapi(add, async (c) => {
		const session = await c.env.store.getSession(c.req.valid('param').id);
		const { text, pin } = c.req.valid('json');
		const noteId = randomUUID();
		const event = parseNoteEvent({ kind: 'note_added', atMs: Date.now(), noteId, text, pin });
		const { notes } = await changeNotes(c.env.store, session, () => [event]);
		return c.json(notes.get(noteId), 201);
	});

	const edit = createRoute({
		method: 'patch',
		path: '/sessions/{id}/notes/{noteId}',
		tags,
		summary: 'Change a note’s text or pin',
		request: { params: noteParam, body: body(edited) },
		responses: { 200: json('the note', 'Note'), ...failures }
	});
	api.openapi(edit, async (c) => {
		const { id, noteId } = c.req.valid('param');
		const session = await c.env.store.getSession(id);
		const { text, pin } = c.req.valid('json');
		const change = { ...(text === undefined ? {} : { text }), ...(pin === undefined ? {} : { pin }) };
		const event = parseNoteEvent({ kind: 'note_edited', atMs: Date.now(), noteId, ...change });
		const { notes } = await changeNotes(c.env.store, session, () => [event]);
		return c.json(notes.get(noteId), 200);
	});

	const remove = createRoute({
		method: 'delete',
		path: '/sessions/{id}/notes/{noteId}',
		tags,
		summary: 'Remove a note',
		request: { params: noteParam },
		responses: { 204: { description: 'gone' }, ...failures }
	});
	api.openapi(remove, async (c) => {
		const { id, noteId } = c.req.valid('param');
		const session = await c.env.store.getSession(id);
		await changeNotes(c.env.store, session, () => [{ kind: 'note_removed', atMs: Date.now(), noteId }]);
		return c.body(null, 204);
	});

	registerViews(api);
	registerNoteFiles(api);
}

function registerViews(api: Api): void {
	const save = createRoute({
		method: 'put',
		path: '/sessions/{id}/views/{name}',
		tags,
		summary: 'Save a view (the query of its address) under a name',
		request: { params: viewParam, body: body(saved) },
		responses: { 200: json('the view', 'NamedView'), ...failures }
	});
	api.openapi(save, async (c) => {
		const { id, name } = c.req.valid('param');
		const session = await c.env.store.getSession(id);
		const { query } = c.req.valid('json');
		const event = parseNoteEvent({ kind: 'view_saved', atMs: Date.now(), name, query });
		const { views } = await changeNotes(c.env.store, session, () => [event]);
		return c.json(views.get(name), 200);
	});

	const remove = createRoute({
		method: 'delete',
		path: '/sessions/{id}/views/{name}',
		tags,
		summary: 'Remove a named view',
		request: { params: viewParam },
		responses: { 204: { description: 'gone' }, ...failures }
	});
	api.openapi(remove, async (c) => {
		const { id, name } = c.req.valid('param');
		const session = await c.env.store.getSession(id);
		await changeNotes(c.env.store, session, () => [{ kind: 'view_removed', atMs: Date.now(), name }]);
		return c.body(null, 204);
	});
}

function registerNoteFiles(api: Api): void {
	const stream = get(
		'/sessions/{id}/notes.ndjson',
		'The notes stream, an event a line',
		media('Lines of the notes stream', LINES),
		none
	);
	api.openapi(stream, async (c) => {
		const session = await c.env.store.getSession(c.req.valid('param').id);
		const { events } = await readNotes(c.env.store, session);
		const lines = events.map((event) => JSON.stringify(event) + '\n').join('');
		return c.body(lines, 200, {
			'content-type': LINES,
			'content-disposition': `attachment; filename="${session.id}.notes.ndjson"`
		});
	});

	const load = createRoute({
		method: 'post',
		path: '/sessions/{id}/notes.ndjson',
		tags,
		summary: 'Add the events of a notes stream; those that are there already are left out',
		request: { params: idParam, body: { required: true, content: { [LINES]: { schema: z.string() } } } },
		responses: { 200: json('what was added', 'NotesImportAnswer'), ...failures }
	});
	api.openapi(load, async (c) => {
		const session = await c.env.store.getSession(c.req.valid('param').id);
		const done = await importNotes(c.env.store, session, await c.req.text());
		if (done.issues.length && !done.added && !done.known)
			throw new ApiError(400, 'no line is an event of a notes stream', { issues: done.issues });
		return c.json(done satisfies NotesImportAnswer, 200);
	});
}
