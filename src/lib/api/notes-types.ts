/** Shapes of the answers about notes and named views. */
import type { NamedView, Note } from '../domain/notes.ts';

export interface NotesAnswer {
	readonly notes: readonly Note[];
	readonly views: readonly NamedView[];
}

/** What an import of a notes file did; a line that was not taken is told with its place. */
export interface NotesImportAnswer {
	readonly added: number;
	readonly known: number;
	readonly issues: readonly { readonly line: number; readonly byte: number; readonly message: string }[];
}
