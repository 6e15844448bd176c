import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll } from 'vitest';
import { openSqliteStore } from '#lib/server/store/sqlite/sqlite-store.ts';
import { storeContract } from './contract.ts';

let folder = '';
let files = 0;
beforeAll(() => void (folder = mkdtempSync(path.join(tmpdir(), 'pagetrail-test-'))));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

storeContract('the SQLite store', () => {
	const file = path.join(folder, `${files++}.db`);
	return { open: () => openSqliteStore(file) };
});
