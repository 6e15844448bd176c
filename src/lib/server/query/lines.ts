import { eventAt } from '#lib/domain/batch-events.ts';
import { COLUMNS, FLAG, NO_NODE, NO_VCPU, type EventBatch } from '#lib/domain/batch.ts';
import { csvLine, eventCell, type EventColumn } from '#lib/domain/event-columns.ts';
import type { NumberedEvent } from '#lib/domain/events.ts';
import { isAccess, KINDS } from '#lib/domain/kinds.ts';
import { formatLine } from '#lib/domain/native.ts';
import { PAGE_SIZE } from '#lib/domain/units.ts';
import type { Segment, TraceStore } from '../store/store.ts';
import { selectEvents } from './filter-select.ts';
import { mayMatch, type EventFilter } from './filter.ts';
import { lowerBound } from './search.ts';
import { wireEvent } from './wire-event.ts';

/** Lines in one piece of text. */
const PIECE = 4096;
/** What a common access says: where, by which instruction, and how many bytes, if those are told. */
const COMMON = FLAG.place | FLAG.offset | FLAG.rip;

export interface LineRange {
	/** First seq, and the first one that is left out. */
	readonly from: number;
	readonly to: number;
	/** Last change to an event that is no common access; none if absent. */
	readonly carry?: (event: NumberedEvent) => NumberedEvent;
	/** Another line than the native one, without its end. */
	readonly line?: (event: NumberedEvent) => string;
}

/**
 * The matching events as native lines, some thousand a piece: exactly what `formatLine` gives for each, common accesses
 * straight from the columns. Memory stays flat however long the session is.
 */
export async function* linePieces(
	store: TraceStore,
	id: string,
	filter: EventFilter,
	range: LineRange
): AsyncGenerator<string> {
	for (const segment of await store.segments(id)) {
		if (segment.firstSeq >= range.to || segment.firstSeq + segment.count <= range.from) continue;
		if (!mayMatch(segment, filter)) continue;
		const hits = await selectEvents(store, id, segment, filter);
		if (!hits.length) continue;
		const batch = {
			...(await store.readColumns(id, segment, [...COLUMNS, 'payload'])),
			length: segment.count
		};
		yield* pieces(batch, segment, hits, range);
	}
}

function* pieces(
	batch: EventBatch,
	{ firstSeq }: Segment,
	hits: Uint32Array,
	{ from, to, carry = (event) => event, line }: LineRange
): Generator<string> {
	let text = '';
	let lines = 0;
	const within = hits.subarray(lowerBound(hits, from - firstSeq), lowerBound(hits, to - firstSeq));
	for (const i of within) {
		if (line) text += line(eventAt(batch, i, firstSeq + i)) + '\n';
		else text += accessLine(batch, i) ?? formatLine(carry(eventAt(batch, i, firstSeq + i))) + '\n';
		if (++lines < PIECE) continue;
		yield text;
		text = '';
		lines = 0;
	}
	if (text) yield text;
}

/** The line of a common access with its newline; null for any other event. */
function accessLine(batch: EventBatch, i: number): string | null {
	const flags = batch.flags[i] as number;
	const vcpu = batch.vcpu[i] as number;
	if ((flags & ~FLAG.bytes) !== COMMON || !isAccess(batch.kind[i] as number)) return null;
	if (vcpu === NO_VCPU || batch.node[i] !== NO_NODE || batch.npages[i] !== 1) return null;
	const gpa = (batch.gfn[i] as number) * PAGE_SIZE + (batch.offset[i] as number);
	const bytes = flags & FLAG.bytes ? `,"n":${batch.bytes[i]}` : '';
	const low = batch.ripLo[i] as number;
	const high = batch.ripHi[i] as number;
	const rip = high ? high.toString(16) + low.toString(16).padStart(8, '0') : low.toString(16);
	const kind = KINDS[batch.kind[i] as number] as string;
	return `{"t":${batch.tsNs[i]},"c":${vcpu},"k":"${kind}","a":"0x${gpa.toString(16)}"${bytes},"ip":"0x${rip}"}\n`;
}

/**
 * The matching events as CSV (RFC 4180), a heading of the columns' names first; cells are those of `eventCell`. Lines end
 * with a line feed.
 */
export async function* csvPieces(
	store: TraceStore,
	id: string,
	filter: EventFilter,
	{ columns, ...range }: Pick<LineRange, 'from' | 'to'> & { readonly columns: readonly EventColumn[] }
): AsyncGenerator<string> {
	yield `${csvLine(columns)}\n`;
	const line = (event: NumberedEvent) => {
		const wire = wireEvent(event);
		return csvLine(columns.map((column) => eventCell(wire, column)));
	};
	yield* linePieces(store, id, filter, { ...range, line });
}
