import { FLAG, NO_NODE, NO_SLOT, NO_VCPU } from '#lib/domain/batch.ts';
import type { FilterTerm, FlagField, NumberField, Span, WideSpan } from '#lib/domain/filter-expr.ts';
import {
	ACCESS_KINDS,
	FIRST_ACCESS,
	isAccess,
	KIND_CODES,
	kindMask,
	SHADOW_KINDS,
	SLOT_KINDS,
	TRACK_KINDS
} from '#lib/domain/kinds.ts';
import { slotKey } from '#lib/domain/state.ts';
import { PAGE_SIZE } from '#lib/domain/units.ts';
import type { MemslotInfo } from '#lib/domain/session-info.ts';
import { NO_LANE, type Segment, type StoredColumns } from '../store/store.ts';

/** Kinds that carry a memslot's number of their own; the tracking and shadow kinds may. */
const NAMES_SLOT = SLOT_KINDS | TRACK_KINDS | SHADOW_KINDS;
/** Kinds with a number of pages. */
const HAS_PAGES = NAMES_SLOT | ACCESS_KINDS | kindMask(['page_fault', 'spte_protect', 'anomaly']);

/** The bits of `flags` that a fact is read from; `known` 0: it is always told. */
const FACTS: Readonly<Record<FlagField, { readonly known: number; readonly set: number }>> = {
	verdict: { known: FLAG.verdictKnown, set: FLAG.verdict },
	ready: { known: FLAG.readyKnown, set: FLAG.ready },
	derived: { known: 0, set: FLAG.derived },
	smm: { known: 0, set: FLAG.smm }
};

/** What a term is tested on: the columns that it reads are there. */
export interface SegmentEvents {
	readonly segment: Segment;
	readonly columns: StoredColumns;
	readonly memslots: readonly MemslotInfo[];
}

/** Writes 1 for each event that meets the term, 0 for the others. */
export function markTerm(term: FilterTerm, events: SegmentEvents, out: Uint8Array): void {
	const { kind, detail } = events.columns;
	switch (term.type) {
		case 'kind':
			return markTable(kind, (code) => (term.kinds >>> code) & 1, out);
		case 'mode':
			for (let i = 0; i < out.length; i++)
				out[i] = (term.modes >>> modeOf(kind[i] as number, detail[i] as number)) & 1;
			return;
		case 'gfn':
			return markGfn(term.spans, events, out);
		case 'gpa':
			return markGpa(term.spans, events, out);
		case 'number':
			return markNumber(term.field, term.spans, events, out);
		case 'id':
			return markId(term, events, out);
		case 'slot':
			return markSlot(new Set(term.slots), events, out);
		case 'address':
			return markAddress(term.field, term.spans, events, out);
		case 'flag': {
			const { known, set } = FACTS[term.field];
			const { flags } = events.columns;
			const fact = (bits: number) => (known && !(bits & known) ? null : (bits & set) !== 0);
			for (let i = 0; i < out.length; i++) out[i] = term.wanted.includes(fact(flags[i] as number)) ? 1 : 0;
			return;
		}
		case 'protect':
			for (let i = 0; i < out.length; i++)
				out[i] =
					kind[i] === KIND_CODES.spte_protect ? (term.protects >>> ((detail[i] as number) & 3)) & 1 : 0;
			return;
		case 'text':
			return markText(term.field, term.words, events, out);
		default:
			term satisfies never;
	}
}

function markTable(codes: Uint8Array, bit: (code: number) => number, out: Uint8Array): void {
	const table = Uint8Array.from({ length: 256 }, (_, code) => (code < 32 ? bit(code) : 0));
	for (let i = 0; i < out.length; i++) out[i] = table[codes[i] as number] as number;
}

/** Index of the mode that an event is about; 31 (in no set) if it is about none. */
function modeOf(kind: number, detail: number): number {
	if (isAccess(kind)) return kind - FIRST_ACCESS;
	return kind === KIND_CODES.track_add || kind === KIND_CODES.track_remove ? detail : 31;
}

const inSpans = (spans: readonly Span[], from: number, to: number): boolean => {
	for (const span of spans) if (from < span.to && to > span.from) return true;
	return false;
};

function markGfn(spans: readonly Span[], { columns }: SegmentEvents, out: Uint8Array): void {
	const { gfn, npages, flags } = columns;
	const [only] = spans;
	if (only && spans.length === 1) {
		const { from, to } = only;
		for (let i = 0; i < out.length; i++) {
			const at = gfn[i] as number;
			out[i] = at < to && at + (npages[i] as number) > from && (flags[i] as number) & FLAG.place ? 1 : 0;
		}
		return;
	}
	for (let i = 0; i < out.length; i++) {
		const at = gfn[i] as number;
		out[i] = (flags[i] as number) & FLAG.place && inSpans(spans, at, at + (npages[i] as number)) ? 1 : 0;
	}
}

/** An event with an offset touches its bytes (one if their number is unknown), any other its pages. */
function markGpa(spans: readonly Span[], { columns }: SegmentEvents, out: Uint8Array): void {
	const { gfn, npages, flags, offset, bytes } = columns;
	for (let i = 0; i < out.length; i++) {
		const has = flags[i] as number;
		const page = (gfn[i] as number) * PAGE_SIZE;
		const exact = has & FLAG.offset && npages[i] === 1;
		const from = exact ? page + (offset[i] as number) : page;
		const to = exact ? from + Math.max(1, bytes[i] as number) : page + (npages[i] as number) * PAGE_SIZE;
		out[i] = has & FLAG.place && inSpans(spans, from, to) ? 1 : 0;
	}
}

