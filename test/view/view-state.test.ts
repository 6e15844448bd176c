import fc from 'fast-check';
import { expect, test } from 'vitest';
import { EVENT_COLUMNS } from '#lib/domain/event-columns.ts';
import { MODES } from '#lib/domain/kinds.ts';
import { ANALYSES } from '#lib/view/analysis-view.ts';
import { CELL_VALUES } from '#lib/view/cell-values.ts';
import { LANE_HEIGHTS } from '#lib/view/lane-layout.ts';
import { DEFAULT_VIEW, formatView, parseView, TABS, type ViewState } from '#lib/view/view-state.ts';
import { anyRange } from '../arbitrary.ts';

const anyView: fc.Arbitrary<ViewState> = fc.record({
	time: fc.option(anyRange(2 ** 52)),
	gfns: fc.dictionary(fc.nat(40).map(String), anyRange(2 ** 39), { noNullPrototype: true }),
	modes: fc.subarray([...MODES]),
	value: fc.constantFrom(...CELL_VALUES),
	pin: fc.option(fc.nat(2 ** 31)),
	note: fc.option(fc.uuid()),
	scale: fc.constantFrom('log' as const, 'linear' as const, 'rank' as const),
	at: fc.option(
		fc.oneof(
			fc.record({ seq: fc.nat(2 ** 31) }),
			fc.record({ tsNs: fc.maxSafeNat().map((n) => Math.floor(n / 2)) })
		)
	),
	page: fc.option(fc.nat(2 ** 40 - 1)),
	tab: fc.constantFrom(...TABS),
	analysis: fc.record({
		name: fc.constantFrom(...ANALYSES),
		lane: fc.option(fc.nat(40)),
		filtered: fc.boolean(),
		by: fc.constantFrom('mode' as const, 'lane' as const),
		periodNs: fc.option(fc.integer({ min: 1 })),
		order: fc.constantFrom('seq' as const, 'delay' as const),
		min: fc.integer({ min: 2 }),
		withinNs: fc.nat()
	}),
	filter: fc.string(),
	filterLanes: fc.boolean(),
	brush: fc.option(fc.record({ lane: fc.nat(40), time: anyRange(2 ** 52), gfns: anyRange(2 ** 39) })),
	turned: fc.uniqueArray(fc.nat(40)),
	table: fc.boolean(),
	fold: fc.boolean(),
	heights: fc.constantFrom(...LANE_HEIGHTS),
	columns: fc.subarray([...EVENT_COLUMNS]).map((some) => [...new Set(['seq' as const, ...some])]),
	rows: fc.option(anyRange(2 ** 31))
});

test('the address brings back every view', () => {
	fc.assert(
		fc.property(anyView, (view) => {
			expect(parseView(new URLSearchParams(formatView(view)))).toEqual(view);
		})
	);
});

test('the address says nothing of what is as usual', () => {
	expect(formatView(DEFAULT_VIEW)).toBe('');
});

test('the address falls back to the usual where it is malformed', () => {
	const broken = 'time=9..3&gfn=x&seq=-1&tab=weather&colour=mauve&page=0xzz&brush=1:2';
	expect(parseView(new URLSearchParams(broken))).toEqual(DEFAULT_VIEW);
});
