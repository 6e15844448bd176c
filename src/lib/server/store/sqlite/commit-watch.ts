import { randomUUID } from 'node:crypto';
import type Database from 'better-sqlite3';

/** Time (ms) between two looks at what other connections wrote. */
const POLL_MS = 50;
/** Answers kept until the next commit: one may be a list of thousands of segments. */
const MAX_ANSWERS = 32;

/**
 * Tells listeners that something was committed, by this connection (which says so) or by another one, in whatever
 * process: SQLite counts those in `PRAGMA data_version`, which is asked while somebody listens. Keeps answers that hold
 * until then.
 */
export class CommitWatch {
	readonly #version: () => number;
	/** Rows that this connection wrote; what it rolled back counts too. */
	readonly #ownChanges: () => number;
	readonly #connection = randomUUID();
	readonly #listeners = new Set<() => void>();
	#timer: NodeJS.Timeout | null = null;
	#seen = 0;
	#kept = { revision: '', answers: new Map<string, unknown>() };
	constructor(raw: Database.Database) {
		const statement = raw.prepare<[], number>('PRAGMA data_version').pluck();
		this.#version = () => statement.get() ?? 0;
		const changes = raw.prepare<[], number>('SELECT total_changes()').pluck();
		this.#ownChanges = () => changes.get() ?? 0;
	}

	/** A text that differs after each commit, of this connection or another one; no two connections share one. */
	revision(): string {
		return `${this.#connection}.${this.#version()}.${this.#ownChanges()}`;
	}

	/** What `read` gave, kept until this connection or another one commits anything. */
	untilCommit<T>(key: string, read: () => T): T {
		const revision = this.revision();
		if (revision !== this.#kept.revision || this.#kept.answers.size >= MAX_ANSWERS)
			this.#kept = { revision, answers: new Map() };
		const { answers } = this.#kept;
		if (!answers.has(key)) answers.set(key, read());
		return answers.get(key) as T;
	}

	/** Calls `listener` after each commit until the function that it returns is called. */
	add(listener: () => void): () => void {
		const own = () => listener();
		this.#listeners.add(own);
		if (!this.#timer) {
			this.#seen = this.#version();
			this.#timer = setInterval(() => this.#look(), POLL_MS).unref();
		}
		return () => {
			this.#listeners.delete(own);
			if (this.#listeners.size === 0) this.close();
		};
	}

	#look(): void {
		const version = this.#version();
		if (version === this.#seen) return;
		this.#seen = version;
		this.notify();
	}

	/** This connection committed. */
	notify(): void {
		for (const listener of this.#listeners) listener();
	}

	/** Ends the looking; listeners stay as they are. */
	close(): void {
		if (this.#timer) clearInterval(this.#timer);
		this.#timer = null;
	}
}
