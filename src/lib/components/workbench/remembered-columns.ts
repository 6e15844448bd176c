import { EVENT_COLUMNS, type EventColumn } from '#lib/domain/event-columns.ts';
import { parseColumns } from '#lib/view/table-columns.ts';

const KEY = 'pagetrail-columns';

/** The columns that the reader chose last in this browser; null if none, or if it keeps nothing. */
export function rememberedColumns(): readonly EventColumn[] | null {
	try {
		return parseColumns(localStorage.getItem(KEY));
	} catch {
		return null;
	}
}

/** Keeps the choice for other sessions; in a browser without storage it lasts as long as the address. */
export function rememberColumns(columns: readonly EventColumn[]): void {
	try {
		localStorage.setItem(KEY, EVENT_COLUMNS.filter((each) => columns.includes(each)).join(','));
	} catch {
		// no storage: the address has it
	}
}
