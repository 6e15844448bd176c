import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { exportCommand } from '#ingest/cli/session-commands.ts';
import { ingest } from '#ingest/ingest.ts';
import type { NotesAnswer, NotesImportAnswer } from '#lib/api/notes-types.ts';
import type { Note } from '#lib/domain/notes.ts';
import type { Problem, SessionDetail, SessionList, Thumbnail } from '#lib/api/types.ts';
import { batchOf } from '#lib/domain/batch-events.ts';
import {
	evolveNotes,
	NoteConflictError,
	noNotes,
	parseNoteEvent,
	type NoteEvent
} from '#lib/domain/notes.ts';
import { api } from '#lib/server/api/api.ts';
import { thumbnailStrips } from '#lib/view/thumbnail-strips.ts';
import { openSqliteStore } from '#lib/server/store/sqlite/sqlite-store.ts';
import { SeqConflictError, type TraceStore } from '#lib/server/store/store.ts';

let store: TraceStore;
beforeEach(async () => {
	store = await openSqliteStore(':memory:');
	await store.createSession({ name: 'one', createdMs: 1 });
	await store.append(
		'one',
		0,
		batchOf([
			{ kind: 'session', tsNs: 0, attributes: { version: 1, source: 'test' } },
			{ kind: 'memslot_create', tsNs: 0, slotId: 0, baseGfn: 0, npages: 8 },
			{ kind: 'write', tsNs: 1, gfn: 7, offset: 0 }
		])
	);
});
afterEach(() => store.close());

const call = (path: string, method = 'GET', body?: unknown, type = 'application/json') => {
	const init: RequestInit = { method };
	if (body !== undefined) {
		init.body = typeof body === 'string' ? body : JSON.stringify(body);
		init.headers = { 'content-type': type };
	}
	return Promise.resolve(api.request(`http://localhost/api/v1/sessions${path}`, init, { store }));
};
const json = async <T>(response: Promise<Response>): Promise<T> => (await response).json() as Promise<T>;
const notesOf = (id: string) => json<NotesAnswer>(call(`/${id}/notes`));
const pin = { type: 'rectangle', lane: 0, fromNs: 0, toNs: 9, fromGfn: 1, toGfn: 3 };

test('notes are added, changed and removed; the stream keeps every step', async () => {
	const note = await json<Note>(call('/one/notes', 'POST', { text: ' hot ', pin }));
	expect(note).toMatchObject({ text: 'hot', pin, editedMs: null });
	const url = `/one/notes/${note.noteId}`;
	expect(await json<Note>(call(url, 'PATCH', { text: 'cold' }))).toMatchObject({ text: 'cold', pin });
	await call('/one/views/boot%20phase', 'PUT', { query: 'from=0&to=9' });
	expect(await notesOf('one')).toMatchObject({
		notes: [{ text: 'cold' }],
		views: [{ name: 'boot phase', query: 'from=0&to=9' }]
	});
	expect((await call(url, 'DELETE')).status).toBe(204);
	expect((await call('/one/views/boot%20phase', 'DELETE')).status).toBe(204);
	expect(await notesOf('one')).toEqual({ notes: [], views: [] });
	const lines = (await (await call('/one/notes.ndjson')).text()).trimEnd().split('\n');
	expect(lines.map((line) => (JSON.parse(line) as NoteEvent).kind)).toEqual([
		'note_added',
		'note_edited',
		'view_saved',
		'note_removed',
		'view_removed'
	]);
});

test.each([
	['/one/notes', 'POST', { text: '', pin }, 400],
	['/one/notes', 'POST', { text: 'x', pin: { type: 'moon' } }, 400],
	['/one/notes', 'POST', { text: 'x', pin: { type: 'page', gfn: -1 } }, 400],
	['/one/notes', 'POST', { text: 'x', pin: { ...pin, toGfn: 1 } }, 400],
	['/one/notes/none', 'PATCH', { text: 'x' }, 404],
	['/one/notes/none', 'DELETE', undefined, 404],
	['/one/views/none', 'DELETE', undefined, 404],
	['/none/notes', 'GET', undefined, 404]
])('%s %s %j is a problem', async (path, method, body, status) => {
	const response = await call(path, method, body);
	expect([response.status, ((await response.json()) as Problem).status]).toEqual([status, status]);
});

