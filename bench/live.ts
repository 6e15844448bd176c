/** `npm run bench:live`: how long after a line was written it is committed, told to a reader, and seen. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { appendFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import Database from 'better-sqlite3';
import { chromium } from '@playwright/test';
import { chromiumArgs, chromiumPath } from '../test/chromium.ts';
import { CLI } from './captures.ts';
import { missedBars, quantile, report, seeded } from './measure.ts';
import { serve, type Server } from './server.ts';

const SECONDS = 4;
const TICK_MS = 10;
/** Lines a second: a quiet guest, a busy one, and all that one core of a tracer prints. */
const RATES = [10, 1000, 50_000];
const HEAD = [
	'{"t":0,"k":"session","version":1,"source":"bench","vcpus":1}',
	'{"t":1,"k":"create_slot","id":0,"a":"0x0","npages":4096,"flags":0,"name":"ram"}'
];

const folder = mkdtempSync(path.join(tmpdir(), 'pagetrail-bench-'));
const at = (name: string) => path.join(folder, name);
const ms = (value: number) => `${value.toFixed(0)} ms`;
const random = seeded(3);

/** Lines of one source, numbered as their events are, and when each was written (ms). */
class Lines {
	readonly written: number[] = [];
	readonly #put: (text: string) => void;
	constructor(put: (text: string) => void) {
		this.#put = put;
		this.#write(HEAD);
	}

	#write(lines: readonly string[]): void {
		const now = performance.now();
		for (const _ of lines) this.written.push(now);
		this.#put(lines.join('\n') + '\n');
	}

	/** `n` accesses to random pages. */
	add(n: number): void {
		const line = (_: unknown, i: number) => {
			const gfn = Math.floor(random() * 4096).toString(16);
			return `{"t":${(this.written.length + i) * 1000},"c":0,"k":"write","a":"0x${gfn}008","n":8}`;
		};
		this.#write(Array.from({ length: n }, line));
	}

	/** Adds lines at a rate for a while. */
	async run(rate: number): Promise<void> {
		const began = performance.now();
		const first = this.written.length;
		for (let passed = 0; passed < SECONDS * 1000; passed = performance.now() - began) {
			const due = Math.floor((passed * rate) / 1000) - (this.written.length - first);
			if (due > 0) this.add(due);
			await sleep(TICK_MS);
		}
	}
}

/** Notes from when on each event of a session is there, as `next` grows: ms between written and there. */
class Delays {
	readonly #lines: Lines;
	#next = 0;
	readonly delays: number[] = [];
	constructor(lines: Lines) {
		this.#lines = lines;
	}

