import type { JsonValue } from './events.ts';
import { GFN_LIMIT } from './units.ts';

/** What a note is pinned to; ranges are half-open. */
export type NotePin =
	| { readonly type: 'time'; readonly tsNs: number }
	| { readonly type: 'page'; readonly gfn: number; readonly tsNs?: number }
	| {
			readonly type: 'rectangle';
			readonly lane: number;
			readonly fromNs: number;
			readonly toNs: number;
			readonly fromGfn: number;
			readonly toGfn: number;
	  };

/** An event of a session's notes stream; `atMs` is wall-clock time, ms since 1970. */
export type NoteEvent =
	| {
			readonly kind: 'note_added';
			readonly atMs: number;
			readonly noteId: string;
			readonly text: string;
			readonly pin: NotePin;
	  }
	| {
			readonly kind: 'note_edited';
			readonly atMs: number;
			readonly noteId: string;
			readonly text?: string;
			readonly pin?: NotePin;
	  }
	| { readonly kind: 'note_removed'; readonly atMs: number; readonly noteId: string }
	/** `query` is what follows the `?` of the view's address. */
	| { readonly kind: 'view_saved'; readonly atMs: number; readonly name: string; readonly query: string }
	| { readonly kind: 'view_removed'; readonly atMs: number; readonly name: string };

export interface Note {
	readonly noteId: string;
	readonly text: string;
	readonly pin: NotePin;
	readonly createdMs: number;
	readonly editedMs: number | null;
}
export interface NamedView {
	readonly name: string;
	readonly query: string;
	readonly savedMs: number;
}

/** Notes and views as the stream so far has them, in order of creation. */
export interface NotesState {
	readonly notes: Map<string, Note>;
	readonly views: Map<string, NamedView>;
}

export const noNotes = (): NotesState => ({ notes: new Map(), views: new Map() });

/** An event that its stream does not allow: a note or view that is not there, or is there already. */
export class NoteConflictError extends Error {
	readonly reason: 'missing' | 'exists';
	constructor(reason: 'missing' | 'exists', message: string) {
		super(message);
		this.name = 'NoteConflictError';
		this.reason = reason;
	}
}

/** Applies one event in place and returns the same state. @throws {NoteConflictError} and changes nothing */
export function evolveNotes(state: NotesState, event: NoteEvent): NotesState {
	const { notes, views } = state;
	switch (event.kind) {
		case 'note_added': {
			const { noteId, text, pin, atMs } = event;
			if (notes.has(noteId)) throw new NoteConflictError('exists', `there is a note ${noteId} already`);
			notes.set(noteId, { noteId, text, pin, createdMs: atMs, editedMs: null });
			return state;
		}
		case 'note_edited': {
			const { text, pin, atMs, noteId } = event;
			const note = noteOf(state, noteId);
			notes.set(noteId, { ...note, text: text ?? note.text, pin: pin ?? note.pin, editedMs: atMs });
			return state;
		}
		case 'note_removed':
			noteOf(state, event.noteId);
			notes.delete(event.noteId);
			return state;
		case 'view_saved':
			views.set(event.name, { name: event.name, query: event.query, savedMs: event.atMs });
			return state;
		case 'view_removed':
			if (!views.delete(event.name)) throw new NoteConflictError('missing', `there is no view ${event.name}`);
			return state;
		default:
			return event satisfies never;
	}
}

function noteOf({ notes }: NotesState, noteId: string): Note {
	const note = notes.get(noteId);
	if (!note) throw new NoteConflictError('missing', `there is no note ${noteId}`);
	return note;
}

/** A value that is no note event; the message names the field. */
export class NoteFormatError extends Error {
	constructor(message: string) {
		super(message);
		this.name = 'NoteFormatError';
	}
}

type Fields = { readonly [key: string]: JsonValue | undefined };
export const NOTE_LIMIT = 20_000;

const isObject = (value: unknown): value is Fields =>
	typeof value === 'object' && value !== null && !Array.isArray(value);

function textOf(fields: Fields, name: string, limit: number): string {
	const value = fields[name];
	if (typeof value !== 'string' || !value.trim()) throw new NoteFormatError(`${name} must be a text`);
	if (value.length > limit) throw new NoteFormatError(`${name} has more than ${limit} characters`);
	return value;
}

/** The whole session in its usual view has an empty query. */
const queryOf = (fields: Fields): string => (fields.query === '' ? '' : textOf(fields, 'query', NOTE_LIMIT));

function numberOf(fields: Fields, name: string, limit: number = Number.MAX_SAFE_INTEGER): number {
	const value = fields[name];
	if (typeof value !== 'number' || !Number.isSafeInteger(value) || value < 0 || value > limit)
		throw new NoteFormatError(`${name} must be a whole number up to ${limit}`);
	return value;
}

/** Reads a pin. @throws {NoteFormatError} */
export function parsePin(value: unknown): NotePin {
	if (!isObject(value)) throw new NoteFormatError('pin must be an object');
	switch (value.type) {
		case 'time':
			return { type: 'time', tsNs: numberOf(value, 'tsNs') };
		case 'page': {
			const gfn = numberOf(value, 'gfn', GFN_LIMIT - 1);
			return value.tsNs === undefined
				? { type: 'page', gfn }
				: { type: 'page', gfn, tsNs: numberOf(value, 'tsNs') };
		}
		case 'rectangle': {
			const [fromNs, toNs] = [numberOf(value, 'fromNs'), numberOf(value, 'toNs')];
			const [fromGfn, toGfn] = [numberOf(value, 'fromGfn', GFN_LIMIT), numberOf(value, 'toGfn', GFN_LIMIT)];
			if (fromNs >= toNs || fromGfn >= toGfn) throw new NoteFormatError('the rectangle is empty');
			return { type: 'rectangle', lane: numberOf(value, 'lane'), fromNs, toNs, fromGfn, toGfn };
		}
		default:
			throw new NoteFormatError('pin.type must be time, page or rectangle');
	}
}

/** Reads an event of a notes stream; keys that it does not know are left out. @throws {NoteFormatError} */
export function parseNoteEvent(value: unknown): NoteEvent {
	if (!isObject(value)) throw new NoteFormatError('is no object');
	const atMs = numberOf(value, 'atMs');
	const noteId = () => textOf(value, 'noteId', 100);
	const text = () => textOf(value, 'text', NOTE_LIMIT);
	switch (value.kind) {
		case 'note_added':
			return { kind: value.kind, atMs, noteId: noteId(), text: text(), pin: parsePin(value.pin) };
		case 'note_edited':
			return {
				kind: value.kind,
				atMs,
				noteId: noteId(),
				...(value.text === undefined ? {} : { text: text() }),
				...(value.pin === undefined ? {} : { pin: parsePin(value.pin) })
			};
		case 'note_removed':
			return { kind: value.kind, atMs, noteId: noteId() };
		case 'view_saved':
			return {
				kind: value.kind,
				atMs,
				name: textOf(value, 'name', 200),
				query: queryOf(value)
			};
		case 'view_removed':
			return { kind: value.kind, atMs, name: textOf(value, 'name', 200) };
		default:
			throw new NoteFormatError(
				'kind must be one of note_added, note_edited, note_removed, view_saved, view_removed'
			);
	}
}
