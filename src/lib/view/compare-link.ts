import type { Range } from './range.ts';

/**
 * The compare page's query with a window of a session as its A, the whole session if null; B is chosen there. Written
 * out here, so that the compare page's own helpers stay out of the session page's code.
 */
export const compareQuery = (id: string, time: Range | null): string =>
	`?a=${encodeURIComponent(id)}${time ? `&aTime=${time.from}..${time.to}` : ''}`;
