import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { FilterExpr, FilterTerm, Span, WideSpan } from '#lib/domain/filter-expr.ts';
import { KIND_CODES, MODES } from '#lib/domain/kinds.ts';
import { slotKey } from '#lib/domain/state.ts';
import { countEvents, eventRows } from '#lib/server/query/event-rows.ts';
import { queryEvents } from '#lib/server/query/events.ts';
import { onSessions, witnesses, type Witness } from './random-store.ts';

const within = (spans: readonly Span[], from: number, to = from + 1) =>
	spans.some((span) => from < span.to && to > span.from);

/** The grammar's meaning, one event at a time. */
function meets(expr: FilterExpr, witness: Witness): boolean {
	if (expr.type === 'all') return expr.of.every((each) => meets(each, witness));
	if (expr.type === 'any') return expr.of.some((each) => meets(each, witness));
	if (expr.type === 'not') return !meets(expr.of, witness);
	return meetsTerm(expr, witness);
}

function meetsTerm(term: FilterTerm, { seq, event, mode, lane, slots }: Witness): boolean {
	const fields = event as unknown as Record<string, unknown>;
	const gfn = (fields.gfn ?? fields.baseGfn) as number | undefined;
	const npages = (fields.npages as number | undefined) ?? 1;
	const offset = fields.offset as number | undefined;
	switch (term.type) {
		case 'kind':
			return ((term.kinds >> KIND_CODES[event.kind]) & 1) === 1;
		case 'mode': {
			const index = 'mode' in event ? MODES.indexOf(event.mode) : mode;
			return index >= 0 && ((term.modes >> index) & 1) === 1;
		}
		case 'gfn':
			return gfn !== undefined && within(term.spans, gfn, gfn + npages);
		case 'gpa': {
			if (gfn === undefined) return false;
			if (offset === undefined || npages > 1) return within(term.spans, gfn * 4096, (gfn + npages) * 4096);
			const from = gfn * 4096 + offset;
			return within(term.spans, from, from + Math.max(1, (fields.bytes as number | undefined) ?? 1));
		}
		case 'number': {
			const value = term.field === 'time' ? event.tsNs : term.field === 'seq' ? seq : fields[term.field];
			if (term.field === 'npages')
				return gfn !== undefined || 'mode' in event
					? within(term.spans, npages)
					: event.kind === 'anomaly' && within(term.spans, 1);
			return typeof value === 'number' && within(term.spans, value);
		}
		case 'id': {
			if (term.field === 'lane') return mode >= 0 && (lane === null ? term.none : term.ids.includes(lane));
			const value = term.field === 'vcpu' ? event.vcpuId : fields.nodeId;
			return value === undefined ? term.none : term.ids.includes(value as number);
		}
		case 'slot': {
			const named = fields.slotId as number | undefined;
			if (named !== undefined) return term.slots.includes(slotKey(event.asId ?? 0, named));
			return slots.some((slot) => term.slots.includes(slot));
		}
		case 'address': {
			const value = fields[term.field] as bigint | undefined;
			return value !== undefined && term.spans.some((span) => value >= span.from && value < span.to);
		}
		case 'flag': {
			const told: boolean | null =
				term.field === 'smm'
					? event.asId === 1
					: term.field === 'derived'
						? event.derived === true
						: ((fields[term.field === 'ready' ? 'dataReady' : 'verdict'] as boolean | undefined) ?? null);
			return term.wanted.includes(told);
		}
		case 'protect':
			return (
				'protect' in event && ((term.protects >> ['read', 'write', 'exec'].indexOf(event.protect)) & 1) === 1
			);
		case 'text': {
			const value = fields[term.field];
			if (typeof value !== 'string') return false;
			if (term.field === 'quirk') return term.words.includes(value);
			return term.words.some((word) => value.toLowerCase().includes(word));
		}
	}
}

const span = (max: number): fc.Arbitrary<Span> =>
	fc
		.tuple(fc.nat(max), fc.oneof(fc.integer({ min: 1, max: Math.ceil(max / 2) }), fc.constant(Infinity)))
		.map(([from, size]) => ({ from, to: from + size }));
