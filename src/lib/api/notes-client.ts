import type { NamedView, Note, NotePin } from '../domain/notes.ts';
import type { NotesAnswer, NotesImportAnswer } from './notes-types.ts';
import { answer, ApiProblem, send, sessionUrl } from './client.ts';

const noteUrl = (id: string, noteId: string) => sessionUrl(id, `/notes/${encodeURIComponent(noteId)}`);
const viewUrl = (id: string, name: string) => sessionUrl(id, `/views/${encodeURIComponent(name)}`);

/** Notes and named views at one moment; `etag` names the moment. */
export interface NotesAt extends NotesAnswer {
	readonly etag: string | null;
}

/** Notes and named views of a session, or null if nothing was committed since `etag`. @throws {ApiProblem} */
export async function getNotes(id: string, etag: string | null): Promise<NotesAt | null> {
	const headers: Record<string, string> = etag ? { 'if-none-match': etag } : {};
	try {
		const response = await answer(sessionUrl(id, '/notes'), { headers, cache: 'no-store' });
		return { ...((await response.json()) as NotesAnswer), etag: response.headers.get('etag') };
	} catch (error) {
		if (error instanceof ApiProblem && error.problem.status === 304) return null;
		throw error;
	}
}

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
