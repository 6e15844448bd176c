import type { JsonValue } from '#lib/domain/events.ts';
import type { Kind } from '#lib/domain/kinds.ts';
import { hex, PAGE_SIZE } from '#lib/domain/units.ts';
import { formatCount } from './format.ts';

/** An event as the API sends it: the native line with its number. */
export interface EventLine {
	readonly seq: number;
	readonly t: number;
	readonly k: string;
	readonly [key: string]: JsonValue;
}

/** A value as text: strings as they are, nothing for null, all else as JSON. */
export const textOf = (value: JsonValue | undefined): string =>
	value === undefined || value === null ? '' : typeof value === 'string' ? value : JSON.stringify(value);
const numberOf = (value: JsonValue | undefined): number | null => (typeof value === 'number' ? value : null);

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

const isSlot = (event: EventLine) =>
	event.npages !== undefined && event.id !== undefined && event.mode === undefined;

export const eventRip = (event: EventLine): string | null => (typeof event.ip === 'string' ? event.ip : null);

/** What the table's last column says of an event without an instruction: names, numbers, ranges. */
export function eventDetail(event: EventLine): string {
	const npages = numberOf(event.npages);
	const parts = [
		isSlot(event) ? `slot ${textOf(event.id)}` : '',
		textOf(event.mode),
		npages === null ? '' : formatCount(npages, 'page'),
		event.k === 'epoch' ? `epoch ${textOf(event.e)}` : '',
		textOf(event.name),
		textOf(event.quirk),
		textOf(event.text),
		event.k === 'loss' ? lossText(event) : '',
		event.k === 'session' ? textOf(event.source) : '',
		event.verdict === false ? 'verdict false' : ''
	];
	return parts.filter(Boolean).join(' · ');
}

function lossText(event: EventLine): string {
	const count = numberOf(event.count);
	return count === null ? 'an unknown number of events' : formatCount(count, 'event');
}

/** KVM's memslot flags in words. */
export function flagsText(flags: number): string {
	const words = [flags & 1 ? 'log dirty pages' : '', flags & 2 ? 'read-only' : ''].filter(Boolean);
	const rest = flags & ~3;
	if (rest) words.push(hex(rest));
	return words.join(', ') || 'none';
}
