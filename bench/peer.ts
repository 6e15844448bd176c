/** `node bench/peer.ts NDJSON DATABASE` prints what `loadPlainTable` returns. */
import { readFileSync } from 'node:fs';
import Database from 'better-sqlite3';

/** What a plain program would do: JSON.parse a line, insert a row, commit every 10,000. Returns events and seconds. */
function loadPlainTable(ndjson: string, database: string): { events: number; seconds: number } {
	const began = performance.now();
	const db = new Database(database);
	db.pragma('journal_mode = WAL');
	db.pragma('synchronous = NORMAL');
	db.exec(`CREATE TABLE events (seq INTEGER PRIMARY KEY, t INTEGER, vcpu INTEGER, kind TEXT, gpa INTEGER,
		bytes INTEGER, ip TEXT, rest TEXT)`);
	const insert = db.prepare('INSERT INTO events VALUES (?, ?, ?, ?, ?, ?, ?, ?)');
	const lines = readFileSync(ndjson, 'utf8').split('\n');
	let events = 0;
	for (let at = 0; at < lines.length; at += 10_000) {
		db.transaction(() => {
			for (const line of lines.slice(at, at + 10_000)) if (line) insertLine(line);
		})();
	}
	db.close();
	return { events, seconds: (performance.now() - began) / 1000 };

	function insertLine(line: string): void {
		const { t, c, k, a, n, ip, ...rest } = JSON.parse(line) as Record<string, string | number>;
		const more = Object.keys(rest).length ? JSON.stringify(rest) : null;
		insert.run(events++, t, c ?? null, k, a === undefined ? null : BigInt(a), n ?? null, ip ?? null, more);
	}
}

const [file = '', database = ''] = process.argv.slice(2);
console.log(JSON.stringify(loadPlainTable(file, database)));
