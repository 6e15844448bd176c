/** `npm run bench`: the store beside a plain row-per-event table, on the medium capture. */
import { createReadStream, createWriteStream, mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { pipeline } from 'node:stream/promises';
import { createGzip } from 'node:zlib';
import type { IngestSummary } from '#lib/api/types.ts';
import { ACCESS_KINDS } from '#lib/domain/kinds.ts';
import { queryEvents } from '#lib/server/query/events.ts';
import { heatMap } from '#lib/server/query/heat-map.ts';
import { stateView } from '#lib/server/query/state-view.ts';
import { openSqliteStore } from '#lib/server/store/sqlite/sqlite-store.ts';
import { CLI, plainMedium, ROOT, tenTimes } from './captures.ts';
import {
	type Child,
	collectGarbage,
	inProcess,
	missedBars,
	quantile,
	report,
	seeded,
	times
} from './measure.ts';

interface Rate {
	readonly events: number;
	readonly seconds: number;
}
async function load(database: string, file: string): Promise<Child<Rate>> {
	const child = await inProcess<IngestSummary>(CLI, 'ingest', file, '--db', database, '--json');
	return { ...child, result: { events: child.result.added, seconds: child.result.seconds } };
}

async function exportAll(database: string, session: string, events: number): Promise<Child<Rate>> {
	const began = performance.now();
	const child = await inProcess(CLI, 'export', session, '--db', database, '-o', '/dev/null');
	return { ...child, result: { events, seconds: (performance.now() - began) / 1000 } };
}
const ROUNDS = 3;
const folder = mkdtempSync(path.join(tmpdir(), 'pagetrail-bench-'));
const at = (name: string) => path.join(folder, name);
const count = (value: number) => Math.round(value).toLocaleString('en');
const ms = (value: number) => `${value.toFixed(1)} ms`;
const megabytes = (bytes: number) => `${(bytes / 1e6).toFixed(0)} MB`;

const plain = at('medium.ndjson');

async function ingestBeside(): Promise<number> {
	const rates: { ours: number[]; theirs: number[]; maxRss: number; events: number } = {
		...{ ours: [], theirs: [], maxRss: 0, events: 0 }
	};
	for (let round = 0; round < ROUNDS; round++) {
		const theirs = await inProcess<Rate>(path.join(ROOT, 'bench/peer.ts'), plain, at(`plain-${round}.db`));
		const ours = await load(at(`ours-${round}.db`), plain);
		rates.theirs.push(theirs.result.events / theirs.result.seconds);
		rates.ours.push(ours.result.events / ours.result.seconds);
		rates.maxRss = Math.max(rates.maxRss, ours.maxRss);
		rates.events = ours.result.events;
	}
	const ours = quantile(rates.ours, 0.5);
	const ratio = ours / quantile(rates.theirs, 0.5);
	report('ingest of the plain file', `${count(ours)} events/s`, '1,200,000 events/s', ours >= 1.2e6);
	report('  against a row-per-event table', `${ratio.toFixed(1)} times`, '6 times', ratio >= 6);
	report('  resident memory', megabytes(rates.maxRss), '300 MB', rates.maxRss < 300e6);
	await pipeline(createReadStream(plain), createGzip({ level: 9 }), createWriteStream(at('medium.gz')));
	const perEvent = statSync(at('ours-0.db')).size / rates.events;
	const gzip = statSync(at('medium.gz')).size / rates.events;
	report('database, all projections', `${perEvent.toFixed(2)} bytes/event`, '6', perEvent <= 6);
	report(
		'  against gzip -9 of the file',
		`${(perEvent / gzip).toFixed(2)} of ${gzip.toFixed(2)}`,
		'below 1',
		perEvent < gzip
	);
	return rates.events;
}

async function queries(): Promise<void> {
	const store = await openSqliteStore(at('ours-0.db'));
	collectGarbage();
	const [info] = await store.listSessions();
	const session = await store.getSession(info?.id ?? '');
	const lane = session.lanes.toSorted((a, b) => b.accesses - a.accesses)[0];
	if (!lane) throw new Error('the session has no lane');
	const random = seeded(7);
	const gfn = { from: lane.baseGfn, to: lane.baseGfn + lane.npages };
	const map = (time: { from: number; to: number }) =>
		heatMap(store, session, {
			...{
				lane: lane.lane,
				kinds: ACCESS_KINDS,
				time,
				gfn,
				columns: 1200,
				rows: 512,
				value: 'sum',
				align: true
			}
		});
	const window = () => {
		const length = session.endNs * 0.5 ** (1 + 9 * random());
		const from = Math.floor(random() * (session.endNs - length));
		return { from, to: Math.ceil(from + length) };
	};
	const seq = () => Math.floor(random() * session.events);
	const p95 = async (what: string, bar: number, work: () => Promise<unknown>, rounds = 200) => {
		await times(20, work); // the first ones find nothing in memory
		const taken = await times(rounds, work);
		const value = quantile(taken, 0.95);
		report(what, `${ms(value)} (p50 ${ms(quantile(taken, 0.5))})`, `p95 ${bar} ms`, value <= bar);
	};
	await p95('heat map 1200 x 512, whole session', 20, () => map({ from: 0, to: session.endNs + 1 }));
	await p95('heat map 1200 x 512, random window', 30, () => map(window()));
	await p95('state at a random position', 5, () => stateView(store, session.id, seq()));
	await p95('1,000 events from a random seq', 5, () =>
		queryEvents(store, session.id, { from: seq(), limit: 1000 })
	);
	await store.close();
}

async function memory(events: number): Promise<void> {
	const short = await exportAll(at('ours-0.db'), 'medium', events);
	report('export', `${count(short.result.events / short.result.seconds)} events/s`, 'none', true);
	report('  resident memory', megabytes(short.maxRss), '300 MB', short.maxRss < 300e6);
	tenTimes(plain, at('long.ndjson'));
	const long = await load(at('long.db'), at('long.ndjson'));
	report(
		`ingest of ${count(long.result.events)} events: memory`,
		megabytes(long.maxRss),
		'300 MB',
		long.maxRss < 300e6
	);
	const exported = await exportAll(at('long.db'), 'long', long.result.events);
	report('  their export: memory', megabytes(exported.maxRss), '300 MB', exported.maxRss < 300e6);
}

try {
	await plainMedium(plain);
	const events = await ingestBeside();
	await queries();
	await memory(events);
} finally {
	rmSync(folder, { recursive: true, force: true });
}
if (missedBars()) process.exitCode = 1;
