import type { NamedView, Note, NotePin } from '../domain/notes.ts';
import type { NotesAnswer, NotesImportAnswer } from './notes-types.ts';
import { answer, type Dated, jsonSince, send, sessionUrl } from './client.ts';

const noteUrl = (id: string, noteId: string) => sessionUrl(id, `/notes/${encodeURIComponent(noteId)}`);
const viewUrl = (id: string, name: string) => sessionUrl(id, `/views/${encodeURIComponent(name)}`);

/** Notes and named views of a session, or null if nothing was committed since `etag`. @throws {ApiProblem} */
export const getNotes = (id: string, etag: string | null): Promise<Dated<NotesAnswer> | null> =>
	jsonSince(sessionUrl(id, '/notes'), etag);

/** Adds a notes file's events to what the session has. All of the following throw `ApiProblem` too. */
export const loadNotes = (id: string, file: File) =>
	send<NotesImportAnswer>(sessionUrl(id, '/notes.ndjson'), 'POST', file, 'application/x-ndjson');
export const addNote = (id: string, text: string, pin: NotePin) =>
	send<Note>(sessionUrl(id, '/notes'), 'POST', JSON.stringify({ text, pin }));
export const editNote = (id: string, noteId: string, text: string) =>
	send<Note>(noteUrl(id, noteId), 'PATCH', JSON.stringify({ text }));
export const removeNote = (id: string, noteId: string) => answer(noteUrl(id, noteId), { method: 'DELETE' });
/** Saves what follows the `?` of a view's address under a name, in place of the view that had it. */
export const saveView = (id: string, name: string, query: string) =>
	send<NamedView>(viewUrl(id, name), 'PUT', JSON.stringify({ query }));
export const removeView = (id: string, name: string) => answer(viewUrl(id, name), { method: 'DELETE' });
