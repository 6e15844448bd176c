import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { ComparedGrid, Comparison } from '#lib/api/compare-types.ts';
import { evolve } from '#lib/domain/evolve.ts';
import type { TraceEvent } from '#lib/domain/events.ts';
import { MODES } from '#lib/domain/kinds.ts';
import { lanePairs } from '#lib/domain/lane-pairs.ts';
import { counterAt, initialState } from '#lib/domain/state.ts';
import { api } from '#lib/server/api/api.ts';
import { compare, compareGrids, type Side } from '#lib/server/query/compare.ts';
import { pageSets, rangesOf } from '#lib/server/query/page-sets.ts';
import { openSqliteStore } from '#lib/server/store/sqlite/sqlite-store.ts';
import { anySession } from '../arbitrary.ts';
import { loadSession, onSessions, witnesses } from './random-store.ts';

const gfnsOf = (runs: readonly { gfn: number; npages: number }[]) =>
	runs.flatMap((run) => Array.from({ length: run.npages }, (_, i) => run.gfn + i));

test('sets of pages differ as sets do', () => {
	const set = fc.uniqueArray(fc.nat(40)).map((all) => all.sort((a, b) => a - b));
	fc.assert(
		fc.property(set, set, (a, b) => {
			const got = pageSets(rangesOf(a), rangesOf(b));
			expect(gfnsOf(got.gained)).toEqual(b.filter((gfn) => !a.includes(gfn)));
			expect(gfnsOf(got.lost)).toEqual(a.filter((gfn) => !b.includes(gfn)));
			expect(gfnsOf(got.kept)).toEqual(a.filter((gfn) => b.includes(gfn)));
			expect(got.both).toBe(a.filter((gfn) => b.includes(gfn)).length);
		})
	);
});

const ALL = { limit: 10_000, normalise: 'none', order: 'change', more: 'any' } as const;

/** Accesses of each page in a window, and pages tracked at its end, by looking at each event. */
function look(events: readonly TraceEvent[], { time }: Side) {
	const inside = witnesses(events).filter(
		({ mode, event }) => mode >= 0 && event.tsNs >= time.from && event.tsNs < time.to
	);
	const counts = new Map<number, number>();
	for (const { pages } of inside) for (const gfn of pages) counts.set(gfn, (counts.get(gfn) ?? 0) + 1);
	const state = initialState();
	for (const event of events) if (event.tsNs < time.to) evolve(state, event);
	const tracked = (asId: number, mode: number) =>
		Array.from({ length: 3200 }, (_, gfn) => gfn).filter((gfn) =>
			[...state.memslots.values()].some(
				(slot) =>
					slot.asId === asId &&
					gfn >= slot.baseGfn &&
					gfn < slot.baseGfn + slot.npages &&
					counterAt(slot, gfn, mode) > 0
			)
		);
	return { inside, counts, tracked };
}

