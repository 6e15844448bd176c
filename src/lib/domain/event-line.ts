import type { JsonValue } from './events.ts';
import type { Kind } from './kinds.ts';
import { PAGE_SIZE } from './units.ts';

/** An event as the API sends it: the native line with its number. */
export interface EventLine {
	readonly seq: number;
	readonly t: number;
	readonly k: string;
	readonly [key: string]: JsonValue;
}

/** Lines of memslots are called by their notification: with a notifier's node they are one, else the slot's own event. */
const SLOT_KINDS: Readonly<Record<string, Kind>> = {
	create_slot: 'memslot_create',
	flush_slot: 'memslot_delete',
	move_slot: 'memslot_move',
	slot_flags: 'memslot_flags'
};

/** The catalogue's kind of an event, as filters call it; the line's own word if the catalogue has none. */
export const eventKind = (event: EventLine): string =>
	(event.node === undefined ? SLOT_KINDS[event.k] : undefined) ?? event.k;

/** The page an event is about; null for events without a place. */
export function eventGfn(event: EventLine): number | null {
	if (typeof event.g === 'string') return Number(event.g);
	if (typeof event.a !== 'string') return null;
	return Number(BigInt(event.a) / BigInt(PAGE_SIZE));
}

/** Byte in the page; null if only the page is known. */
export function eventOffset(event: EventLine): number | null {
	return typeof event.a === 'string' && !isSlot(event) ? Number(BigInt(event.a) % BigInt(PAGE_SIZE)) : null;
}

/** True for the line of a memslot, or of a notification about one. */
export const isSlot = (event: EventLine) =>
	event.npages !== undefined && event.id !== undefined && event.mode === undefined;
