import type { FilterExpr, FilterTerm, NumberField } from '#lib/domain/filter-expr.ts';
import { termsOf } from '#lib/domain/filter-expr.ts';
import type { Segment, StoredColumnName, StoredColumns, TraceStore } from '../store/store.ts';
import { exprOf, type EventFilter } from './filter.ts';
import { residual } from './filter-prune.ts';
import { rememberPages, ruledOut } from './page-bits.ts';
import { markTerm, type SegmentEvents } from './filter-terms.ts';

const NUMBER_COLUMNS: Readonly<Record<NumberField, readonly StoredColumnName[]>> = {
	time: ['tsNs'],
	seq: [],
	bytes: ['bytes', 'flags'],
	offset: ['offset', 'flags'],
	npages: ['npages', 'kind'],
	level: ['detail', 'kind']
};
function termColumns(term: FilterTerm): readonly StoredColumnName[] {
	switch (term.type) {
		case 'kind':
			return ['kind'];
		case 'mode':
			return ['kind', 'detail'];
		case 'gfn':
			return ['gfn', 'npages', 'flags'];
		case 'gpa':
			return ['gfn', 'npages', 'flags', 'offset', 'bytes'];
		case 'number':
			return NUMBER_COLUMNS[term.field];
		case 'id':
			return term.field === 'lane' ? ['lane', 'kind'] : [term.field];
		case 'slot':
			return ['kind', 'slot', 'gfn', 'npages', 'flags'];
		case 'address':
			return term.field === 'rip' ? ['ripLo', 'ripHi', 'flags'] : ['gvaLo', 'gvaHi', 'flags', 'kind'];
		case 'flag':
			return ['flags'];
		case 'protect':
			return ['kind', 'detail'];
		case 'text':
			return ['kind', 'flags', 'payload'];
		default:
			return term satisfies never;
	}
}

/** The columns that a condition reads. */
export const exprColumns = (expr: FilterExpr): StoredColumnName[] => [
	...new Set([...termsOf(expr)].flatMap(termColumns))
];

/** Writes 1 for each event of the segment that meets the condition, 0 for the others. */
function mark(expr: FilterExpr, events: SegmentEvents, out: Uint8Array): void {
	if (expr.type === 'not') {
		mark(expr.of, events, out);
		for (let i = 0; i < out.length; i++) out[i] = (out[i] as number) ^ 1;
	} else if (expr.type === 'all' || expr.type === 'any') {
		const [first, ...rest] = expr.of;
		if (!first) return void out.fill(expr.type === 'all' ? 1 : 0);
		mark(first, events, out);
		const other = new Uint8Array(out.length);
		for (const each of rest) {
			mark(each, events, other);
			if (expr.type === 'all')
				for (let i = 0; i < out.length; i++) out[i] = (out[i] as number) & (other[i] as number);
			else for (let i = 0; i < out.length; i++) out[i] = (out[i] as number) | (other[i] as number);
		}
	} else markTerm(expr, events, out);
}

let everyIndex = new Uint32Array(0);

/** 0, 1, 2, … count - 1: shared, never write to it. */
function allIndexes(count: number): Uint32Array {
	if (everyIndex.length < count) everyIndex = Uint32Array.from({ length: count }, (_, i) => i);
	return everyIndex.subarray(0, count);
}

const NOTHING = new Uint32Array(0);

/** Indexes, ascending, of the segment's events that the filter wants: never write to them. */
export async function selectEvents(
	store: TraceStore,
	id: string,
	segment: Segment,
	filter: EventFilter
): Promise<Uint32Array> {
	const page = filter.gfn && filter.gfn.to === filter.gfn.from + 1 ? filter.gfn.from : null;
	if (page !== null && ruledOut(store, segment, page)) return NOTHING;
	const rest = residual(exprOf(filter), segment);
	if (rest === false) return NOTHING;
	if (rest === true) return allIndexes(segment.count);
	const columns = (await store.readColumns(id, segment, exprColumns(rest))) as StoredColumns; // those that are read
	if (page !== null) rememberPages(store, segment, columns);
	const marks = new Uint8Array(segment.count);
	mark(rest, { segment, columns, memslots: filter.memslots ?? [] }, marks);
	let n = 0;
	for (let i = 0; i < marks.length; i++) n += marks[i] as number;
	if (n === marks.length) return allIndexes(n);
	const hits = new Uint32Array(n);
	for (let i = 0, at = 0; at < n; i++) if (marks[i] === 1) hits[at++] = i;
	return hits;
}
