import { expect, test } from 'vitest';
import { MODES } from '#lib/domain/kinds.ts';
import { hex } from '#lib/domain/units.ts';
import { anomalies } from '#lib/server/query/analyses/anomalies.ts';
import { hotPages, idleAges } from '#lib/server/query/analyses/hot-pages.ts';
import { offsetMap } from '#lib/server/query/analyses/offset-map.ts';
import { retryStorms } from '#lib/server/query/analyses/retry-storms.ts';
import { topRips } from '#lib/server/query/analyses/top-rips.ts';
import { vcpuLanes } from '#lib/server/query/analyses/vcpu-lanes.ts';
import { workingSet } from '#lib/server/query/analyses/working-set.ts';
import { writtenThenExecuted } from '#lib/server/query/analyses/written-executed.ts';
import type { AccessEvent, TraceEvent } from '#lib/domain/events.ts';
import type { SessionDetail } from '#lib/domain/session-info.ts';
import type { TraceStore } from '#lib/server/store/store.ts';
import { loadSession, onSessions, witnesses } from './random-store.ts';
import { openSqliteStore } from '#lib/server/store/sqlite/sqlite-store.ts';

/** Accesses of a time range with their pages, one by one. */
function accessesIn(events: readonly TraceEvent[], from: number, to: number) {
	return witnesses(events)
		.filter(({ mode, event }) => mode >= 0 && event.tsNs >= from && event.tsNs < to)
		.map((witness) => ({ ...witness, event: witness.event as AccessEvent })); // mode says so
}
type Access = ReturnType<typeof accessesIn>[number];
const distinct = (list: readonly Access[]) => new Set(list.flatMap((each) => each.pages)).size;
const modeCounts = (list: readonly Access[], weight: (each: Access) => number = () => 1) =>
	Object.fromEntries(
		MODES.map((mode, i) => [
			mode,
			list.filter((each) => each.mode === i).reduce((n, each) => n + weight(each), 0)
		])
	);

/** Runs a check over the whole session and over its middle. */
const onWindows = (
	numRuns: number,
	check: (
		store: TraceStore,
		session: SessionDetail,
		time: { from: number; to: number },
		list: Access[]
	) => Promise<void>
) =>
	onSessions({ numRuns, maxLength: 110 }, async (store, session, events) => {
		const middle = Math.floor(session.endNs / 4);
		for (const time of [
			{ from: 0, to: session.endNs + 1 },
			{ from: middle, to: middle * 3 + 10 }
		])
			await check(store, session, time, accessesIn(events, time.from, time.to));
	});
const filter = {};

test('the working set of each window is its distinct pages, by lane and mode too', () =>
	onWindows(8, async (store, session, time, list) => {
		const windowNs = Math.ceil((time.to - time.from) / 6);
		for (const by of ['none', 'lane', 'mode'] as const) {
			const got = await workingSet(store, session, { time, filter, windowNs, by });
			const inWindow = (i: number, part: readonly Access[] = list) =>
				part.filter(({ event }) => Math.floor((event.tsNs - time.from) / windowNs) === i);
			expect(got.pages).toEqual(got.pages.map((_, i) => distinct(inWindow(i))));
			expect(got.peak?.pages ?? 0).toBe(Math.max(0, ...got.pages));
			for (const { key, pages } of got.series) {
				const part = list.filter((each) =>
					by === 'lane' ? String(each.lane ?? 'none') === key : MODES[each.mode] === key
				);
				expect(part.length).toBeGreaterThan(0);
				expect(pages).toEqual(pages.map((_, i) => distinct(inWindow(i, part))));
			}
		}
	}));

test('hot pages are all pages in order of accesses, with their first and last', () =>
	onWindows(8, async (store, session, time, list) => {
		const got = await hotPages(store, session, { time, filter, limit: 10_000 });
		const gfns = [...new Set(list.flatMap((each) => each.pages))];
		const wanted = gfns
			.map((gfn) => {
				const own = list.filter((each) => each.pages.includes(gfn));
				const [first, last] = [own[0]!, own.at(-1)!]; // not empty
				return {
					gfn,
					lane: last.lane,
					total: own.length,
					counts: modeCounts(own),
					firstSeq: first.seq,
					firstNs: first.event.tsNs,
					lastSeq: last.seq,
					lastNs: last.event.tsNs
				};
			})
			.sort((a, b) => b.total - a.total || a.gfn - b.gfn);
		expect(got).toEqual({ pages: gfns.length, accesses: list.length, items: wanted });
		const ages = await idleAges(store, session, { time, filter });
		for (const bucket of ages.buckets) {
			const inside = wanted.filter(
				({ lastNs }) => time.to - lastNs >= bucket.fromNs && time.to - lastNs < bucket.toNs
			);
			const oldest = [...inside].sort((a, b) => a.lastNs - b.lastNs || a.gfn - b.gfn)[0]!; // not empty
			expect([bucket.pages, bucket.gfn, bucket.seq]).toEqual([inside.length, oldest.gfn, oldest.lastSeq]);
		}
		expect(ages.buckets.reduce((n, bucket) => n + bucket.pages, 0)).toBe(gfns.length);
	}));

