import type { BitWord } from '#lib/domain/bit-words.ts';
import type { JsonObject, JsonValue } from '#lib/domain/events.ts';
import { faultBits } from '#lib/domain/fault-bits.ts';
import { spteBits } from '#lib/domain/spte-bits.ts';
import { hex } from '#lib/domain/units.ts';
import { eventGfn, eventKind, type EventLine, eventOffset } from '#lib/domain/event-line.ts';
import { flagsText, textOf } from './event-text.ts';
import { entryReading, faultReading } from './fault-source.ts';
import { type Clock, formatCount, formatGfns, formatInt, formatTime, THIN } from './format.ts';
import { quirkText } from './quirk-text.ts';

/** A line of the event panel. */
export interface EventField {
	readonly label: string;
	readonly value: string;
	/** What a click on the value copies; absent where nothing is worth it. */
	readonly copy?: string;
	/** What it means, in a sentence or two. */
	readonly note?: string;
	/** Its bits in words. */
	readonly bits?: readonly BitWord[];
}

/** What an event's words depend on. */
export interface EventContext {
	readonly clock: Clock;
	/** Attributes of the session event. */
	readonly session: JsonObject;
	/** Name of a notifier node; null if nobody named it. */
	readonly nodeName: (nodeId: number) => string | null;
}

/** An event's fields: those of the catalogue, and those of the source that the catalogue does not name. */
export interface EventReading {
	readonly fields: readonly EventField[];
	readonly others: readonly EventField[];
}

type Say = (value: JsonValue, event: EventLine, context: EventContext) => Omit<EventField, 'label'>;

const plain = (value: JsonValue): Omit<EventField, 'label'> => {
	const text = typeof value === 'number' ? formatInt(value) : textOf(value);
	return /^0x[0-9a-f]+$/.test(text) ? { value: text, copy: text } : { value: text };
};
const yesNo =
	(yes: string, no: string): Say =>
	(value) => ({ value: value === true ? 'yes' : 'no', note: value === true ? yes : no });
const SIZES = ['', `4${THIN}KiB`, `2${THIN}MiB`, `1${THIN}GiB`];

/** Every key of a native line that the catalogue names: its label and its words. */
const KNOWN: Readonly<Record<string, readonly [label: string, say: Say]>> = {
	id: ['memslot', plain],
	npages: ['pages', pagesText],
	flags: ['flags', (value) => ({ value: typeof value === 'number' ? flagsText(value) : textOf(value) })],
	name: ['name', plain],
	callbacks: [
		'callbacks',
		(value) => ({ value: Array.isArray(value) ? value.map(textOf).join(', ') : textOf(value) })
	],
	node: ['notifier node', nodeText],
	mode: ['mode', plain],
	n: ['bytes', plain],
	ip: ['instruction (rip)', plain],
	gva: ['guest virtual address', plain],
	ua: ['host virtual address (hva)', plain],
	verdict: ['verdict', verdictText],
	ready: ['data ready', readyText],
	error: ['error code', errorText],
	fault_code: ['error code’s kind', plain],
	protect: ['right taken', plain],
	level: ['mapping level', levelText],
	spte: ['page-table entry', entryText],
	flush: [
		'asked for a TLB flush',
		yesNo(
			'cached translations lose the right too',
			'cached translations keep the right until they are flushed'
		)
	],
	quirk: ['quirk', quirkField],
	text: ['text', plain],
	count: ['events lost', plain],
	from: ['lost since', (value, _, { clock }) => timeText(value, clock)],
	e: ['epoch', plain],
	phase: ['phase', plain],
	as: ['address space', (value) => ({ value: value === 1 ? '1 (system management, SMM)' : textOf(value) })],
	derived: ['inferred', yesNo('the importer concluded this event from another one; no line says it', 'no')],
	version: ['version', plain]
};

function pagesText(value: JsonValue, event: EventLine): Omit<EventField, 'label'> {
	const gfn = eventGfn(event);
	if (typeof value !== 'number' || gfn === null) return plain(value);
	return { value: formatInt(value), note: `gfns ${formatGfns(gfn, gfn + value)}` };
}

function nodeText(value: JsonValue, _: EventLine, { nodeName }: EventContext): Omit<EventField, 'label'> {
	const name = typeof value === 'number' ? nodeName(value) : null;
	return { value: name === null ? textOf(value) : `${textOf(value)} (${name})` };
}