	reached(next: number): void {
		const now = performance.now();
		for (; this.#next < next; this.#next++) this.delays.push(now - (this.#lines.written[this.#next] ?? now));
	}

	async all(): Promise<void> {
		for (let left = 1000; this.#next < this.#lines.written.length; left--) {
			if (left === 0) throw new Error(`${this.#lines.written.length - this.#next} lines did not arrive`);
			await sleep(TICK_MS);
		}
	}
}

/** Looks every millisecond, by a connection of its own, how far the database's newest session has come. */
function watchCommits(database: string, delays: Delays): () => void {
	let db: Database.Database | null = null;
	const timer = setInterval(() => {
		try {
			db ??= new Database(database, { readonly: true, fileMustExist: true });
			const row = db
				.prepare<[], { next: number }>('SELECT next_seq AS next FROM sessions ORDER BY id DESC LIMIT 1')
				.get();
			if (row) delays.reached(row.next);
		} catch (error) {
			if (!(error instanceof Database.SqliteError)) throw error; // not there yet
		}
	}, 1);
	return () => {
		clearInterval(timer);
		db?.close();
	};
}

function tell(what: string, delays: readonly number[], bar: number): void {
	const most = delays.reduce((a, b) => Math.max(a, b), 0);
	report(what, `${ms(most)} (p50 ${ms(quantile(delays, 0.5))})`, `all within ${bar} ms`, most <= bar);
}

/** Writes at each rate to a `pagetrail ingest` that reads a growing file or its standard input. */
async function command(kind: 'follow' | 'pipe', rate: number): Promise<void> {
	const trace = at(`${kind}-${rate}.ndjson`);
	const database = at(`${kind}-${rate}.db`);
	writeFileSync(trace, '');
	const args = kind === 'follow' ? ['--follow', trace] : ['-'];
	const child = spawn(process.execPath, [CLI, 'ingest', ...args, '--db', database], {
		stdio: ['pipe', 'ignore', 'inherit']
	});
	const closed = once(child, 'close');
	await sleep(1000); // until it reads
	const put = (text: string) =>
		kind === 'follow' ? appendFileSync(trace, text) : void child.stdin?.write(text);
	const lines = new Lines(put);
	const delays = new Delays(lines);
	const stop = watchCommits(database, delays);
	await lines.run(rate);
	await delays.all();
	stop();
	put(`{"t":${lines.written.length * 1000},"k":"end"}\n`);
	child.stdin?.end();
	await closed;
	const name = kind === 'follow' ? 'ingest --follow' : 'a pipe to ingest';
	tell(`${name}, ${rate.toLocaleString('en')} lines/s: to commit`, delays.delays, 250);
}

interface Posted {
	readonly id: string;
	readonly lines: Lines;
	readonly end: () => Promise<void>;
}

/** A session that takes lines through one request that stays open. */
async function post(url: string): Promise<Posted> {
	const made = await fetch(`${url}/api/v1/sessions?live=1&name=posted`, { method: 'POST' });
	const { session } = (await made.json()) as { session: { id: string } };
	const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>();
	const writer = writable.getWriter();
	const encoder = new TextEncoder();
	const answer = fetch(`${url}/api/v1/sessions/${session.id}/events?expected=0`, {
		method: 'POST',
		headers: { 'content-type': 'application/x-ndjson' },
		body: readable,
		duplex: 'half'
	} as RequestInit);
	const lines = new Lines((text) => void writer.write(encoder.encode(text)));
	const end = async () => {
		await writer.close();
		if (!(await answer).ok) throw new Error(await (await answer).text());
	};
	return { id: session.id, lines, end };
}

/** Reads a session's stream of server-sent events until stopped. */
function listen(url: string, id: string, delays: Delays): () => Promise<void> {
	const stop = new AbortController();
	const reading = (async () => {
		const { body } = await fetch(`${url}/api/v1/sessions/${id}/live`, { signal: stop.signal });
		let text = '';
		for await (const part of body?.pipeThrough(new TextDecoderStream()) ?? []) {
			text += part;
			for (let end = text.indexOf('\n\n'); end >= 0; end = text.indexOf('\n\n')) {
				const next = /^id: (\d+)$/m.exec(text.slice(0, end))?.[1];
				if (next !== undefined) delays.reached(Number(next));
				text = text.slice(end + 2);
			}
		}
	})().catch((error: unknown) => {
		if (!stop.signal.aborted) throw error;
	});
	return () => {
		stop.abort();
		return reading;
	};
}

async function posted(url: string, database: string, rate: number, to = ''): Promise<void> {
	const { id, lines, end } = await post(url);
	const [committed, told] = [new Delays(lines), new Delays(lines)];
	const stopWatching = watchCommits(database, committed);
	const stopListening = listen(url, id, told);
	await lines.run(rate);
	await Promise.all([committed.all(), told.all()]);
	stopWatching();
	await stopListening();
	await end();
	const what = `POST${to}, ${rate.toLocaleString('en')} lines/s`;
	tell(`${what}: to commit`, committed.delays, 250);
	tell('  to a message of the event stream', told.delays, 1000);
	await fetch(`${url}/api/v1/sessions/${id}`, { method: 'DELETE' });
}

/** From a line's POST to a changed picture in Chromium. */
async function pixels(url: string): Promise<void> {
	const browser = await chromium.launch({ executablePath: await chromiumPath(), args: chromiumArgs });
	try {
		const { id, lines, end } = await post(url);
		lines.add(1);
		const page = await browser.newPage({ viewport: { width: 1440, height: 900 } });
		await page.goto(`${url}/sessions/${id}`);
		await page.locator('canvas[data-grid=ready]').first().waitFor();
		const delays: number[] = [];
		for (let round = 0; round < 20; round++) {
			await sleep(500);
			const changed = page.evaluate(async () => {
				const look = () => document.querySelector<HTMLCanvasElement>('canvas[data-grid]')?.toDataURL();
				const former = look();
				const frame = () => new Promise((resolve) => requestAnimationFrame(resolve));
				while (look() === former) await frame();
				return performance.timeOrigin + performance.now();
			});
			await sleep(50); // until it looks
			const written = performance.timeOrigin + performance.now();
			lines.add(1);
			delays.push((await changed) - written);
		}
		await end();
		tell('POST of one line: to a pixel in Chromium', delays, 1000);
	} finally {
		await browser.close();
	}
}

let server: Server | undefined;
try {
	for (const kind of ['follow', 'pipe'] as const) for (const rate of RATES) await command(kind, rate);
	server = await serve(at('cold.db'));
	await posted(server.url, at('cold.db'), 10, ' to a server that just started');
	await server.stop();
	server = await serve(at('served.db'));
	await sleep(3000);
	for (const rate of RATES) await posted(server.url, at('served.db'), rate);
	await pixels(server.url);
} finally {
	await server?.stop();
	rmSync(folder, { recursive: true, force: true });
}
if (missedBars()) process.exitCode = 1;
