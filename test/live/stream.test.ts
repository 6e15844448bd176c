import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { appendFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { zstdDecompressSync } from 'node:zlib';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { batchOf } from '#lib/domain/batch-events.ts';
import type { TraceEvent } from '#lib/domain/events.ts';
import { formatLine } from '#lib/domain/native.ts';
import type { LiveCommit } from '#lib/api/types.ts';
import { liveStream } from '#lib/server/api/live-stream.ts';
import { openSqliteStore, type SqliteStore } from '#lib/server/store/sqlite/sqlite-store.ts';
import { ingest } from '#ingest/ingest.ts';
import { linesOf, messages, type Message } from './event-source.ts';
import { serve, type TestServer } from './serve.ts';

let folder = '';
let db = '';
let server: TestServer;
/** Another connection: what it writes, the server must find out. */
let writer: SqliteStore;
const children: ChildProcess[] = [];
const small = zstdDecompressSync(readFileSync('samples/small-kernel-image-1vcpu.ndjson.zst')).toString();
beforeAll(async () => {
	folder = mkdtempSync(path.join(tmpdir(), 'pagetrail-test-'));
	db = path.join(folder, 'stream.db');
	server = await serve(db);
	writer = await openSqliteStore(db);
});
afterAll(async () => {
	for (const child of children) child.kill('SIGKILL');
	await writer.close();
	await server.close();
	rmSync(folder, { recursive: true, force: true });
});

const epoch = (n: number): TraceEvent => ({ kind: 'epoch', tsNs: n, epoch: n });
const line = (n: number) => formatLine(epoch(n)) + '\n';
const exported = async (id: string) => (await fetch(`${server.url}/sessions/${id}/events.ndjson`)).text();
const make = async (name: string) => (await writer.createSession({ name, createdMs: 1 })).id;
const follow = (id: string, query: string, options?: Parameters<typeof messages>[1]) =>
	messages(`${server.url}/sessions/${id}/live?${query}`, options);
const ingesting = (args: string[], stdin: 'pipe' | 'ignore') => {
	const child = spawn(process.execPath, ['src/ingest/cli/main.ts', 'ingest', ...args, '--db', db], {
		stdio: [stdin, 'ignore', 'ignore']
	});
	children.push(child);
	return child;
};
async function next(stream: AsyncGenerator<Message>): Promise<Message> {
	const found = await stream.next();
	if (found.done) throw new Error('the stream ended');
	return found.value;
}

test('a commit message says where the session stands, at once and after each commit of another connection', async () => {
	const id = await make('stands');
	const stop = new AbortController();
	const stream = follow(id, '', { signal: stop.signal });
	expect(await next(stream)).toMatchObject({ event: 'commit', id: 0, data: { next: 0, ended: false } });
	const took: number[] = [];
	for (let n = 0; n < 5; n++) {
		await sleep(20);
		const began = performance.now();
		await writer.append(id, n, batchOf([epoch(n)]));
		const message = await next(stream);
		took.push(message.at - began);
		expect(message).toMatchObject({
			event: 'commit',
			id: n + 1,
			data: { endNs: n, kinds: { epoch: n + 1 } }
		});
	}
	console.log(`commit to message: at most ${Math.max(...took).toFixed(0)} ms`);
	expect(took.sort((a, b) => a - b)[2]).toBeLessThan(1000);
	stop.abort();
});

test('from a line written to another process to the message it takes less than a second; Ctrl-C ends it', async () => {
	const child = ingesting(['-', '--name', 'piped'], 'pipe');
	child.stdin?.write(line(1));
	while (!(await server.store.listSessions()).some((session) => session.id === 'piped' && session.events > 0))
		await sleep(10);
	const stream = follow('piped', 'events=1');
	expect(linesOf((await next(stream)).data)).toBe(line(1));
	const took: number[] = [];
	for (let n = 2; n < 10; n++) {
		const began = performance.now();
		child.stdin?.write(line(n));
		const message = await next(stream);
		took.push(message.at - began);
		expect(linesOf(message.data)).toBe(line(n));
	}
	// Ctrl-C in the middle of a line: the whole ones are stored
	child.stdin?.write(line(10) + '{"t":11,');
	await next(stream);
	child.kill('SIGINT');
	expect((await once(child, 'exit'))[0]).toBe(130);
	expect(await exported('piped')).toBe(Array.from({ length: 10 }, (_, n) => line(n + 1)).join(''));
	await stream.return(undefined);
	took.sort((a, b) => a - b);
	console.log(
		`line written to message: median ${took[4]?.toFixed(0)} ms, at most ${took.at(-1)?.toFixed(0)} ms`
	);
	expect(took[4]).toBeLessThan(1000); // the median: a busy machine may hold one up
});

test('a reader that connects again with the last id it saw gets every event once, while the session grows', async () => {
	const id = await make('again');
	const total = 6000;
	const writing = (async () => {
		for (let seq = 0; seq < total;) {
			const events = Array.from({ length: 1 + ((seq * 7) % 61) }, (_, i) => epoch(seq + i)).slice(
				0,
				total - seq
			);
			seq = await writer.append(id, seq, batchOf(events));
			if (seq % 3 === 0) await sleep(1);
		}
		await writer.append(id, total, batchOf([{ kind: 'end', tsNs: total }]));
	})();
	let text = '';
	let seen = 0;
	let connections = 0;
	for (let ended = false; !ended; connections++) {
		let left = 1 + (connections % 4);
		const last = connections ? { lastEventId: seen } : {};
		for await (const message of follow(id, 'events=1&from=0', last)) {
			if (message.event === 'end') ended = true;
			else text += linesOf(message.data);
			seen = message.id;
			if (--left === 0) break;
		}
	}
	await writing;
	console.log(`${connections} connections read ${seen} events`);
	expect(connections).toBeGreaterThan(3);
	expect(text).toBe(await exported(id));
	expect((await server.store.rebuild(id)).checked.filter((each) => !each.equal)).toEqual([]);
});

test('a reader that does not read keeps the server from reading on, and gets everything later', async () => {
	const trace = path.join(folder, 'slow-reader.ndjson');
	writeFileSync(trace, small);
	const loading = ingest(writer, { path: trace }, { name: 'slow reader' });
	while (!(await server.store.listSessions()).some((session) => session.id === 'slow-reader'))
		await sleep(10);
	let pages = 0;
	const counting = new Proxy(server.store, {
		get(target, key) {
			if (key === 'segments') pages++;
			const value = Reflect.get(target, key) as unknown;
			return typeof value === 'function' ? (value.bind(target) as unknown) : value;
		}
	});
	const reader = liveStream(counting, 'slow-reader', { from: 0, events: true }).getReader();
	await reader.read(); // the opening
	await reader.read();
	await loading;
	await sleep(100);
	expect(pages).toBe(1);
	await reader.cancel();
	let text = '';
	for await (const message of follow('slow-reader', 'events=1'))
		if (message.event === 'events') text += linesOf(message.data);
	expect(text).toBe(small);
});

test('a writer that is killed and started again leaves no gap and no repeat in the stream', async () => {
	const lines = Array.from({ length: 3000 }, (_, n) => line(n + 500_000));
	const trace = path.join(folder, 'killed.ndjson');
	const whole = lines.join('') + '{"t":600000,"k":"end"}\n';
	const cut = (part: number) => Math.floor(whole.length * part);
	writeFileSync(trace, whole.slice(0, cut(0.2)));
	const args = [trace, '--follow', '--name', 'killed'];
	let child = ingesting(args, 'ignore');
	while (!(await server.store.listSessions()).some((session) => session.id === 'killed')) await sleep(10);
	let text = '';
	const reading = (async () => {
		for await (const message of follow('killed', 'events=1'))
			if (message.event === 'events') text += linesOf(message.data);
	})();
	for (const [from, to] of [
		[0.2, 0.6],
		[0.6, 1]
	] as const) {
		appendFileSync(trace, whole.slice(cut(from), cut(to)));
		await sleep(150);
		child.kill('SIGKILL');
		await once(child, 'exit');
		child = ingesting(args, 'ignore');
	}
	expect((await once(child, 'exit'))[0]).toBe(0);
	await reading;
	expect(text).toBe(whole);
}, 60_000);

test('heartbeats keep an idle stream open', async () => {
	const id = await make('idle');
	const reader = liveStream(server.store, id, { from: 0, events: true, heartbeatMs: 30 }).getReader();
	const next = async () => new TextDecoder().decode((await reader.read()).value);
	expect([await next(), await next(), await next()]).toEqual([
		'retry: 1000\n\n',
		': still here\n\n',
		': still here\n\n'
	]);
	await reader.cancel();
});

test('an ended session tells a reader who saw all of it not to come back', async () => {
	const id = await make('over');
	await writer.append(id, 0, batchOf([{ kind: 'end', tsNs: 1 }]));
	const last = (id: string) => ({ headers: { 'last-event-id': id } });
	expect((await fetch(`${server.url}/sessions/${id}/live`, last('1'))).status).toBe(204);
	expect((await fetch(`${server.url}/sessions/${id}/live`, last('2'))).status).toBe(400);
	expect((await fetch(`${server.url}/sessions/${id}/live`, last('x'))).status).toBe(400);
	expect((await fetch(`${server.url}/sessions/nowhere/live`)).status).toBe(404);
	const stream = follow(id, 'from=1');
	expect((await next(stream)).event).toBe('end');
});

test('a deleted session ends its streams', async () => {
	const id = await make('deleted');
	const stream = follow(id, '');
	expect(((await next(stream)).data as LiveCommit).next).toBe(0);
	await writer.deleteSession(id);
	expect((await next(stream)).event).toBe('deleted');
	expect((await stream.next()).done).toBe(true);
});
