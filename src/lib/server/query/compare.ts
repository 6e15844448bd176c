import type { ComparedGrid, ComparedWindow, Comparison, Mover, Normalise } from '#lib/api/compare-types.ts';
import type { LanePair } from '#lib/domain/lane-pairs.ts';
import { ACCESS_KINDS, byMode, MODES } from '#lib/domain/kinds.ts';
import { lanePairs } from '#lib/domain/lane-pairs.ts';
import type { SessionDetail } from '#lib/domain/session-info.ts';
import type { TrackingState } from '#lib/domain/state.ts';
import type { TraceStore } from '../store/store.ts';
import { pageTotals, type PageTotals } from './analyses/page-totals.ts';
import { seqAtTime } from './events.ts';
import type { EventFilter } from './filter.ts';
import type { Axis } from './heat-axis.ts';
import { gridFromEvents } from './heat-events.ts';
import { merged, pageSets, rangesOf } from './page-sets.ts';

/** A window of a session: one side of a comparison. */
export interface Side {
	readonly session: SessionDetail;
	/** Half-open. */
	readonly time: { readonly from: number; readonly to: number };
	/** Only accesses count. */
	readonly filter: EventFilter;
}

/** log2((b + 1) / (a + 1)) */
const logRatio = (a: number, b: number): number => Math.log2((b + 1) / (a + 1));

/** What both sides' counts are multiplied by, of lengths in one unit. */
function factors([a, b]: readonly [number, number]): readonly [number, number] {
	const shorter = Math.min(a, b);
	return [shorter / a, shorter / b];
}

/** Lengths that count for the numbers: those of the windows, or none's. */
const weights = (normalise: Normalise, spans: readonly [number, number]): readonly [number, number] =>
	normalise === 'none' ? [1, 1] : spans;

/** What decides which pages come first; `gfn` ascends, all others descend, `change` and `ratio` by amount. */
export const MOVER_ORDERS = ['change', 'ratio', 'a', 'b', 'gfn'] as const;
/** Which pages to list: all that differ, or those with more accesses on one side. */
export const MOVER_SIDES = ['any', 'a', 'b'] as const;

export interface CompareOptions {
	/** Most pages to list. */
	readonly limit: number;
	readonly normalise: Normalise;
	readonly order: (typeof MOVER_ORDERS)[number];
	readonly more: (typeof MOVER_SIDES)[number];
	readonly signal?: AbortSignal;
}

/** What differs between two windows: pages touched and tracked, and the pages whose accesses differ most. */
export async function compare(
	store: TraceStore,
	a: Side,
	b: Side,
	options: CompareOptions
): Promise<Comparison> {
	const { signal, normalise } = options;
	const totals = [
		await pageTotals(store, a.session, { ...a, signal }),
		await pageTotals(store, b.session, { ...b, signal })
	] as const;
	const gfns = totals.map((each) => Float64Array.from(each.ids.gfns).sort());
	const [inA, inB] = gfns.map((each) => rangesOf([...each]));
	const states = [await endState(store, a), await endState(store, b)] as const;
	return {
		a: windowOf(a, totals[0]),
		b: windowOf(b, totals[1]),
		normalise,
		lanes: lanePairs(a.session, b.session),
		touched: pageSets(inA ?? [], inB ?? []),
		tracked: trackedSets(...states),
		...moversOf(differences(totals, weights(normalise, lengths(a, b))), options)
	};
}

const windowOf = ({ session, time }: Side, totals: PageTotals): ComparedWindow => ({
	id: session.id,
	name: session.name,
	fromNs: time.from,
	toNs: time.to,
	accesses: totals.accesses,
	counts: byMode((mode) => totals.accessesByMode[mode] ?? 0),
	pages: totals.pages
});

const lengths = (...sides: readonly [Side, Side]): [number, number] =>
	sides.map(({ time }) => time.to - time.from) as [number, number]; // as many as there are sides

const endState = async (store: TraceStore, { session, time }: Side): Promise<TrackingState> =>
	store.stateBefore(session.id, await seqAtTime(store, session.id, time.to));

/** Gfn ranges that a mode tracks in an address space. */
const trackedIn = (state: TrackingState, asId: number, mode: number): [number, number][] => {
	const ranges: [number, number][] = [];
	for (const slot of state.memslots.values())
		if (slot.asId === asId)
			slot.counters[mode]?.forEach((start, end) => ranges.push([slot.baseGfn + start, slot.baseGfn + end]));
	return merged(ranges);
};

function trackedSets(a: TrackingState, b: TrackingState): Comparison['tracked'] {
	const sets = [0, 1].flatMap((asId) =>
		MODES.map((mode, i) => ({ asId, mode, ...pageSets(trackedIn(a, asId, i), trackedIn(b, asId, i)) }))
	);
	return sets.filter(({ both, gainedPages, lostPages }) => both + gainedPages + lostPages > 0);
}

/** Whether two rates, each a count in a length, are one: exact, where quotients of doubles round. */
const sameRate = (a: number, b: number, [lengthA, lengthB]: readonly [number, number]): boolean =>
	lengthA === lengthB ? a === b : BigInt(a) * BigInt(lengthB) === BigInt(b) * BigInt(lengthA);

