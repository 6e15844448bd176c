import type { WireEvent } from '#lib/api/types.ts';
import { formatInt } from './format.ts';

/** Events of one page around a position, in seq order. */
export interface PageEvents {
	readonly events: readonly WireEvent[];
	/** Whether the page has events before the first and after the last of these. */
	readonly before: boolean;
	readonly after: boolean;
}

/** Events on each side of the cursor that are asked for, and how many must be left when it moves. */
export const AROUND = 100;
const NEAR = 20;

interface Answer {
	readonly events: readonly WireEvent[];
	readonly next: number | null;
}

/** Joins what was found backwards from a position, newest first, with what was found from it on. */
export const joinAround = (backwards: Answer, onwards: Answer): PageEvents => ({
	events: [...backwards.events.toReversed(), ...onwards.events],
	before: backwards.next !== null,
	after: onwards.next !== null
});

/** Index of the first event at or after the position; the number of events if all are before it. */
export function cursorRow(events: readonly WireEvent[], seq: number): number {
	const found = events.findIndex((event) => event.seq >= seq);
	return found < 0 ? events.length : found;
}

/** Whether the list still shows what is around a position, so that it need not be fetched, and moved, again. */
export function isAround({ events, before, after }: PageEvents, seq: number): boolean {
	const row = cursorRow(events, seq);
	return (!before || row >= NEAR) && (!after || row <= events.length - NEAR);
}

/** Which of the page's events are listed; `total` are all it has. */
export function pageEventsHeading({ events, before, after }: PageEvents, total: number): string {
	const [first, last] = [events[0], events.at(-1)];
	if (!first || !last || (!before && !after)) return 'Its events';
	const range = `#${formatInt(first.seq)} to #${formatInt(last.seq)}`;
	return `Its events around the cursor: ${formatInt(events.length)} of ${formatInt(total)}, ${range}`;
}