test('the offset map counts each access by time modulo the period', () =>
	onWindows(6, async (store, session, time, list) => {
		const periodNs = Math.ceil((time.to - time.from) / 7);
		const got = await offsetMap(store, session, { time, filter, periodNs, rows: 5 });
		const wanted = Array.from({ length: got.columns * got.rows }, (_, cell) => {
			const [row, column] = [Math.floor(cell / got.columns), cell % got.columns];
			return list.filter(({ event }) => {
				const at = event.tsNs - time.from;
				return Math.floor(at / periodNs) === column && Math.floor((at % periodNs) / got.rowNs) === row;
			}).length;
		});
		expect(got.cells).toEqual(wanted);
		expect(got.total).toBe(list.length);
	}));

test('each vCPU has its accesses, and those without one come last', () =>
	onWindows(6, async (store, session, time, list) => {
		const got = await vcpuLanes(store, session, { time, filter, columns: 4 });
		const ids = [...new Set(list.map((each) => each.event.vcpuId ?? null))];
		expect(got.vcpus.map((lane) => lane.vcpuId)).toEqual(ids.sort((a, b) => (a ?? 99) - (b ?? 99)));
		for (const lane of got.vcpus) {
			const own = list.filter((each) => (each.event.vcpuId ?? null) === lane.vcpuId);
			const columns = lane.columns.map(
				(_, i) => own.filter(({ event }) => Math.floor((event.tsNs - time.from) / got.columnNs) === i).length
			);
			expect(lane).toEqual({
				vcpuId: lane.vcpuId,
				columns,
				total: own.length,
				pages: distinct(own),
				counts: modeCounts(own),
				firstSeq: own[0]?.seq,
				lastSeq: own.at(-1)?.seq
			});
		}
	}));

test('top RIPs count accesses and distinct pages of each address', () =>
	onWindows(6, async (store, session, time, list) => {
		const got = await topRips(store, session, { time, filter, limit: 10_000 });
		const known = list.filter((each) => each.event.rip !== undefined);
		const rips = [...new Set(known.map((each) => each.event.rip!))]; // filtered above
		const wanted = rips
			.map((rip) => {
				const own = known.filter((each) => each.event.rip === rip);
				return { rip, own };
			})
			.sort((a, b) => b.own.length - a.own.length || (a.rip < b.rip ? -1 : 1))
			.map(({ rip, own }) => ({
				rip: hex(rip),
				symbol: null,
				count: own.length,
				pages: distinct(own),
				counts: modeCounts(own),
				firstSeq: own[0]?.seq,
				lastSeq: own.at(-1)?.seq
			}));
		expect(got).toEqual({
			rips: rips.length,
			known: known.length,
			unknown: list.length - known.length,
			items: wanted
		});
	}));

test('a page executed after a write is found with its last write and first execution', () =>
	onWindows(10, async (store, session, time, list) => {
		const wanted: unknown[] = [];
		const writes = new Map<number, Access[]>();
		for (const each of list)
			for (const gfn of each.pages) {
				const own = writes.get(gfn) ?? [];
				if (each.mode === 1 || each.mode === 2) writes.set(gfn, [...own, each]);
				const last = own.at(-1);
				if (each.mode !== 3 || !last) continue;
				writes.delete(gfn);
				wanted.push({
					gfn,
					writeSeq: last.seq,
					writeNs: last.event.tsNs,
					writeRip: last.event.rip === undefined ? null : hex(last.event.rip),
					execSeq: each.seq,
					execNs: each.event.tsNs,
					execRip: each.event.rip === undefined ? null : hex(each.event.rip),
					delayNs: each.event.tsNs - last.event.tsNs,
					writes: own.length
				});
			}
		const query = { time, filter, order: 'seq', offset: 0, limit: 1000 } as const;
		const got = await writtenThenExecuted(store, session, query);
		expect(got.items).toEqual(wanted);
		expect(got.total).toBe(wanted.length);
	}));

