import { existsSync } from 'node:fs';
import path from 'node:path';
import Database from 'better-sqlite3';
import { drizzle, type BetterSQLite3Database } from 'drizzle-orm/better-sqlite3';
import { migrate } from 'drizzle-orm/better-sqlite3/migrator';
import * as schema from './schema.ts';

export interface Connection {
	readonly raw: Database.Database;
	readonly db: BetterSQLite3Database<typeof schema>;
}

/** The file is no database of ours; `file` names it. */
export class DatabaseFileError extends Error {
	readonly file: string;
	constructor(file: string, reason: string) {
		super(`${file}: ${reason}`);
		this.name = 'DatabaseFileError';
		this.file = file;
	}
}

/** The package's migrations: beside the source tree or the bundle, or where PAGETRAIL_ROOT says the package is. */
function migrationsFolder(): string {
	const roots = [process.env.PAGETRAIL_ROOT, process.cwd()];
	for (let up = import.meta.dirname; up !== path.dirname(up); up = path.dirname(up)) roots.splice(1, 0, up);
	const found = roots.find(
		(root) => root && existsSync(path.join(root, 'migrations', 'meta', '_journal.json'))
	);
	return path.join(found ?? '.', 'migrations');
}

/** Opens (and makes or brings up to date) a database file; `:memory:` is one for this connection alone. */
export function openConnection(file: string): Connection {
	if (!existsSync(path.dirname(file))) throw new DatabaseFileError(file, 'its folder does not exist');
	try {
		const raw = new Database(file);
		raw.pragma('journal_mode = WAL');
		raw.pragma('synchronous = NORMAL');
		raw.pragma('wal_autocheckpoint = 4000'); // 16 MB: a long ingest waits for the disk less often
		raw.pragma('busy_timeout = 10000');
		// A migration may rebuild a table by DROP and RENAME; with foreign keys on that would delete child rows,
		// and inside migrate()'s transaction the pragma does nothing.
		raw.pragma('foreign_keys = OFF');
		const db = drizzle({ client: raw, schema });
		migrate(db, { migrationsFolder: migrationsFolder() });
		raw.pragma('foreign_keys = ON');
		return { raw, db };
	} catch (error) {
		if (!(error instanceof Database.SqliteError)) throw error;
		const reason =
			error.code === 'SQLITE_NOTADB' ? 'is no SQLite database' : `cannot be opened (${error.message})`;
		throw new DatabaseFileError(file, reason);
	}
}
