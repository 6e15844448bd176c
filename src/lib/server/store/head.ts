import { createHash } from 'node:crypto';

/** Bytes of a source's beginning that it is found again by. */
export const HEAD_BYTES = 4096;

const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

/**
 * What is stored of a source's beginning: SHA-256 (hex) of its first 4,096 bytes, or `HASH/N` of its first N bytes
 * if it had no more (or, being slow, not yet) when its session was made.
 */
export const headKey = (head: Uint8Array): string =>
	head.length < HEAD_BYTES ? `${sha256(head)}/${head.length}` : sha256(head.subarray(0, HEAD_BYTES));

/** True if a source that begins with `head` begins with what the key was made of. */
export function beginsLike(key: string, head: Uint8Array): boolean {
	const [digest, length] = key.split('/');
	if (length === undefined) return key === headKey(head);
	return head.length >= Number(length) && digest === sha256(head.subarray(0, Number(length)));
}
