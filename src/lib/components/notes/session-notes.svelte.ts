import {
	addNote,
	editNote,
	getNotes,
	loadNotes,
	removeNote,
	removeView,
	saveView
} from '#lib/api/notes-client.ts';
import type { Dated } from '#lib/api/client.ts';
import type { NotesAnswer, NotesImportAnswer } from '#lib/api/notes-types.ts';
import { whileVisible } from '#lib/components/common/while-visible.ts';
import type { Workbench } from '#lib/components/workbench/workbench.svelte.ts';
import type { NamedView, Note, NotePin } from '#lib/domain/notes.ts';
import { brushPin, notesInOrder, pinView } from '#lib/view/note-pin.ts';
import { formatView } from '#lib/view/view-state.ts';

/** Time (ms) between two questions for notes written elsewhere, while the page is on the screen. */
const POLL_MS = 2000;

/** Notes and named views of the session on the page: what the server has, and what is being written. */
export class SessionNotes {
	/** As the server keeps them; null until they came. */
	all = $state.raw<readonly Note[] | null>(null);
	views = $state.raw<readonly NamedView[]>([]);
	/** Why something was not loaded or saved. */
	failed = $state('');
	/** The place of the note that is being written; null while none is. */
	draft = $state.raw<NotePin | null>(null);
	/** The note that was removed last, while it can come back. */
	removed = $state.raw<Note | null>(null);
	/** The note whose flag is under the pointer or has the focus. */
	pointed = $state.raw<string | null>(null);
	readonly ordered: readonly Note[] = $derived(notesInOrder(this.all ?? []));
	/** What the file loaded last brought; null before, and after its lines were put away. */
	imported = $state.raw<(NotesImportAnswer & { readonly file: string }) | null>(null);
	readonly #bench: Workbench;
	#etag: string | null = null;
	/** Things being done on the server: what was asked before one of them may be old. */
	#acts = 0;

	constructor(bench: Workbench) {
		this.#bench = bench;
	}

	get #id(): string {
		return this.#bench.session.id;
	}

	/** Takes over what the server has now and whenever that changes, while the page shows; returns what ends that. */
	follow(): () => void {
		void this.#do(() => Promise.resolve());
		return whileVisible(() => void this.#look(), POLL_MS);
	}

	/** Asks whether something was written elsewhere; a server that does not answer is asked again later. */
	async #look(): Promise<void> {
		const acts = this.#acts;
		const news = await getNotes(this.#id, this.#etag).catch(() => null);
		if (news && acts === this.#acts) this.#take(news);
	}

	#take({ etag, notes, views }: Dated<NotesAnswer>): void {
		this.#etag = etag;
		// other commits than notes change the tag too: what is on the page stays then
		if (JSON.stringify(notes) !== JSON.stringify(this.all)) this.all = notes;
		if (JSON.stringify(views) !== JSON.stringify(this.views)) this.views = views;
	}

	/** Adds a notes file's events; true if that went well. */
	importFile(file: File): Promise<boolean> {
		this.imported = null;
		return this.#do(async () => {
			this.imported = { ...(await loadNotes(this.#id, file)), file: file.name };
		});
	}

	/** Opens the form for a note on the marked rectangle, else on the cursor. */
	begin(pin: NotePin = this.#usualPin()): void {
		this.draft = pin;
		this.#bench.change({ tab: 'notes' }, this.#bench.view.tab !== 'notes');
	}

	#usualPin(): NotePin {
		const { brush } = this.#bench.view;
		return brush ? brushPin(brush) : { type: 'time', tsNs: this.#bench.cursorNs };
	}

	/** Saves a new note; true if that went well. */
	add(text: string, pin: NotePin): Promise<boolean> {
		return this.#do(async () => {
			const { noteId } = await addNote(this.#id, text, pin);
			this.draft = null;
			this.removed = null;
			this.#bench.change({ note: noteId }, true);
		});
	}

	edit(noteId: string, text: string): Promise<boolean> {
		return this.#do(() => editNote(this.#id, noteId, text));
	}

	remove(note: Note): Promise<boolean> {
		return this.#do(async () => {
			await removeNote(this.#id, note.noteId);
			this.removed = note;
			this.pointed = null;
			if (this.#bench.view.note === note.noteId) this.#bench.change({ note: null }, true);
		});
	}

	/** What brings a note's place into sight, with the note pointed out. */
	#jump({ noteId, pin }: Note) {
		const { view, time, whole, lanes, quiet } = this.#bench;
		const closed = quiet.map((lane) => lane.lane);
		return { ...pinView(pin, { view, time, whole, lanes, closed }), note: noteId, tab: 'notes' as const };
	}

	goTo(note: Note): void {
		this.#bench.change(this.#jump(note), true);
	}

	/** The query of an address that shows a note at its place. */
	linkTo(note: Note): string {
		return formatView({ ...this.#bench.view, ...this.#jump(note) });
	}

	/** Saves what the page shows now under a name. */
	saveView(name: string): Promise<boolean> {
		const query = formatView(this.#bench.view).slice(1);
		return this.#do(() => saveView(this.#id, name, query));
	}

	renameView(view: NamedView, name: string): Promise<boolean> {
		return this.#do(async () => {
			await saveView(this.#id, name, view.query);
			await removeView(this.#id, view.name);
		});
	}

	removeView({ name }: NamedView): Promise<boolean> {
		return this.#do(() => removeView(this.#id, name));
	}

	/** Does something on the server and takes over what it then has; false, and why, if that failed. */
	async #do(act: () => Promise<unknown>): Promise<boolean> {
		this.#acts++;
		try {
			await act();
			const news = await getNotes(this.#id, null);
			this.#acts++;
			if (news) this.#take(news);
			this.failed = '';
			return true;
		} catch (error) {
			this.failed = (error as Error).message;
			return false;
		}
	}
}