/** Every page whose rates differ. */
function differences([a, b]: readonly [PageTotals, PageTotals], spans: readonly [number, number]): Mover[] {
	const [scaleA, scaleB] = factors(spans);
	const counts = new Map<number, { a: number; b: number }>();
	for (const [id, gfn] of a.ids.gfns.entries()) counts.set(gfn, { a: a.total.get(id), b: 0 });
	for (const [id, gfn] of b.ids.gfns.entries()) {
		const count = counts.get(gfn);
		if (count) count.b = b.total.get(id);
		else counts.set(gfn, { a: 0, b: b.total.get(id) });
	}
	return [...counts]
		.filter(([, count]) => !sameRate(count.a, count.b, spans))
		.map(([gfn, count]) => {
			const [inA, inB] = [count.a * scaleA, count.b * scaleB];
			return { gfn, ...count, change: inB - inA, logRatio: logRatio(inA, inB) };
		});
}

/** What a page is sorted by, the least first. */
const MOVER_KEYS: Readonly<Record<CompareOptions['order'], (page: Mover) => number>> = {
	change: (page) => -Math.abs(page.change),
	ratio: (page) => -Math.abs(page.logRatio),
	a: (page) => -page.a,
	b: (page) => -page.b,
	gfn: (page) => page.gfn
};

function moversOf(pages: readonly Mover[], { limit, order, more }: CompareOptions) {
	const wanted = pages.filter(({ change }) => more === 'any' || change > 0 === (more === 'b'));
	const key = MOVER_KEYS[order];
	wanted.sort((x, y) => key(x) - key(y) || x.gfn - y.gfn);
	return { movers: wanted.slice(0, limit), moved: wanted.length };
}

export interface GridComparison {
	/** Index in `lanePairs`. */
	readonly pair: number;
	readonly columns: number;
	readonly rows: number;
	/** `time`: columns of one length on both sides; `fraction`: each window is cut into equal parts of its own. */
	readonly scale: 'time' | 'fraction';
	readonly normalise: Normalise;
	/** Half-open; the whole pair if absent. */
	readonly gfn?: { readonly from: number; readonly to: number } | undefined;
	readonly signal?: AbortSignal;
}

/**
 * The accesses of a lane pair on both sides on grids that lie on each other.
 * @throws {RangeError} if there is no such pair, or none of its pages is in `gfn`
 */
export async function compareGrids(
	store: TraceStore,
	a: Side,
	b: Side,
	{ pair: wanted, columns: most, rows, scale, normalise, gfn: asked, signal }: GridComparison
): Promise<ComparedGrid> {
	const pair = lanePairs(a.session, b.session)[wanted];
	if (!pair) throw new RangeError(`there is no pair of lanes ${wanted}`);
	const spans = lengths(a, b);
	const longest = Math.max(...spans);
	const stepOf = (length: number) => Math.ceil((scale === 'time' ? longest : length) / most);
	const steps = [stepOf(spans[0]), stepOf(spans[1])] as const;
	const columns = Math.max(Math.ceil(spans[0] / steps[0]), Math.ceil(spans[1] / steps[1]));
	const [scaleA, scaleB] = factors(weights(normalise, steps));
	const gfn = gfnAxis(pair, rows, asked);
	const side = async (i: 0 | 1): Promise<ComparedGrid['a']> => {
		const { time: own } = [a, b][i] as Side;
		const step = steps[i];
		const time: Axis = { start: own.from, end: own.to, step, n: columns };
		const cells = await sideCells(store, [a, b][i] as Side, [pair.a, pair.b][i] ?? null, {
			time,
			gfn,
			signal
		});
		return { startNs: own.from, columnNs: step, cells: [...cells] };
	};
	const [left, right] = [await side(0), await side(1)];
	return {
		pair,
		columns,
		rows: gfn.n,
		startGfn: gfn.start,
		rowPages: gfn.step,
		a: left,
		b: right,
		logRatio: left.cells.map((count, i) => logRatio(count * scaleA, (right.cells[i] as number) * scaleB)),
		max: [...left.cells, ...right.cells].reduce((max, count) => Math.max(max, count), 0)
	};
}

/** Rows over a pair's pages, or over those of them that are asked for. */
function gfnAxis(pair: LanePair, rows: number, asked: GridComparison['gfn']): Axis {
	const start = Math.max(pair.baseGfn, asked?.from ?? 0);
	const end = Math.min(pair.baseGfn + pair.npages, asked?.to ?? Infinity);
	if (start >= end) throw new RangeError(`the pair of lanes ${pair.pair} has none of these gfns`);
	const step = Math.ceil((end - start) / rows);
	return { start, end, step, n: Math.ceil((end - start) / step) };
}

async function sideCells(
	store: TraceStore,
	{ session, filter }: Side,
	at: number | null,
	{ time, gfn, signal }: { time: Axis; gfn: Axis; signal: AbortSignal | undefined }
): Promise<Uint32Array> {
	const lane = at === null ? undefined : session.lanes[at];
	if (at === null || !lane) return new Uint32Array(time.n * gfn.n);
	const wanted = {
		...filter,
		kinds: (filter.kinds ?? ACCESS_KINDS) & ACCESS_KINDS,
		lane: at,
		time: { from: time.start, to: time.end }
	};
	return gridFromEvents(store, session.id, { lane, time, gfn, filter: wanted, value: 'sum', signal });
}