test('a comparison equals looking at each event of both sides', () =>
	onSessions({ numRuns: 6, maxLength: 90 }, async (store, session, events) => {
		const [others] = fc.sample(anySession(60), 1) as [TraceEvent[]];
		const other = await loadSession(store, others);
		const half = Math.ceil(session.endNs / 2);
		const whole = { session, time: { from: 0, to: session.endNs + 1 }, filter: {} };
		const cases: [Side, Side, TraceEvent[]][] = [
			[whole, { session: other, time: { from: 0, to: other.endNs + 1 }, filter: {} }, others],
			[
				{ ...whole, time: { from: 0, to: half + 1 } },
				{ ...whole, time: { from: half, to: session.endNs + 1 } },
				events
			]
		];
		for (const [a, b, bEvents] of cases) {
			const got = await compare(store, a, b, ALL);
			const [left, right] = [look(events, a), look(bEvents, b)];
			const [inA, inB] = [[...left.counts.keys()], [...right.counts.keys()]];
			const sorted = (gfns: number[]) => gfns.sort((x, y) => x - y);
			expect(gfnsOf(got.touched.gained)).toEqual(sorted(inB.filter((gfn) => !left.counts.has(gfn))));
			expect(gfnsOf(got.touched.lost)).toEqual(sorted(inA.filter((gfn) => !right.counts.has(gfn))));
			expect([got.a.accesses, got.b.accesses]).toEqual([left.inside.length, right.inside.length]);
			for (const [i, mode] of MODES.entries())
				expect([got.a.counts[mode], got.b.counts[mode]]).toEqual(
					[left, right].map(({ inside }) => inside.filter((witness) => witness.mode === i).length)
				);
			const differing = [...new Set([...inA, ...inB])]
				.map((gfn) => ({ gfn, a: left.counts.get(gfn) ?? 0, b: right.counts.get(gfn) ?? 0 }))
				.filter((each) => each.a !== each.b)
				.sort((x, y) => Math.abs(y.b - y.a) - Math.abs(x.b - x.a) || x.gfn - y.gfn);
			expect(got.movers.map(({ gfn, a, b }) => ({ gfn, a, b }))).toEqual(differing);
			expect(got.moved).toBe(differing.length);
			await checkScaled(store, a, b, [left.counts, right.counts]);
			for (const asId of [0, 1])
				for (const [i, mode] of MODES.entries()) {
					const sets = got.tracked.find((each) => each.asId === asId && each.mode === mode);
					const [was, is] = [left.tracked(asId, i), right.tracked(asId, i)];
					expect(gfnsOf(sets?.gained ?? [])).toEqual(is.filter((gfn) => !was.includes(gfn)));
					expect(gfnsOf(sets?.lost ?? [])).toEqual(was.filter((gfn) => !is.includes(gfn)));
				}
			await checkGrids(store, a, b, left.inside, right.inside);
		}
	}));

/** The longer window's numbers count as much as it is longer less. */
async function checkScaled(
	store: Parameters<typeof compare>[0],
	a: Side,
	b: Side,
	[inA, inB]: readonly [ReadonlyMap<number, number>, ReadonlyMap<number, number>]
) {
	const [lengthA, lengthB] = [a.time.to - a.time.from, b.time.to - b.time.from];
	const shorter = Math.min(lengthA, lengthB);
	const got = await compare(store, a, b, { ...ALL, normalise: 'time', order: 'ratio', more: 'b' });
	const wanted = [...new Set([...inA.keys(), ...inB.keys()])]
		.map((gfn) => ({
			gfn,
			a: ((inA.get(gfn) ?? 0) / lengthA) * shorter,
			b: ((inB.get(gfn) ?? 0) / lengthB) * shorter
		}))
		.filter(
			({ gfn }) => BigInt(inB.get(gfn) ?? 0) * BigInt(lengthA) > BigInt(inA.get(gfn) ?? 0) * BigInt(lengthB)
		);
	expect(got.movers.map(({ gfn }) => gfn).sort((x, y) => x - y)).toEqual(
		wanted.map(({ gfn }) => gfn).sort((x, y) => x - y)
	);
	for (const mover of got.movers) {
		const page = wanted.find(({ gfn }) => gfn === mover.gfn);
		expect(mover.change).toBeCloseTo((page?.b ?? 0) - (page?.a ?? 0), 6);
		expect(2 ** mover.logRatio).toBeCloseTo(((page?.b ?? 0) + 1) / ((page?.a ?? 0) + 1), 6);
	}
	const ratios = got.movers.map(({ logRatio }) => logRatio);
	expect(ratios).toEqual(ratios.toSorted((x, y) => y - x));
}

async function checkGrids(
	store: Parameters<typeof compareGrids>[0],
	a: Side,
	b: Side,
	left: ReturnType<typeof witnesses>,
	right: ReturnType<typeof witnesses>
) {
	for (const { pair, a: aLane, b: bLane } of lanePairs(a.session, b.session).slice(0, 3))
		for (const scale of ['time', 'fraction'] as const) {
			const grid = await compareGrids(store, a, b, { pair, columns: 4, rows: 3, scale, normalise: 'none' });
			if (scale === 'time') expect(grid.a.columnNs).toBe(grid.b.columnNs);
			for (const [side, list, lane] of [
				[grid.a, left, aLane],
				[grid.b, right, bLane]
			] as const) {
				const wanted = Array.from({ length: grid.columns * grid.rows }, () => 0);
				for (const each of list.filter((witness) => lane !== null && witness.lane === lane))
					for (const gfn of each.pages) {
						const column = Math.floor((each.event.tsNs - side.startNs) / side.columnNs);
						const at = Math.floor((gfn - grid.startGfn) / grid.rowPages) * grid.columns + column;
						wanted[at] = (wanted[at] ?? 0) + 1;
					}
				expect(side.cells).toEqual(wanted);
			}
			grid.logRatio.forEach((ratio, i) =>
				expect(2 ** ratio).toBeCloseTo(((grid.b.cells[i] ?? 0) + 1) / ((grid.a.cells[i] ?? 0) + 1))
			);
		}
}

