import { batchOf } from '#lib/domain/batch-events.ts';
import type { TraceEvent } from '#lib/domain/events.ts';
import { openSqliteStore } from '#lib/server/store/sqlite/sqlite-store.ts';

/** Enough for two time buckets in each of the finer levels of the heat pyramid, and for columns that are compressed. */
const ACCESSES = 512;

/**
 * Goes once through all that a first append goes through, in a store in memory: the first commit of a live source
 * then does not wait for code to be loaded and compiled.
 */
export async function warmUp(): Promise<void> {
	const store = await openSqliteStore(':memory:');
	try {
		const source = { head: new Uint8Array(1), name: 'warm-up', format: 'native' };
		await store.findSources(source.head);
		const { id } = await store.createSession({ name: source.name, createdMs: 0, source });
		const accesses = Array.from({ length: ACCESSES }, (_, i): TraceEvent => {
			const place = { gfn: (i * 37) % 4096, offset: (i * 8) % 4096, bytes: 8, rip: BigInt(i % 50) };
			return { kind: i % 2 ? 'write' : 'preread', tsNs: i * 20_000, vcpuId: i % 2, ...place };
		});
		const events: TraceEvent[] = [
			{ kind: 'session', tsNs: 0, attributes: { version: 1 } },
			{ kind: 'memslot_create', tsNs: 0, slotId: 0, baseGfn: 0, npages: 4096 },
			...accesses
		];
		const position = { byte: 0, line: 0, digest: '', complete: false };
		await store.append(id, 0, batchOf(events), { position, head: source.head, diagnostics: [] });
		await store.append(id, events.length, batchOf(accesses), { position, diagnostics: [] });
	} finally {
		await store.close();
	}
}