const spans = (max: number) => fc.array(span(max), { minLength: 1, maxLength: 3 });
const wideSpans = fc.array(
	fc
		.tuple(fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }), fc.bigInt({ min: 1n, max: 2n ** 63n }))
		.map(([from, size]): WideSpan => ({ from, to: from + size > 2n ** 64n ? 2n ** 64n : from + size })),
	{ minLength: 1, maxLength: 2 }
);
const some = <T>(...values: T[]) => fc.subarray(values, { minLength: 1 });
const term: fc.Arbitrary<FilterTerm> = fc.oneof(
	fc.record({ type: fc.constant('kind' as const), kinds: fc.nat(2 ** 24 - 1) }),
	fc.record({ type: fc.constant('mode' as const), modes: fc.integer({ min: 1, max: 15 }) }),
	fc.record({ type: fc.constant('gfn' as const), spans: spans(2200) }),
	fc.record({ type: fc.constant('gpa' as const), spans: spans(2200 * 4096) }),
	fc.record({
		type: fc.constant('number' as const),
		field: fc.constant('time' as const),
		spans: spans(1e10)
	}),
	fc.record({ type: fc.constant('number' as const), field: fc.constant('seq' as const), spans: spans(80) }),
	fc.record({
		type: fc.constant('number' as const),
		field: fc.constantFrom('bytes' as const, 'offset' as const, 'npages' as const, 'level' as const),
		spans: fc.oneof(spans(4096), spans(4))
	}),
	fc.record({
		type: fc.constant('id' as const),
		field: fc.constantFrom('vcpu' as const, 'node' as const, 'lane' as const),
		ids: fc.subarray([0, 1, 2, 3, 4]),
		none: fc.boolean()
	}),
	fc.record({ type: fc.constant('slot' as const), slots: some(0, 1, 2, 3, 65536, 65537, 65539) }),
	fc.record({
		type: fc.constant('address' as const),
		field: fc.constantFrom('rip' as const, 'gva' as const),
		spans: wideSpans
	}),
	fc.record({
		type: fc.constant('flag' as const),
		field: fc.constantFrom('verdict' as const, 'ready' as const, 'derived' as const, 'smm' as const),
		wanted: some<boolean | null>(true, false, null)
	}),
	fc.record({ type: fc.constant('protect' as const), protects: fc.integer({ min: 1, max: 7 }) }),
	fc.record({
		type: fc.constant('text' as const),
		field: fc.constant('quirk' as const),
		words: some('Q1', 'Q7')
	}),
	fc.record({
		type: fc.constant('text' as const),
		field: fc.constant('name' as const),
		words: some('a', ' ', '!')
	})
);
const expr: fc.Arbitrary<FilterExpr> = fc.letrec<{ expr: FilterExpr }>((tie) => ({
	expr: fc.oneof(
		{ depthSize: 'small', withCrossShrink: true },
		term,
		fc.record({
			type: fc.constantFrom('all' as const, 'any' as const),
			of: fc.array(tie('expr'), { maxLength: 3 })
		}),
		fc.record({ type: fc.constant('not' as const), of: tie('expr') })
	)
})).expr;

test('a filter gives the events that meet it one by one: pages, counts and rows', () =>
	onSessions({ numRuns: 20 }, async (store, session, events) => {
		const seen = witnesses(events);
		for (const where of fc.sample(expr, 12)) {
			const filter = { where, memslots: session.memslots };
			const wanted = seen.filter((witness) => meets(where, witness)).map((witness) => witness.seq);
			const label = JSON.stringify(where, (_, value: unknown) =>
				typeof value === 'bigint' ? String(value) : value
			);
			const all = await queryEvents(store, session.id, { filter, from: 0, limit: 1000 });
			expect(
				all.events.map((event) => event.seq),
				label
			).toEqual(wanted);
			expect(await countEvents(store, session.id, filter), label).toBe(wanted.length);
			for (const row of [0, 1, Math.floor(wanted.length / 2), wanted.length]) {
				const got = await eventRows(store, session.id, { filter, row, limit: 7 });
				expect([got.row, got.total]).toEqual([Math.min(row, wanted.length), wanted.length]);
				expect(
					got.events.map((event) => event.seq),
					label
				).toEqual(wanted.slice(row, row + 7));
			}
			for (const seq of [0, 11, 40, 200]) {
				const got = await eventRows(store, session.id, { filter, seq, limit: 3 });
				const row = wanted.filter((each) => each < seq).length;
				expect([got.row, got.events.map((event) => event.seq)]).toEqual([row, wanted.slice(row, row + 3)]);
			}
		}
	}));