function verdictText(value: JsonValue, event: EventLine): Omit<EventField, 'label'> {
	if (value === true) return { value: 'true', note: 'all notifiers agreed: the access goes on' };
	const what =
		event.k === 'preexec'
			? 'nothing is executed'
			: event.k === 'preread'
				? 'nothing is read'
				: 'nothing is written';
	return {
		value: 'false',
		note: `a notifier refused: ${what}, and the guest tries the same instruction again`
	};
}

function readyText(value: JsonValue, event: EventLine): Omit<EventField, 'label'> {
	if (value !== true) return { value: 'no', note: 'the guest sees what is in memory' };
	const note =
		event.verdict === false
			? 'a notifier gave the bytes, but the refusal wins: they are dropped (quirk Q16)'
			: 'a notifier gave the bytes that the guest sees; memory is not read';
	return { value: 'yes', note };
}

const wordOf = (value: JsonValue): bigint | null =>
	typeof value === 'string' && /^0x[0-9a-f]{1,16}$/i.test(value) ? BigInt(value) : null;

function errorText(value: JsonValue, event: EventLine, { session }: EventContext): Omit<EventField, 'label'> {
	const code = wordOf(value);
	if (code === null) return plain(value);
	const { as, name, why, fromEpt } = faultReading(event, session);
	return { ...plain(value), note: `${name}; ${why}`, bits: faultBits(code, as, { fromEpt }) };
}

function entryText(value: JsonValue, _: EventLine, { session }: EventContext): Omit<EventField, 'label'> {
	const spte = wordOf(value);
	const reading = entryReading(session);
	if (spte === null || !reading) return plain(value);
	const name = reading.as === 'ept' ? 'an EPT entry' : 'an NPT or shadow entry';
	return {
		...plain(value),
		note: `read as ${name} of kernels up to 5.12; ${reading.why}`,
		bits: spteBits(spte, reading.as)
	};
}

function levelText(value: JsonValue, event: EventLine): Omit<EventField, 'label'> {
	if (/shadowed$/.test(event.k))
		return { ...plain(value), note: 'of the guest’s own table; 1 holds entries of 4 KiB pages' };
	const size = typeof value === 'number' ? SIZES[value] : undefined;
	return size ? { value: `${textOf(value)} (${size})` } : plain(value);
}

function quirkField(value: JsonValue): Omit<EventField, 'label'> {
	const text = typeof value === 'string' ? quirkText(value) : null;
	if (!text) return { ...plain(value), note: 'a quirk that this version has no words for' };
	return { value: `${textOf(value)}: ${text.title}`, note: text.meaning };
}

const timeText = (value: JsonValue, clock: Clock): Omit<EventField, 'label'> =>
	typeof value === 'number' ? { value: formatTime(value, clock), copy: String(value) } : plain(value);

/** Every field of an event, in reading order; keys that the catalogue does not name keep their own name. */
export function readEvent(event: EventLine, context: EventContext): EventReading {
	const { seq, t, k, c, a, g: _, ...rest } = event;
	const fields: EventField[] = [
		{ label: 'seq', value: `#${formatInt(seq)}`, copy: String(seq) },
		{ label: 'time', ...timeText(t, context.clock) },
		{ label: 'kind', value: eventKind(event) }
	];
	if (c !== undefined) fields.push({ label: 'vCPU', value: textOf(c) });
	const gfn = eventGfn(event);
	if (gfn !== null) fields.push({ label: 'gfn', value: hex(gfn), copy: hex(gfn) });
	if (typeof a === 'string') fields.push({ label: 'guest physical address (gpa)', value: a, copy: a });
	const offset = eventOffset(event);
	if (offset !== null)
		fields.push({ label: 'offset in page', value: `${hex(offset)} (byte ${formatInt(offset)})` });
	const others: EventField[] = [];
	for (const [key, value] of Object.entries(rest)) {
		const known = Object.hasOwn(KNOWN, key) && k !== 'session' ? KNOWN[key] : undefined;
		if (known) fields.push({ label: known[0], ...known[1](value, event, context) });
		else
			others.push({ label: key, ...(typeof value === 'number' ? { value: String(value) } : plain(value)) });
	}
	return { fields, others };
}

/** How many bytes into its memslot a gpa is, added to the slot's host address: where the host finds the byte. */
export const hvaOf = (slotUa: string, slotBase: number, event: EventLine): string | null => {
	const gfn = eventGfn(event);
	if (gfn === null) return null;
	return hex(BigInt(slotUa) + BigInt(gfn - slotBase) * 4096n + BigInt(eventOffset(event) ?? 0));
};

/** The number of fields that no word was found for, as a heading. */
export const othersHeading = (kind: string, count: number): string =>
	kind === 'session'
		? 'What the source says of itself'
		: `${formatCount(count, 'more field')} of the source line, kept as written`;
