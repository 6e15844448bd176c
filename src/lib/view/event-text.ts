import type { JsonValue } from '#lib/domain/events.ts';
import { hex, PAGE_SIZE } from '#lib/domain/units.ts';
import { type Clock, formatCount, formatInt, formatTime } from './format.ts';

/** An event as the API sends it: the native line with its number. */
export interface EventLine {
	readonly seq: number;
	readonly t: number;
	readonly k: string;
	readonly [key: string]: JsonValue;
}

/** A line of the event panel; `copy` is what a click on it copies. */
export interface EventField {
	readonly label: string;
	readonly value: string;
	readonly copy?: string;
}

const textOf = (value: JsonValue | undefined): string =>
	value === undefined || value === null ? '' : typeof value === 'string' ? value : JSON.stringify(value);
const numberOf = (value: JsonValue | undefined): number | null => (typeof value === 'number' ? value : null);

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

const LABELS: Readonly<Record<string, string>> = {
	id: 'memslot',
	npages: 'pages',
	flags: 'flags',
	name: 'name',
	node: 'notifier node',
	mode: 'mode',
	n: 'bytes',
	ip: 'instruction (rip)',
	gva: 'guest virtual address',
	ua: 'host virtual address',
	verdict: 'verdict',
	ready: 'data ready',
	error: 'error code',
	protect: 'right taken',
	level: 'mapping level',
	spte: 'page-table entry',
	flush: 'asked for a flush',
	quirk: 'quirk',
	text: 'text',
	count: 'events lost',
	from: 'lost since',
	e: 'epoch',
	phase: 'phase',
	as: 'address space',
	derived: 'inferred by the importer'
};

function valueText(key: string, value: JsonValue): string {
	if (key === 'flags' && typeof value === 'number') return flagsText(value);
	if (key === 'verdict')
		return value === true ? 'true: go on' : 'false: emulation stops, the guest tries again';
	if (key === 'as') return value === 1 ? '1 (system management)' : textOf(value);
	if (typeof value === 'boolean') return value ? 'yes' : 'no';
	if (typeof value === 'number') return formatInt(value);
	return textOf(value);
}

/** KVM's memslot flags in words. */
export function flagsText(flags: number): string {
	const words = [flags & 1 ? 'log dirty pages' : '', flags & 2 ? 'read-only' : ''].filter(Boolean);
	const rest = flags & ~3;
	if (rest) words.push(hex(rest));
	return words.join(', ') || 'none';
}

/** Every field of an event, in reading order; keys the catalogue does not name keep their own name. */
export function eventFields(event: EventLine, clock: Clock): EventField[] {
	const { seq, t, k, c, a, g, ...rest } = event;
	const fields: EventField[] = [
		{ label: 'seq', value: `#${formatInt(seq)}`, copy: String(seq) },
		{ label: 'time', value: formatTime(t, clock), copy: String(t) },
		{ label: 'kind', value: k }
	];
	if (c !== undefined) fields.push({ label: 'vCPU', value: textOf(c) });
	const gfn = eventGfn({ seq, t, k, ...(a === undefined ? {} : { a }), ...(g === undefined ? {} : { g }) });
	if (gfn !== null) fields.push({ label: 'gfn', value: hex(gfn), copy: hex(gfn) });
	if (typeof a === 'string') fields.push({ label: 'guest physical address', value: a, copy: a });
	const offset = eventOffset(event);
	if (offset !== null)
		fields.push({ label: 'offset in page', value: `${hex(offset)} (${formatInt(offset)})` });
	for (const [key, value] of Object.entries(rest)) {
		const text = valueText(key, value);
		const copy = /^0x/.test(text) ? { copy: text } : {};
		fields.push({ label: LABELS[key] ?? key, value: text, ...copy });
	}
	return fields;
}