test('notes answer “not modified” until something is committed', async () => {
	const { headers } = await call('/one/notes');
	const tag = headers.get('etag') ?? '';
	const again = (etag: string) =>
		api.request('/api/v1/sessions/one/notes', { headers: { 'if-none-match': etag } }, { store });
	expect((await again(tag)).status).toBe(304);
	await call('/one/notes', 'POST', { text: 'new', pin: { type: 'time', tsNs: 5 } });
	const after = await again(tag);
	expect(after.status).toBe(200);
	expect(((await after.json()) as NotesAnswer).notes).toMatchObject([{ text: 'new' }]);
	expect((await again(after.headers.get('etag') ?? '')).status).toBe(304);
});

test('a notes file comes back once, and its bad lines are told', async () => {
	await call('/one/notes', 'POST', { text: 'a', pin: { type: 'time', tsNs: 5 } });
	const lines = await (await call('/one/notes.ndjson')).text();
	const load = (text: string) =>
		json<NotesImportAnswer>(call('/one/notes.ndjson', 'POST', text, 'application/x-ndjson'));
	expect(await load(lines)).toEqual({ added: 0, known: 1, issues: [] });
	const removed = JSON.stringify({ kind: 'note_removed', atMs: 1, noteId: 'ünknown' });
	const view = JSON.stringify({ kind: 'view_saved', atMs: 1, name: 'v', query: 'q' });
	expect(await load(`${removed}\n{"kind":\n${view}\n`)).toEqual({
		added: 1,
		known: 0,
		issues: [
			{ line: 1, byte: 0, message: 'there is no note ünknown' },
			{ line: 2, byte: Buffer.byteLength(removed) + 1, message: 'is no JSON' }
		]
	});
});

test('an export takes the notes along, and loading it brings them back', async () => {
	await call('/one/notes', 'POST', { text: 'kept', pin: { type: 'page', gfn: 7 } });
	await call('/one/views/v', 'PUT', { query: 'from=1' });
	const before = await notesOf('one');
	const plain = await (await call('/one/events.ndjson')).text();
	const text = await (await call('/one/events.ndjson?notes=1')).text();
	expect(text.split('\n').slice(1)).toEqual(plain.split('\n').slice(1));
	const folder = mkdtempSync(path.join(tmpdir(), 'pagetrail-test-'));
	try {
		writeFileSync(path.join(folder, 'again.ndjson'), text);
		const { session } = await ingest(store, { path: path.join(folder, 'again.ndjson') });
		expect(await notesOf(session.id)).toEqual(before);
		// what was brought along can be changed, and goes along again
		await call(`/${session.id}/notes/${before.notes[0]?.noteId}`, 'PATCH', { text: 'changed' });
		const second = await (await call(`/${session.id}/events.ndjson?notes=1`)).text();
		writeFileSync(path.join(folder, 'third.ndjson'), second);
		const third = await ingest(store, { path: path.join(folder, 'third.ndjson') });
		expect((await notesOf(third.session.id)).notes).toMatchObject([{ text: 'changed' }]);
	} finally {
		rmSync(folder, { recursive: true, force: true });
	}
});

