import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import Database from 'better-sqlite3';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { TraceEvent } from '#lib/domain/events.ts';
import { evolve } from '#lib/domain/evolve.ts';
import { formatState, initialState } from '#lib/domain/state.ts';
import { openSqliteStore } from '#lib/server/store/sqlite/sqlite-store.ts';
import { anySession } from '../arbitrary.ts';
import { loadSession } from '../query/random-store.ts';

const CHANGES = 'FROM segment_columns WHERE id % 32 = 29';

let folder = '';
let files = 0;
beforeAll(() => void (folder = mkdtempSync(path.join(tmpdir(), 'pagetrail-test-'))));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** The session with so many accesses after each event that few events change the state. */
const diluted = (events: readonly TraceEvent[]): TraceEvent[] =>
	events.flatMap((event) => [
		event,
		...Array.from({ length: 40 }, (_, i): TraceEvent => ({ kind: 'write', tsNs: event.tsNs, gfn: 0x100 + i }))
	]);

/** The state before every eleventh event, by full replay. */
function replayed(events: readonly TraceEvent[]): Map<number, string> {
	const state = initialState();
	const states = new Map<number, string>();
	for (const [seq, event] of events.entries()) {
		if (seq % 11 === 0) states.set(seq, formatState({ ...state, tsNs: 0, seq }));
		evolve(state, event);
	}
	return states;
}

async function expectStates(file: string, id: string, expected: ReadonlyMap<number, string>): Promise<void> {
	const store = await openSqliteStore(file);
	for (const [seq, text] of expected)
		expect(formatState({ ...(await store.stateBefore(id, seq)), tsNs: 0 })).toBe(text);
	await store.close();
}

function inFile<T>(file: string, work: (raw: Database.Database) => T): T {
	const raw = new Database(file);
	try {
		return work(raw);
	} finally {
		raw.close();
	}
}

test('the state among accesses equals a full replay: from the copy of its changes, without it, made anew', async () => {
	const copies = (raw: Database.Database) =>
		raw.prepare(`SELECT count(*) ${CHANGES}`).pluck().get() as number;
	let written = 0;
	let made = 0;
	await fc.assert(
		fc.asyncProperty(anySession(30), async (drawn) => {
			const file = path.join(folder, `${files++}.db`);
			const events = diluted(drawn);
			const store = await openSqliteStore(file);
			const { id } = await loadSession(store, events);
			await store.close();
			const expected = replayed(events);
			written += inFile(file, copies);
			await expectStates(file, id, expected);

			inFile(file, (raw) => raw.exec(`DELETE ${CHANGES}`));
			await expectStates(file, id, expected);

			const again = await openSqliteStore(file);
			expect((await again.rebuild(id)).checked.every(({ equal }) => equal)).toBe(true);
			await again.close();
			made += inFile(file, copies);
			await expectStates(file, id, expected);
		}),
		{ numRuns: 15 }
	);
	expect(written).toBeGreaterThan(0);
	expect(made).toBe(written);
});

test('a copy of changes that is wrong is told by a rebuild, and put right', async () => {
	const file = path.join(folder, 'wrong.db');
	const store = await openSqliteStore(file);
	const { id } = await loadSession(
		store,
		diluted([
			{ kind: 'session', tsNs: 0, attributes: { version: 1 } },
			{ kind: 'epoch', tsNs: 1, epoch: 7 },
			{ kind: 'epoch', tsNs: 2, epoch: 8 }
		])
	);
	await store.close();
	inFile(file, (raw) => {
		const [first, second] = raw.prepare(`SELECT id, data ${CHANGES} ORDER BY id`).all() as {
			id: number;
			data: Buffer;
		}[];
		if (!first || !second) throw new Error('two segments must have copies');
		raw.prepare('UPDATE segment_columns SET data = ? WHERE id = ?').run(first.data, second.id);
	});
	const again = await openSqliteStore(file);
	const equal = async () => (await again.rebuild(id)).checked.find(({ name }) => name === 'changes')?.equal;
	expect(await equal()).toBe(false);
	expect(await equal()).toBe(true);
	expect((await again.stateBefore(id, 123)).epoch?.epoch).toBe(8);
	await again.close();
});
