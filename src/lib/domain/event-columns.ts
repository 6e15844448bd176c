import type { JsonObject, JsonValue } from './events.ts';
import { eventGfn, eventKind, eventOffset, type EventLine } from './event-line.ts';
import { hex } from './units.ts';

/** Columns of a table of events, in their usual order; `detail` holds what no other column does. */
export const EVENT_COLUMNS = [
	'seq',
	'time_ns',
	'vcpu',
	'kind',
	'slot',
	'gfn',
	'offset',
	'gpa',
	'bytes',
	'rip',
	'gva',
	'mode',
	'npages',
	'node',
	'verdict',
	'ready',
	'level',
	'detail'
] as const;
export type EventColumn = (typeof EVENT_COLUMNS)[number];

/** True for a name of EVENT_COLUMNS. */
export const isEventColumn = (name: string): name is EventColumn =>
	(EVENT_COLUMNS as readonly string[]).includes(name);

/** Keys of a native line that columns take as they are. */
const KEYS: Readonly<Partial<Record<EventColumn, string>>> = {
	...{ seq: 'seq', time_ns: 't', vcpu: 'c', slot: 'id', bytes: 'n', rip: 'ip', gva: 'gva', mode: 'mode' },
	...{ npages: 'npages', node: 'node', verdict: 'verdict', ready: 'ready', level: 'level' }
};
const TAKEN = new Set([...Object.values(KEYS), 'k', 'a', 'g']);

const textOf = (value: JsonValue | undefined): string =>
	value === undefined || value === null ? '' : typeof value === 'string' ? value : JSON.stringify(value);

/** A column's text: numbers and `0x…` words as the native line has them, empty where the event has none. */
export function eventCell(event: EventLine, column: EventColumn): string {
	switch (column) {
		case 'kind':
			return eventKind(event);
		case 'gfn': {
			const gfn = eventGfn(event);
			return gfn === null ? '' : hex(gfn);
		}
		case 'offset':
			return textOf(eventOffset(event));
		case 'gpa':
			return textOf(event.a);
		case 'detail':
			return detail(event);
		default:
			return textOf(event[KEYS[column] ?? '']);
	}
}

/** What no column takes, as JSON; empty if there is nothing. */
function detail(event: EventLine): string {
	const rest: JsonObject = Object.fromEntries(Object.entries(event).filter(([key]) => !TAKEN.has(key)));
	return Object.keys(rest).length ? JSON.stringify(rest) : '';
}

/** A line of CSV (RFC 4180) without its end. */
export const csvLine = (cells: readonly string[]): string =>
	cells.map((cell) => (/[",\r\n]/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell)).join(',');

/** A line of tab-separated text; what would break it becomes a blank. */
export const tsvLine = (cells: readonly string[]): string =>
	cells.map((cell) => cell.replace(/[\t\r\n]+/g, ' ')).join('\t');