test('`pagetrail export` writes the notes along, unless told not to', async () => {
	const folder = mkdtempSync(path.join(tmpdir(), 'pagetrail-test-'));
	const db = path.join(folder, 'p.db');
	const source = path.join(folder, 'a.ndjson');
	writeFileSync(source, '{"t":0,"k":"session","version":1}\n{"t":5,"k":"end"}\n');
	const file = await openSqliteStore(db);
	const note = { noteId: 'n', text: 'kept', pin: { type: 'time', tsNs: 5 } } as const;
	await ingest(file, { path: source });
	await file.appendNotes('a', 0, [{ kind: 'note_added', atMs: 1, ...note }]);
	await file.close();
	try {
		const [out, without] = [path.join(folder, 'out.ndjson'), path.join(folder, 'without.ndjson')];
		const run = (...args: string[]) =>
			exportCommand.exitOverride().parseAsync(['a', '--db', db, ...args], { from: 'user' });
		await run('-o', out);
		const { session } = await ingest(store, { path: out });
		expect((await notesOf(session.id)).notes).toMatchObject([note]);
		await run('-o', without, '--no-notes');
		const bare = await ingest(store, { path: without });
		expect((await notesOf(bare.session.id)).notes).toEqual([]);
	} finally {
		rmSync(folder, { recursive: true, force: true });
	}
});

test('a view of the whole session has an empty query', async () => {
	expect((await call('/one/views/all', 'PUT', { query: '' })).status).toBe(200);
	expect((await notesOf('one')).views).toMatchObject([{ name: 'all', query: '' }]);
});

test('the notes stream refuses an append at the wrong place', async () => {
	const event = { kind: 'view_saved', atMs: 1, name: 'v', query: 'q' } as const;
	expect(await store.appendNotes('one', 0, [event])).toBe(1);
	await expect(store.appendNotes('one', 0, [event])).rejects.toThrow(SeqConflictError);
});

test('replaying any stream gives what the last event of each note and view says', () => {
	const id = fc.constantFrom('a', 'b', 'c');
	const atMs = fc.nat();
	const text = fc.constantFrom('x', 'y');
	const where = fc.constant({ type: 'time' as const, tsNs: 1 });
	const event = fc.oneof(
		fc.record({ kind: fc.constant('note_added' as const), atMs, noteId: id, text, pin: where }),
		fc.record({ kind: fc.constant('note_edited' as const), atMs, noteId: id, text }),
		fc.record({ kind: fc.constant('note_removed' as const), atMs, noteId: id }),
		fc.record({ kind: fc.constant('view_saved' as const), atMs, name: id, query: text }),
		fc.record({ kind: fc.constant('view_removed' as const), atMs, name: id })
	);
	fc.assert(
		fc.property(fc.array(event), (stream) => {
			const state = noNotes();
			const taken = stream.filter((each) => {
				expect(parseNoteEvent(JSON.parse(JSON.stringify(each)))).toEqual(each);
				try {
					evolveNotes(state, each);
					return true;
				} catch (error) {
					expect(error).toBeInstanceOf(NoteConflictError);
					return false;
				}
			});
			for (const name of ['a', 'b', 'c']) {
				const note = taken.findLast((each) => 'noteId' in each && each.noteId === name);
				expect(state.notes.get(name)?.text).toBe(note && 'text' in note ? note.text : undefined);
				const view = taken.findLast((each) => 'name' in each && each.name === name);
				expect(state.views.get(name)?.query).toBe(view && 'query' in view ? view.query : undefined);
			}
		})
	);
});

test('a session takes tags', async () => {
	const tagged = await json<SessionDetail>(call('/one', 'PATCH', { tags: ['boot', ' qemu ', 'boot'] }));
	expect([tagged.name, tagged.tags]).toEqual(['one', ['boot', 'qemu']]);
	expect((await call('/one', 'PATCH', {})).status).toBe(400);
});

