import { EVENT_COLUMNS, eventCell, type EventColumn, isEventColumn } from '#lib/domain/event-columns.ts';
import type { EventLine } from '#lib/domain/event-line.ts';
import { hex } from '#lib/domain/units.ts';
import { eventDetail } from './event-text.ts';
import { type Clock, formatInt, formatTime } from './format.ts';

/** How a column of the event table looks. */
export interface TableColumn {
	readonly heading: string;
	/** For the menu. */
	readonly about: string;
	/** Width as a grid track; the first number is the least. */
	readonly track: string;
	/** Numbers and short addresses to the right; words of 64 bits and texts to the left. */
	readonly look: 'number' | 'hex' | 'word' | 'text';
}

export const TABLE_COLUMNS: Readonly<Record<EventColumn, TableColumn>> = {
	seq: { heading: 'seq', about: 'number of the event', track: 'minmax(62px, 78px)', look: 'number' },
	time_ns: {
		heading: 'time',
		about: 'time since the session’s start',
		track: 'minmax(110px, 140px)',
		look: 'number'
	},
	vcpu: { heading: 'vCPU', about: 'virtual CPU', track: '32px', look: 'number' },
	kind: { heading: 'kind', about: 'kind of the event', track: 'minmax(86px, 118px)', look: 'text' },
	slot: { heading: 'slot', about: 'memslot that the event names', track: '34px', look: 'number' },
	gfn: { heading: 'gfn', about: 'guest frame number', track: 'minmax(58px, 84px)', look: 'hex' },
	offset: { heading: 'offset', about: 'byte in the page', track: 'minmax(37px, 52px)', look: 'hex' },
	gpa: { heading: 'gpa', about: 'guest physical address', track: '112px', look: 'hex' },
	bytes: { heading: 'bytes', about: 'size of the access', track: '32px', look: 'number' },
	rip: { heading: 'rip', about: 'instruction', track: 'minmax(124px, 1fr)', look: 'word' },
	gva: { heading: 'gva', about: 'guest virtual address', track: '146px', look: 'word' },
	mode: { heading: 'mode', about: 'tracking mode', track: '66px', look: 'text' },
	npages: { heading: 'pages', about: 'number of pages', track: '60px', look: 'number' },
	node: { heading: 'node', about: 'notifier node', track: '40px', look: 'number' },
	verdict: { heading: 'verdict', about: 'whether the access may go on', track: '50px', look: 'text' },
	ready: { heading: 'ready', about: 'whether a notifier gave the data', track: '44px', look: 'text' },
	level: { heading: 'level', about: 'mapping level', track: '40px', look: 'number' },
	detail: { heading: 'more', about: 'names, ranges, texts', track: 'minmax(32px, 1fr)', look: 'text' }
};

export const DEFAULT_COLUMNS: readonly EventColumn[] = [
	...(['seq', 'time_ns', 'vcpu', 'kind', 'gfn', 'offset', 'bytes', 'rip', 'detail'] as const)
];

/** The columns that a list names, in the table's order, `seq` always among them; null if it names none. */
export function parseColumns(text: string | null): readonly EventColumn[] | null {
	const named = new Set((text ?? '').split(',').filter(isEventColumn));
	if (!named.size) return null;
	return EVENT_COLUMNS.filter((column) => column === 'seq' || named.has(column));
}

/** What the table shows in a cell. */
export function shownCell(event: EventLine, column: EventColumn, clock: Clock): string {
	if (column === 'detail') return eventDetail(event);
	const text = eventCell(event, column);
	if (column === 'time_ns') return formatTime(event.t, clock);
	if (column === 'offset' && text !== '') return hex(Number(text));
	return (column === 'seq' || column === 'npages') && text !== '' ? formatInt(Number(text)) : text;
}

/** Room between two columns, in pixels. */
const GAP = 8;

/** The table's grid tracks, and the least width that shows them all (10 pixels free on both sides), in pixels. */
export function tableTracks(columns: readonly EventColumn[]): { tracks: string; least: number } {
	const tracks = columns.map((column) => TABLE_COLUMNS[column].track);
	const widths = tracks.map((track) => Number(/\d+/.exec(track)?.[0] ?? 0) + GAP);
	return { tracks: tracks.join(' '), least: widths.reduce((sum, width) => sum + width, 20 - GAP) };
}
