import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createReadStream, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { zstdDecompressSync } from 'node:zlib';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { formatLine } from '#lib/domain/native.ts';
import { eventPages } from '#lib/server/query/events.ts';
import { openSqliteStore } from '#lib/server/store/sqlite/sqlite-store.ts';
import { ingest } from '#ingest/ingest.ts';

let folder = '';
let trace = '';
const children: ChildProcess[] = [];
beforeAll(() => {
	folder = mkdtempSync(path.join(tmpdir(), 'pagetrail-test-'));
	trace = path.join(folder, 'trace.ndjson');
	// three times the small capture, each part later than the one before, now and then a line that is none
	const small = zstdDecompressSync(readFileSync('samples/small-kernel-image-1vcpu.ndjson.zst')).toString();
	const [head = '', ...lines] = small.trimEnd().split('\n');
	const body = lines.slice(0, -1);
	const parts = Array.from({ length: 3 }, (_, part) =>
		body.map((line, i) =>
			i % 9973 === 7 ? 'junk' : line.replace(/^{"t":(\d+)/, (_, t) => `{"t":${Number(t) + part * 1e10}`)
		)
	);
	writeFileSync(trace, [head, ...parts.flat(), '{"t":1000000000000,"k":"end"}', ''].join('\n'));
});
afterAll(() => {
	for (const child of children) child.kill('SIGKILL');
	rmSync(folder, { recursive: true, force: true });
});

const start = (args: string[], db: string) => {
	const child = spawn(process.execPath, ['src/ingest/cli/main.ts', 'ingest', ...args, '--db', db], {
		stdio: ['pipe', 'ignore', 'pipe']
	});
	children.push(child);
	child.stdin.on('error', () => {}); // it is killed while we write
	return child;
};

/** What a database holds of its only session: its lines, its totals and diagnostics. */
async function content(db: string) {
	const store = await openSqliteStore(db);
	const sessions = await store.listSessions();
	const id = sessions[0]?.id ?? '';
	let text = '';
	for await (const page of eventPages(store, id)) for (const event of page) text += formatLine(event) + '\n';
	const { diagnostics, kinds, lanes, memslots, marks } = await store.getSession(id);
	const { checked } = await store.rebuild(id);
	await store.close();
	const differing = checked.filter((each) => !each.equal).map((each) => each.name);
	return { sessions: sessions.length, text, diagnostics, kinds, lanes, memslots, marks, differing };
}

test('a load killed again and again, from a file and from standard input, ends up as if it was not', async () => {
	const whole = path.join(folder, 'whole.db');
	const store = await openSqliteStore(whole);
	const { session } = await ingest(store, { path: trace });
	await store.close();

	const db = path.join(folder, 'killed.db');
	const watching = await openSqliteStore(db);
	const events = async () => (await watching.listSessions())[0]?.events ?? 0;
	const run = (piped: boolean) => {
		const child = start([piped ? '-' : trace], db);
		if (piped) createReadStream(trace).pipe(child.stdin);
		return child;
	};
	const reached: number[] = [];
	for (const [i, part] of [0, 0.4, 0.75].entries()) {
		const child = run(i % 2 === 1);
		const gone = once(child, 'exit');
		// at the chosen part of the session, at whatever instant of whatever batch that is
		const wanted = Math.max(await events(), session.events * part);
		while (child.exitCode === null && (await events()) <= wanted) await sleep(10);
		await sleep(Math.random() * 5);
		child.kill('SIGKILL');
		await gone;
		reached.push(await events());
	}
	await watching.close();
	const [code] = (await once(run(true), 'exit')) as [number];
	expect(code).toBe(0);
	const [expected, got] = [await content(whole), await content(db)];
	console.log(`killed at ${reached.join(', ')} of ${session.events} events; ${got.text.length} bytes equal`);
	expect(got.text === expected.text).toBe(true);
	expect({ ...got, text: '' }).toEqual({ ...expected, text: '' });
	expect(got.differing).toEqual([]);
}, 120_000);
