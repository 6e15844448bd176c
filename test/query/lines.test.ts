import fc from 'fast-check';
import { expect, test } from 'vitest';
import { kindMask } from '#lib/domain/kinds.ts';
import { formatLine } from '#lib/domain/native.ts';
import { linePieces } from '#lib/server/query/lines.ts';
import { openSqliteStore } from '#lib/server/store/sqlite/sqlite-store.ts';
import type { AccessEvent } from '#lib/domain/events.ts';
import { loadSession, onSessions } from './random-store.ts';

const join = async (pieces: AsyncGenerator<Uint8Array>) =>
	Buffer.concat(await Array.fromAsync(pieces)).toString();

test('the lines of any events are those that each event gives by itself', () =>
	onSessions({}, async (store, session, events) => {
		const all = await join(linePieces(store, session.id, {}, { from: 0, to: Infinity }));
		expect(all).toBe(events.map((event) => formatLine(event) + '\n').join(''));
		const from = Math.floor(events.length / 3);
		const some = linePieces(
			store,
			session.id,
			{ kinds: kindMask(['write']) },
			{ from, to: events.length - 1 }
		);
		const wanted = events.filter((event, i) => i >= from && i < events.length - 1 && event.kind === 'write');
		expect(await join(some)).toBe(wanted.map((event) => formatLine(event) + '\n').join(''));
	}));

const common: fc.Arbitrary<AccessEvent> = fc.record({
	kind: fc.constantFrom('preread' as const, 'prewrite' as const, 'write' as const, 'preexec' as const),
	tsNs: fc.nat(Number.MAX_SAFE_INTEGER),
	vcpuId: fc.nat(65_534),
	gfn: fc.oneof(fc.nat(16), fc.nat(2 ** 40 - 1), fc.nat(2 ** 52 - 1)),
	offset: fc.nat(4095),
	rip: fc.bigInt({ min: 0n, max: 2n ** 64n - 1n })
});

test('common accesses with the largest numbers are written as they are', async () => {
	await fc.assert(
		fc.asyncProperty(fc.array(common, { minLength: 1, maxLength: 20 }), async (some) => {
			const events = some.toSorted((a, b) => a.tsNs - b.tsNs);
			const store = await openSqliteStore(':memory:');
			const { id } = await loadSession(store, events);
			const text = await join(linePieces(store, id, {}, { from: 0, to: Infinity }));
			await store.close();
			expect(text).toBe(events.map((event) => formatLine(event) + '\n').join(''));
		}),
		{ numRuns: 100 }
	);
});
