import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import Database from 'better-sqlite3';
import { expect, test } from 'vitest';
import { OUTSIDE_LANE } from '#lib/domain/session-info.ts';
import { outsideLane } from '#lib/server/query/outside-lane.ts';
import { openSqliteStore } from '#lib/server/store/sqlite/sqlite-store.ts';
import { loadSession } from '../query/random-store.ts';

test('accesses outside every memslot are found in a file whose segments did not tell of them', async () => {
	const folder = mkdtempSync(path.join(tmpdir(), 'pagetrail-test-'));
	const file = path.join(folder, 'older.db');
	const written = await openSqliteStore(file);
	const { id } = await loadSession(written, [
		{ kind: 'session', tsNs: 0, attributes: { version: 1 } },
		{ kind: 'memslot_create', tsNs: 1, slotId: 0, baseGfn: 0x100, npages: 0x100 },
		{ kind: 'write', tsNs: 2, gfn: 0x120, vcpuId: 0 },
		{ kind: 'write', tsNs: 3, gfn: 0xfee00, vcpuId: 0 }
	]);
	await written.close();
	// as it was before the third migration
	const raw = new Database(file);
	raw.exec('UPDATE segments SET lanes = lanes & 0x7fffffff');
	raw.exec(
		'DELETE FROM __drizzle_migrations WHERE created_at = (SELECT max(created_at) FROM __drizzle_migrations)'
	);
	raw.close();

	const store = await openSqliteStore(file);
	const outside = await outsideLane(store, await store.getSession(id));
	expect(outside?.lane).toMatchObject({ lane: OUTSIDE_LANE, baseGfn: 0xfee00, npages: 1, accesses: 1 });
	await store.close();
	rmSync(folder, { recursive: true, force: true });
});
