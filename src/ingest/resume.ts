import { createHash, type Hash } from 'node:crypto';
import { mkdtemp, open, rm, type FileHandle } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Candidate } from './protocol.ts';

/** The candidate that a source is, and what of the source is still to be read. */
export interface Match {
	readonly index: number;
	/** Has taken in all bytes up to the candidate's position. */
	readonly hash: Hash;
	readonly rest: () => AsyncGenerator<Uint8Array>;
}

/**
 * Reads a source from its beginning and compares what came with each candidate where that one ended; the first that
 * fits is taken. Null if none does; then the source was read up to the last candidate's position, or its end.
 */
export async function matchCandidates(
	source: AsyncGenerator<Uint8Array>,
	candidates: readonly Candidate[]
): Promise<Match | null> {
	const open = [...candidates.entries()]
		.filter(([, { position }]) => position.byte > 0)
		.sort(([, a], [, b]) => a.position.byte - b.position.byte);
	const hash = createHash('sha256');
	let bytes = 0;
	while (open.length) {
		const next = await source.next();
		if (next.done) return null;
		const chunk = next.value;
		let taken = 0;
		for (let first = open[0]; first && first[1].position.byte <= bytes + chunk.length; first = open[0]) {
			open.shift();
			const { byte, digest } = first[1].position;
			hash.update(chunk.subarray(taken, byte - bytes));
			taken = byte - bytes;
			if (hash.copy().digest('hex') !== digest) continue;
			const rest = async function* () {
				if (taken < chunk.length) yield chunk.subarray(taken);
				yield* source;
			};
			return { index: first[0], hash, rest };
		}
		hash.update(chunk.subarray(taken));
		bytes += chunk.length;
	}
	return null;
}

/** Keeps what is read of a stream in a temporary file, so that it can be read again from its beginning. */
export class Spool {
	readonly #source: AsyncGenerator<Uint8Array>;
	readonly #folder: string;
	readonly #file: FileHandle;
	private constructor(source: AsyncGenerator<Uint8Array>, folder: string, file: FileHandle) {
		this.#source = source;
		this.#folder = folder;
		this.#file = file;
	}

	/** Its file has no name, so that nothing of it stays whatever happens to the process, unless `named`. */
	static async open(source: AsyncGenerator<Uint8Array>, { named = false } = {}): Promise<Spool> {
		const folder = await mkdtemp(path.join(tmpdir(), 'pagetrail-'));
		const spool = new Spool(source, folder, await open(path.join(folder, 'source'), 'w+'));
		if (!named) await spool.#remove();
		return spool;
	}

	/** The file's path, if it has one. */
	get file(): string {
		return path.join(this.#folder, 'source');
	}

	#remove(): Promise<void> {
		return rm(this.#folder, { recursive: true, force: true });
	}

	/** The source; what it gives is kept. */
	async *record(): AsyncGenerator<Uint8Array> {
		for (;;) {
			const next = await this.#source.next();
			if (next.done) return;
			await this.#file.appendFile(next.value);
			yield next.value;
		}
	}

	/** What was recorded, then what the source still has. */
	async *replay(): AsyncGenerator<Uint8Array> {
		for (let at = 0; ;) {
			const { bytesRead, buffer } = await this.#file.read(new Uint8Array(1 << 16), 0, 1 << 16, at);
			if (bytesRead === 0) break;
			at += bytesRead;
			yield buffer.subarray(0, bytesRead);
		}
		yield* this.#source;
	}

	async close(): Promise<void> {
		await this.#file.close();
		await this.#remove();
	}
}
