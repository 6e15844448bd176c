import { HEAD_BYTES } from '#lib/server/store/head.ts';

/** Time (ms) from a source's first byte in which its head should come. */
const HEAD_MS = 100;

/**
 * A source's first 4,096 bytes (all, if it has fewer), what was read of it so far (at least those), and a generator that gives all its bytes, those included.
 * With `enough`, a slow source is not waited for: what came in a tenth of a second will do if `enough` says so.
 */
export async function peek(
	source: AsyncGenerator<Uint8Array>,
	enough: ((head: Uint8Array) => boolean) | null
): Promise<{ head: Uint8Array; peeked: Uint8Array; all: () => AsyncGenerator<Uint8Array> }> {
	const chunks: Uint8Array[] = [];
	const head = () => Buffer.concat(chunks).subarray(0, HEAD_BYTES);
	let length = 0;
	let failure: unknown = null;
	let began = 0;
	const read = () =>
		source.next().catch((error: unknown) => {
			failure = error;
			return { done: true, value: undefined } as const;
		});
	let pending = read();
	while (length < HEAD_BYTES) {
		if (enough && length > 0 && !(await inTime(pending, HEAD_MS - (performance.now() - began))))
			if (enough(head())) break;
		const next = await pending;
		if (next.done) break;
		began ||= performance.now();
		// a file's chunks may share their memory
		chunks.push(next.value.length < HEAD_BYTES ? next.value.slice() : next.value);
		length += next.value.length;
		if (length < HEAD_BYTES) pending = read();
	}
	const held = length < HEAD_BYTES ? pending : null;
	async function* all(): AsyncGenerator<Uint8Array> {
		yield* chunks;
		const next = await held;
		if (next && !next.done) yield next.value;
		if (failure) throw failure as Error;
		yield* source;
	}
	return { head: head(), peeked: Buffer.concat(chunks), all };
}

/** Whether a promise settles within `ms` (at once, if that is negative). */
async function inTime(promise: Promise<unknown>, ms: number): Promise<boolean> {
	let timer: NodeJS.Timeout | undefined;
	const late = new Promise<boolean>((resolve) => {
		timer = setTimeout(() => resolve(false), Math.max(0, ms));
	});
	const settled = await Promise.race([promise.then(() => true), late]);
	clearTimeout(timer);
	return settled;
}