test('the API compares two windows of one session', async () => {
	const store = await openSqliteStore(':memory:');
	const events: TraceEvent[] = [
		{ kind: 'memslot_create', tsNs: 0, slotId: 0, baseGfn: 0, npages: 8 },
		{ kind: 'write', tsNs: 1, gfn: 1 },
		{ kind: 'track_add', tsNs: 2, mode: 'write', gfn: 3 },
		{ kind: 'write', tsNs: 11, gfn: 1 },
		{ kind: 'write', tsNs: 12, gfn: 1 },
		{ kind: 'write', tsNs: 13, gfn: 2 },
		{ kind: 'track_remove', tsNs: 14, mode: 'write', gfn: 3 }
	];
	const { id } = await loadSession(store, events);
	const call = (path: string) =>
		Promise.resolve(api.request(`http://localhost/api/v1${path}`, {}, { store }));
	const window = `a=${id}&b=${id}&aTo=10&bFrom=10&bTo=20`;
	const got = (await (await call(`/compare?${window}`)).json()) as Comparison;
	expect(got.touched).toMatchObject({ both: 1, gained: [{ gfn: 2, npages: 1 }], lost: [] });
	expect(got.tracked).toMatchObject([{ mode: 'write', lost: [{ gfn: 3, npages: 1 }], gained: [] }]);
	expect(got.movers.map(({ gfn, change }) => [gfn, change])).toEqual([
		[1, 1],
		[2, 1]
	]);
	const grid = (await (await call(`/compare/grid?${window}&pair=0&columns=2&rows=8`)).json()) as ComparedGrid;
	expect(grid).toMatchObject({ columns: 2, rows: 8, max: 2 });
	const zoomed = (await (
		await call(`/compare/grid?${window}&pair=0&columns=2&rows=8&gfn=1..3`)
	).json()) as ComparedGrid;
	expect(zoomed).toMatchObject({ startGfn: 1, rows: 2, rowPages: 1 });
	// 10 ns in columns of 5: A has one write of gfn 1 in the first, B two of it and one of gfn 2
	expect([zoomed.a.cells, zoomed.b.cells]).toEqual([
		[1, 0, 0, 0],
		[2, 0, 1, 0]
	]);
	const scaled = (await (
		await call(
			`/compare/grid?a=${id}&b=${id}&aTo=20&bFrom=10&bTo=20&pair=0&columns=1&rows=8&scale=fraction&normalise=time`
		)
	).json()) as ComparedGrid;
	// four writes of the lane in 20 ns, three in 10: gfn 1 has 3 / 2 against 2, gfn 2 has 1 / 2 against 1
	expect(scaled.a.cells).toEqual([0, 3, 1, 0, 0, 0, 0, 0]);
	expect(scaled.b.cells).toEqual([0, 2, 1, 0, 0, 0, 0, 0]);
	expect(scaled.logRatio.slice(1, 3)).toEqual([Math.log2(3 / 2.5), Math.log2(2 / 1.5)]);
	const ordered = (query: string) =>
		call(`/compare?${window}&${query}`).then((r) => r.json() as Promise<Comparison>);
	expect((await ordered('order=gfn&limit=1')).movers.map(({ gfn }) => gfn)).toEqual([1]);
	expect(await ordered('more=a')).toMatchObject({ movers: [], moved: 0 });
	expect(got).toMatchObject({ moved: 2, a: { counts: { write: 1 } }, b: { counts: { write: 3 } } });
	expect((await call(`/compare/grid?${window}&pair=0&gfn=100..200`)).status).toBe(400);
	expect((await call(`/compare/grid?${window}&pair=9`)).status).toBe(400);
	expect((await call(`/compare?a=${id}&b=none`)).status).toBe(404);
	await store.close();
});
