import type { NamedView, Note, NotePin, NotesAnswer } from './analyses-types.ts';
import { answer, json, send, sessionUrl } from './client.ts';

const noteUrl = (id: string, noteId: string) => sessionUrl(id, `/notes/${encodeURIComponent(noteId)}`);
const viewUrl = (id: string, name: string) => sessionUrl(id, `/views/${encodeURIComponent(name)}`);

/** Notes and named views of a session. All of these throw `ApiProblem`. */
export const getNotes = (id: string) => json<NotesAnswer>(sessionUrl(id, '/notes'));
export const addNote = (id: string, text: string, pin: NotePin) =>
	send<Note>(sessionUrl(id, '/notes'), 'POST', JSON.stringify({ text, pin }));
export const editNote = (id: string, noteId: string, text: string) =>
	send<Note>(noteUrl(id, noteId), 'PATCH', JSON.stringify({ text }));
export const removeNote = (id: string, noteId: string) => answer(noteUrl(id, noteId), { method: 'DELETE' });
/** Saves what follows the `?` of a view's address under a name, in place of the view that had it. */
export const saveView = (id: string, name: string, query: string) =>
	send<NamedView>(viewUrl(id, name), 'PUT', JSON.stringify({ query }));
export const removeView = (id: string, name: string) => answer(viewUrl(id, name), { method: 'DELETE' });
