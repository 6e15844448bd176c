import type { JsonValue } from '#lib/domain/events.ts';
import { type EventLine, isSlot } from '#lib/domain/event-line.ts';
import { hex } from '#lib/domain/units.ts';
import { formatCount } from './format.ts';

/** A value as text: strings as they are, nothing for null, all else as JSON. */
export const textOf = (value: JsonValue | undefined): string =>
	value === undefined || value === null ? '' : typeof value === 'string' ? value : JSON.stringify(value);
const numberOf = (value: JsonValue | undefined): number | null => (typeof value === 'number' ? value : null);

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

/** Why the event table is empty: what narrows it holds no event. */
export function noEventText({ filtered, marked }: { filtered: boolean; marked: boolean }): string {
	if (filtered) return `No event ${marked ? 'in the marked rectangle ' : ''}matches this filter.`;
	return marked ? 'No event lies in the marked rectangle.' : 'This session has no event yet.';
}

/** KVM's memslot flags in words. */
export function flagsText(flags: number): string {
	const words = [flags & 1 ? 'log dirty pages' : '', flags & 2 ? 'read-only' : ''].filter(Boolean);
	const rest = flags & ~3;
	if (rest) words.push(hex(rest));
	return words.join(', ') || 'none';
}
