import { eventAt } from '#lib/domain/batch-events.ts';
import { COLUMNS, type EventBatch } from '#lib/domain/batch.ts';
import { csvLine, eventCell, type EventColumn } from '#lib/domain/event-columns.ts';
import type { NumberedEvent } from '#lib/domain/events.ts';
import { formatLine } from '#lib/domain/native.ts';
import type { Segment, TraceStore } from '../store/store.ts';
import { selectEvents } from './filter-select.ts';
import { mayMatch, type EventFilter } from './filter.ts';
import { LineBytes } from './line-bytes.ts';
import { lowerBound } from './search.ts';
import { wireEvent } from './wire-event.ts';

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
 * The matching events as native lines in UTF-8, some thousand a piece: exactly what `formatLine` gives for each, common
 * accesses straight from the columns. Memory stays flat however long the session is.
 */
export async function* linePieces(
	store: TraceStore,
	id: string,
	filter: EventFilter,
	range: LineRange
): AsyncGenerator<Uint8Array> {
	const lines = new LineBytes();
	for (const segment of await store.segments(id)) {
		if (segment.firstSeq >= range.to || segment.firstSeq + segment.count <= range.from) continue;
		if (!mayMatch(segment, filter)) continue;
		const hits = await selectEvents(store, id, segment, filter);
		if (!hits.length) continue;
		const batch = {
			...(await store.readColumns(id, segment, [...COLUMNS, 'payload'], 'once')),
			length: segment.count
		};
		yield* fullPieces(lines, batch, segment, hits, range);
	}
	const rest = lines.take();
	if (rest) yield rest;
}

function* fullPieces(
	lines: LineBytes,
	batch: EventBatch,
	{ firstSeq }: Segment,
	hits: Uint32Array,
	{ from, to, carry = (event) => event, line }: LineRange
): Generator<Uint8Array> {
	const within = hits.subarray(lowerBound(hits, from - firstSeq), lowerBound(hits, to - firstSeq));
	for (const i of within) {
		if (line) lines.text(line(eventAt(batch, i, firstSeq + i)));
		else if (!lines.access(batch, i)) lines.text(formatLine(carry(eventAt(batch, i, firstSeq + i))));
		const piece = lines.full && lines.take();
		if (piece) yield piece;
	}
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
): AsyncGenerator<Uint8Array> {
	yield new TextEncoder().encode(`${csvLine(columns)}\n`);
	const line = (event: NumberedEvent) => {
		const wire = wireEvent(event);
		return csvLine(columns.map((column) => eventCell(wire, column)));
	};
	yield* linePieces(store, id, filter, { ...range, line });
}
