import { open, stat, type FileHandle } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { compressionOf } from './decompress.ts';

/** Time (ms) between two looks at a file that did not grow. */
const POLL_MS = 25;
const CHUNK = 1 << 18;

/** The followed file is no longer what it was; `reason` is the diagnostic's word for it. */
export class FollowError extends Error {
	readonly reason: 'source-truncated' | 'source-replaced';
	constructor(reason: FollowError['reason'], message: string) {
		super(message);
		this.name = 'FollowError';
		this.reason = reason;
	}
}

export interface FollowOptions {
	/** Offset of the first byte to give. */
	readonly from: number;
	readonly onRead: (bytes: number) => void;
	/** Ends the waiting. */
	readonly signal?: AbortSignal;
}

/**
 * The bytes of a growing file from an offset on; it waits for more at the end and never ends by itself. Chunks
 * share one buffer: be done with one before asking for the next.
 * @throws {FollowError} if the file gets shorter than what was read, or another file takes its name (what was in
 *   the old one is given first)
 * @throws {Error} if it is compressed
 */
export async function* followFile(
	file: string,
	{ from, onRead, signal }: FollowOptions
): AsyncGenerator<Uint8Array> {
	const handle = await open(file);
	try {
		const buffer = new Uint8Array(CHUNK);
		let at = from;
		let replaced = false;
		while (!signal?.aborted) {
			const { bytesRead } = await handle.read(buffer, 0, CHUNK, at);
			if (bytesRead > 0) {
				const chunk = buffer.subarray(0, bytesRead);
				if (at === 0 && compressionOf(chunk))
					throw new Error('is compressed: only plain text can be followed');
				at += bytesRead;
				onRead(bytesRead);
				yield chunk;
				continue;
			}
			await checkLength(handle, at);
			if (replaced) throw new FollowError('source-replaced', replacedText(at));
			await sleep(POLL_MS);
			replaced = await isReplaced(handle, file); // one more look at the old file's end comes first
		}
	} finally {
		await handle.close();
	}
}

const bytes = (n: number) => n.toLocaleString('en');
const replacedText = (at: number) =>
	`another file took its name after ${bytes(at)} bytes: following ends here, what was read is kept`;

async function checkLength(handle: FileHandle, at: number): Promise<void> {
	const { size } = await handle.stat();
	if (size >= at) return;
	const message = `the file was cut from ${bytes(at)} to ${bytes(size)} bytes: following ends here, what was read is kept`;
	throw new FollowError('source-truncated', message);
}

/** True if the name belongs to another file now; a file that was deleted may still be written. */
async function isReplaced(handle: FileHandle, file: string): Promise<boolean> {
	const named = await stat(file).catch(() => null);
	if (!named) return false;
	const own = await handle.stat();
	return named.ino !== own.ino || named.dev !== own.dev;
}
