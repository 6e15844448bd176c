import type { JsonValue, NumberedEvent } from '#lib/domain/events.ts';
import {
	evolveNotes,
	noNotes,
	NoteConflictError,
	NoteFormatError,
	parseNoteEvent,
	type NoteEvent,
	type NotesState
} from '#lib/domain/notes.ts';
import type { SessionDetail } from '#lib/domain/session-info.ts';
import type { TraceStore } from '../store/store.ts';
import { queryEvents } from './events.ts';

/** The notes stream whole: what the trace brought along (`notes` of its session line), then what was added here. */
export interface NotesStream {
	readonly events: readonly NoteEvent[];
	readonly state: NotesState;
	/** Length of the store's own stream: `expected` of the next append. */
	readonly own: number;
}

/** Events of a list that their stream allows; others are left out. */
function allowed(values: readonly unknown[], state: NotesState): NoteEvent[] {
	return values.flatMap((value) => {
		try {
			const event = parseNoteEvent(value);
			evolveNotes(state, event);
			return [event];
		} catch (error) {
			if (error instanceof NoteFormatError || error instanceof NoteConflictError) return [];
			throw error;
		}
	});
}

/** Notes and views of a session. */
export async function readNotes(store: TraceStore, session: SessionDetail): Promise<NotesStream> {
	const state = noNotes();
	const brought: unknown = session.attributes.notes;
	const own = await store.noteEvents(session.id);
	const events = allowed(Array.isArray(brought) ? (brought as unknown[]) : [], state);
	return { events: [...events, ...allowed(own, state)], state, own: own.length };
}

/** Appends what `decide` makes of the present notes. @throws {NoteConflictError} @throws {SeqConflictError} */
export async function changeNotes(
	store: TraceStore,
	session: SessionDetail,
	decide: (state: NotesState) => readonly NoteEvent[]
): Promise<NotesState> {
	const { state, own } = await readNotes(store, session);
	const events = decide(state);
	for (const event of events) evolveNotes(state, event);
	await store.appendNotes(session.id, own, events);
	return state;
}

/** A line of a notes file that was not taken. */
export interface NoteLineIssue {
	/** From 1. */
	readonly line: number;
	/** Offset of the line's first byte. */
	readonly byte: number;
	readonly message: string;
}
export interface NotesImport {
	/** Events added, and events that were there already. */
	readonly added: number;
	readonly known: number;
	readonly issues: readonly NoteLineIssue[];
}

/** Adds a notes file's events (one JSON object a line); what the stream has already is left out, bad lines are told. */
export async function importNotes(
	store: TraceStore,
	session: SessionDetail,
	text: string
): Promise<NotesImport> {
	const { events, state, own } = await readNotes(store, session);
	const known = new Set(events.map((event) => JSON.stringify(event)));
	const issues: NoteLineIssue[] = [];
	const fresh: NoteEvent[] = [];
	let repeated = 0;
	let byte = 0;
	for (const [i, line] of text.split('\n').entries()) {
		try {
			const event = line.trim() ? parseNoteEvent(parseJson(line)) : null;
			if (event && known.has(JSON.stringify(event))) repeated++;
			else if (event) {
				evolveNotes(state, event);
				fresh.push(event);
			}
		} catch (error) {
			if (!(error instanceof NoteFormatError || error instanceof NoteConflictError)) throw error;
			issues.push({ line: i + 1, byte, message: error.message });
		}
		byte += Buffer.byteLength(line) + 1;
	}
	await store.appendNotes(session.id, own, fresh);
	return { added: fresh.length, known: repeated, issues };
}

function parseJson(line: string): unknown {
	try {
		return JSON.parse(line);
	} catch {
		throw new NoteFormatError('is no JSON');
	}
}

/** Longest notes (JSON) that a session line takes along: readers skip lines of more than a MiB. */
const CARRIED_BYTES = 512 * 1024;

/**
 * Makes an export take the notes along: the session line gets the stream as its `notes`, everything else stays as it
 * is. `left` says why the notes stay behind, if they do.
 */
export async function notesCarrier(
	store: TraceStore,
	session: SessionDetail
): Promise<{ readonly carry: (event: NumberedEvent) => NumberedEvent; readonly left: string | null }> {
	const { events, own } = await readNotes(store, session);
	const same = (event: NumberedEvent) => event;
	if (!own) return { carry: same, left: null }; // what the trace brought is in its session line already
	if (Buffer.byteLength(JSON.stringify(events)) > CARRIED_BYTES)
		return { carry: same, left: 'the notes are too long for a line of the trace' };
	const first = (await queryEvents(store, session.id, { from: 0, limit: 1 })).events[0];
	if (first?.kind !== 'session') return { carry: same, left: 'the trace does not begin with a session line' };
	const notes = events as unknown as JsonValue; // they came from JSON, or went through parseNoteEvent
	return {
		carry: (event) =>
			event.kind === 'session' && event.seq === 0
				? { ...event, attributes: { ...event.attributes, notes } }
				: event,
		left: null
	};
}