test('retry storms are the runs of one access that follow each other closely', async () => {
	const store = await openSqliteStore(':memory:');
	// times of one access (vCPU 0, gfn 7, rip 1), and others that must not be mixed with it
	const times = [10, 60, 110, 111, 161, 300, 350, 400, 1000, 1051, 2000];
	const events: TraceEvent[] = times.flatMap((tsNs, i): TraceEvent[] => [
		{ kind: 'write', tsNs, vcpuId: 0, gfn: 7, rip: 1n, verdict: i % 2 === 0 },
		{ kind: 'write', tsNs, vcpuId: 1 + (i % 2), gfn: 7, rip: 1n },
		{ kind: 'write', tsNs, vcpuId: 0, gfn: 7, rip: BigInt(100 + i) },
		{ kind: 'write', tsNs, vcpuId: 0, gfn: 7, rip: 1n, nodeId: i }
	]);
	const session = await loadSession(store, events);
	const query = { time: { from: 0, to: 5000 }, filter, limit: 10 };
	const got = await retryStorms(store, session, { ...query, min: 3, withinNs: 50 });
	// 10 60 110 111 161 | 300 350 400 | 1000 | 1051 | 2000 with gaps of at most 50
	expect(
		got.items.map(({ vcpuId, firstNs, lastNs, count, denied, allowed }) => [
			...[vcpuId, firstNs, lastNs, count, denied, allowed]
		])
	).toEqual([
		[0, 10, 161, 5, 2, 3],
		[0, 300, 400, 3, 2, 1]
	]);
	const wide = await retryStorms(store, session, { ...query, min: 4, withinNs: 600 });
	expect(wide.items.map((each) => [each.vcpuId, each.count])).toEqual([
		[0, 10],
		[1, 4], // 10 110 161 350 | 1000 | 2000
		[2, 4] // 60 111 300 400 | 1051
	]);
	await store.close();
});

test('a refused storm comes before a longer one, each under its notifier’s name of that time', async () => {
	const store = await openSqliteStore(':memory:');
	const access = (tsNs: number, nodeId: number, verdict: boolean): TraceEvent => ({
		...{ kind: 'preread', tsNs, vcpuId: 0, gfn: 7, rip: 1n, nodeId, verdict }
	});
	const session = await loadSession(store, [
		{ kind: 'register', tsNs: 0, nodeId: 1, name: 'first' },
		{ kind: 'register', tsNs: 0, nodeId: 2 },
		...[1, 2, 3, 4].map((tsNs) => access(tsNs, 1, true)),
		...[5, 6].map((tsNs) => access(tsNs, 2, false)),
		{ kind: 'unregister', tsNs: 7, nodeId: 1 },
		{ kind: 'register', tsNs: 7, nodeId: 1, name: 'second' },
		...[100, 101, 102].map((tsNs) => access(tsNs, 1, true))
	]);
	const query = { time: { from: 0, to: 500 }, filter, limit: 10, min: 2, withinNs: 10 };
	const { items } = await retryStorms(store, session, query);
	expect(
		items.map(({ nodeId, nodeName, count, denied, allowed }) => [nodeId, nodeName, count, denied, allowed])
	).toEqual([
		[2, null, 2, 2, 0],
		[1, 'first', 4, 0, 4],
		[1, 'second', 3, 0, 3]
	]);
	await store.close();
});

test('retry storms equal comparing every access with the one before of its kind', () =>
	onSessions({ numRuns: 8, maxLength: 150 }, async (store, session, events) => {
		// few different accesses, so that some come again
		const plain = events.map((event, i): TraceEvent => ({
			kind: 'preread',
			tsNs: event.tsNs,
			vcpuId: i % 2,
			gfn: event.kind.length % 3
		}));
		const again = await loadSession(store, plain);
		const withinNs = 500_000_000;
		const runs = new Map<string, { first: number; last: number; count: number }[]>();
		for (const [seq, event] of plain.entries()) {
			if (event.kind !== 'preread') continue;
			const key = `${event.vcpuId} ${event.gfn}`;
			const own = runs.get(key) ?? [];
			runs.set(key, own);
			const last = own.at(-1);
			if (last && event.tsNs - (plain[last.last]?.tsNs ?? 0) <= withinNs) {
				last.last = seq;
				last.count++;
			} else own.push({ first: seq, last: seq, count: 1 });
		}
		const wanted = [...runs.values()]
			.flat()
			.filter((run) => run.count >= 2)
			.sort((a, b) => b.count - a.count || a.first - b.first);
		const time = { from: 0, to: session.endNs + 1 };
		const got = await retryStorms(store, again, { time, filter, min: 2, withinNs, limit: 1000 });
		expect(got.items.map((each) => [each.firstSeq, each.lastSeq, each.count])).toEqual(
			wanted.map((run) => [run.first, run.last, run.count])
		);
	}));

test('anomalies are counted by rule and listed in order', () =>
	onSessions({ numRuns: 10, maxLength: 150 }, async (store, session, events) => {
		const all = events.flatMap((event, seq) => (event.kind === 'anomaly' ? [{ ...event, seq }] : []));
		const got = await anomalies(store, session, { filter, from: 0, limit: 4 });
		expect(got.total).toBe(all.length);
		expect(got.items.map((each) => [each.seq, each.quirk])).toEqual(
			all.slice(0, 4).map((each) => [each.seq, each.quirk])
		);
		expect(got.next).toBe(all[4]?.seq ?? null);
		for (const { quirk, count, firstSeq } of got.quirks) {
			const own = all.filter((each) => each.quirk === quirk);
			expect([count, firstSeq]).toEqual([own.length, own[0]?.seq]);
		}
	}));