/** A number's column, and whether event `i` has it. */
function numberOf(field: NumberField, { columns, segment }: SegmentEvents): (i: number) => number {
	const { tsNs, bytes, offset, npages, detail, kind, flags } = columns;
	switch (field) {
		case 'time':
			return (i) => tsNs[i] as number;
		case 'seq':
			return (i) => segment.firstSeq + i;
		case 'bytes':
			return (i) => ((flags[i] as number) & FLAG.bytes ? (bytes[i] as number) : -1);
		case 'offset':
			return (i) => ((flags[i] as number) & FLAG.offset ? (offset[i] as number) : -1);
		case 'npages':
			return (i) => ((HAS_PAGES >>> (kind[i] as number)) & 1 ? (npages[i] as number) : -1);
		case 'level':
			return (i) => {
				if (kind[i] === KIND_CODES.spte_protect) return (detail[i] as number) >> 2 || -1;
				return (SHADOW_KINDS >>> (kind[i] as number)) & 1 ? (detail[i] as number) : -1;
			};
		default:
			return field satisfies never;
	}
}

function markNumber(
	field: NumberField,
	spans: readonly Span[],
	events: SegmentEvents,
	out: Uint8Array
): void {
	const value = numberOf(field, events);
	for (let i = 0; i < out.length; i++) {
		const at = value(i);
		out[i] = at >= 0 && inSpans(spans, at, at + 1) ? 1 : 0;
	}
}

function markId(
	{ field, ids, none }: FilterTerm & { type: 'id' },
	{ columns }: SegmentEvents,
	out: Uint8Array
): void {
	const wanted = new Set(ids);
	if (field === 'lane') {
		const { lane, kind } = columns;
		for (let i = 0; i < out.length; i++) {
			const at = lane[i] as number;
			const hit = at === NO_LANE ? none && isAccess(kind[i] as number) : wanted.has(at);
			out[i] = hit ? 1 : 0;
		}
		return;
	}
	const column = field === 'vcpu' ? columns.vcpu : columns.node;
	if (none) wanted.add(field === 'vcpu' ? NO_VCPU : NO_NODE);
	const [only] = wanted;
	if (wanted.size === 1) for (let i = 0; i < out.length; i++) out[i] = column[i] === only ? 1 : 0;
	else for (let i = 0; i < out.length; i++) out[i] = wanted.has(column[i] as number) ? 1 : 0;
}

/** An event lies in a memslot that its row says was there right before it. */
function markSlot(
	slots: ReadonlySet<number>,
	{ columns, segment, memslots }: SegmentEvents,
	out: Uint8Array
): void {
	const { kind, slot, gfn, npages, flags } = columns;
	const rows = memslots.filter((row) => slots.has(slotKey(row.asId, row.slotId)));
	for (let i = 0; i < out.length; i++) {
		const seq = segment.firstSeq + i;
		const named = slot[i] as number;
		if ((NAMES_SLOT >>> (kind[i] as number)) & 1 && named !== NO_SLOT) {
			out[i] = slots.has(named) ? 1 : 0;
			continue;
		}
		const from = gfn[i] as number;
		const to = from + (npages[i] as number);
		const asId = (flags[i] as number) & FLAG.smm ? 1 : 0;
		const hit =
			(flags[i] as number) & FLAG.place &&
			rows.some(
				(row) =>
					row.asId === asId &&
					row.createdSeq < seq &&
					(row.deletedSeq === null || seq <= row.deletedSeq) &&
					from < row.baseGfn + row.npages &&
					to > row.baseGfn
			);
		out[i] = hit ? 1 : 0;
	}
}

const LOW32 = 0xffff_ffffn;

function markAddress(
	field: 'rip' | 'gva',
	spans: readonly WideSpan[],
	{ columns }: SegmentEvents,
	out: Uint8Array
): void {
	const { flags, kind } = columns;
	const [low, high, has] =
		field === 'rip' ? [columns.ripLo, columns.ripHi, FLAG.rip] : [columns.gvaLo, columns.gvaHi, FLAG.gva];
	// both halves of each border as numbers: no bigint is made per event
	const borders = spans.map(({ from, to }) => {
		const last = to - 1n;
		return [Number(from >> 32n), Number(from & LOW32), Number(last >> 32n), Number(last & LOW32)] as const;
	});
	for (let i = 0; i < out.length; i++) {
		let hit = 0;
		if ((flags[i] as number) & has && !(field === 'gva' && (SLOT_KINDS >>> (kind[i] as number)) & 1)) {
			const h = high[i] as number;
			const l = low[i] as number;
			for (const [fromHigh, fromLow, lastHigh, lastLow] of borders)
				if (
					(h > fromHigh || (h === fromHigh && l >= fromLow)) &&
					(h < lastHigh || (h === lastHigh && l <= lastLow))
				)
					hit = 1;
		}
		out[i] = hit;
	}
}

function markText(
	field: 'quirk' | 'name',
	words: readonly string[],
	{ columns }: SegmentEvents,
	out: Uint8Array
): void {
	out.fill(0);
	for (const [i, text] of columns.payload) {
		if (i >= out.length || (field === 'quirk' && columns.kind[i] !== KIND_CODES.anomaly)) continue;
		const value = (JSON.parse(text) as Record<string, unknown>)[field];
		if (typeof value !== 'string') continue;
		const hit =
			field === 'quirk' ? words.includes(value) : words.some((word) => value.toLowerCase().includes(word));
		out[i] = hit ? 1 : 0;
	}
}