test('a deleted session is gone until it is restored, and for good after its hour', async () => {
	expect((await call('/one', 'DELETE')).status).toBe(204);
	expect((await call('/one')).status).toBe(404);
	expect((await json<SessionList>(call(''))).sessions).toEqual([]);
	expect((await call('/one', 'DELETE')).status).toBe(404);
	expect(await json<SessionDetail>(call('/one/restore', 'POST'))).toMatchObject({ id: 'one', events: 3 });
	await store.hideSession('one', 1000);
	expect(await store.purgeHidden(1000)).toEqual([]);
	expect(await store.purgeHidden(1001)).toEqual(['one']);
	expect((await call('/one/restore', 'POST')).status).toBe(404);
});

test('the same content can be loaded again while its session is hidden', async () => {
	const folder = mkdtempSync(path.join(tmpdir(), 'pagetrail-test-'));
	try {
		const file = path.join(folder, 'x.ndjson');
		writeFileSync(file, '{"t":0,"k":"session","version":1}\n{"t":5,"k":"end"}\n');
		const first = await ingest(store, { path: file });
		await store.hideSession(first.session.id, 1);
		const second = await ingest(store, { path: file });
		expect([first.session.id, second.session.id, second.duplicate]).toEqual(['x', 'x-2', false]);
	} finally {
		rmSync(folder, { recursive: true, force: true });
	}
});

test('a thumbnail is a small map of the busiest lane', async () => {
	const { parts, ...whole } = await json<Thumbnail>(call('/one/thumbnail?columns=4&rows=4'));
	expect(whole).toEqual({ lane: 0, gfn: 0, npages: 8, max: 1, total: 1 });
	expect(parts.map(({ gfn, npages }) => [gfn, npages])).toEqual([[0, 8]]);
	for (const { columns, rows, cells } of parts)
		expect([columns <= 4, rows <= 4, cells.length]).toEqual([true, true, columns * rows]);
});

test('a thumbnail leaves out the long stretch that nothing happened to', async () => {
	await store.createSession({ name: 'two', createdMs: 1 });
	const touched = [0x1000, 0x1005, 0x4fff];
	await store.append(
		'two',
		0,
		batchOf([
			{ kind: 'session', tsNs: 0, attributes: { version: 1, source: 'test' } },
			{ kind: 'memslot_create', tsNs: 0, slotId: 0, baseGfn: 0x1000, npages: 0x8000 },
			...touched.map((gfn, i) => ({ kind: 'write' as const, tsNs: i + 1, gfn, offset: 0 }))
		])
	);
	const { parts, ...whole } = await json<Thumbnail>(call('/two/thumbnail?columns=8&rows=16'));
	expect(whole).toEqual({ lane: 0, gfn: 0x1000, npages: 0x8000, max: 1, total: 3 });
	expect(parts).toHaveLength(2);
	// each access is in the part and the row that hold its page, and both parts together have no other
	for (const gfn of touched) {
		const part = parts.find((each) => gfn >= each.gfn && gfn < each.gfn + each.npages);
		const row = part ? Math.floor(((gfn - part.gfn) * part.rows) / part.npages) : -1;
		const cells = part?.cells.slice(row * part.columns, (row + 1) * part.columns) ?? [];
		expect(cells.reduce((sum, cell) => sum + cell, 0)).toBeGreaterThan(0);
	}
	expect(parts.flatMap((part) => part.cells).reduce((sum, cell) => sum + cell, 0)).toBe(3);
	// what is left out is decided by what is shown: no gap of a picture with few rows folds
	expect((await json<Thumbnail>(call('/two/thumbnail?columns=8&rows=4'))).parts).toHaveLength(1);
	// used are the pyramid's buckets of a few pages at both ends of 0x4000 pages; 0x5000 and above is left out too
	expect(parts.reduce((sum, part) => sum + part.npages, 0)).toBeLessThan(0x800);
	const { strips, breaks } = thumbnailStrips({ ...whole, parts }, 72);
	expect(breaks).toHaveLength(2);
	expect(strips[1]?.top).toBeCloseTo(5);
	const heights = [...strips, ...breaks].map((each) => each.height);
	expect(heights.reduce((sum, height) => sum + height, 0)).toBeCloseTo(72);
});
