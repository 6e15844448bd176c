/** How an answer's body is shown. */
export type BodyKind = 'text' | 'lines' | 'binary';

/** An answer as far as it was read. */
export interface TriedAnswer {
	readonly status: number;
	readonly statusText: string;
	readonly headers: readonly (readonly [name: string, value: string])[];
	/** Time (ms) from sending until the headers came. */
	readonly headMs: number;
	readonly kind: BodyKind;
	/** Text read so far, at most `textLimit` characters; empty for binary. */
	readonly text: string;
	/** First bytes of a binary body. */
	readonly head: Uint8Array;
	/** Bytes read. */
	readonly bytes: number;
	/** `open` while more may come; `cut`: this page stopped reading at a limit; `stopped`: the reader did. */
	readonly end: 'open' | 'whole' | 'cut' | 'stopped';
}

/** Where reading stops. */
export const TRY_LIMITS = {
	lines: 50,
	characters: 200_000,
	headBytes: 256,
	binaryBytes: 64 * 2 ** 20
} as const;

/** How to show a body of a media type. */
function bodyKind(contentType: string | null): BodyKind {
	const type = contentType?.split(';')[0]?.trim().toLowerCase() ?? '';
	if (type === 'application/x-ndjson' || type === 'text/event-stream') return 'lines';
	return type === '' || type.startsWith('text/') || type.endsWith('json') ? 'text' : 'binary';
}

/** The text up to the end of its n-th line; null if it has fewer. */
function firstLines(text: string, n: number): string | null {
	let at = -1;
	for (let i = 0; i < n; i++) {
		at = text.indexOf('\n', at + 1);
		if (at < 0) return null;
	}
	return text.slice(0, at + 1);
}

/** Takes in a body's bytes until a limit. */
class BodyReader {
	text = '';
	bytes = 0;
	head = new Uint8Array(0);
	readonly #kind: BodyKind;
	readonly #decoder = new TextDecoder();
	constructor(kind: BodyKind) {
		this.#kind = kind;
	}

	/** True once enough was read. */
	take(chunk: Uint8Array): boolean {
		this.bytes += chunk.length;
		if (this.#kind === 'binary') {
			if (this.head.length < TRY_LIMITS.headBytes)
				this.head = Uint8Array.from([...this.head, ...chunk.subarray(0, TRY_LIMITS.headBytes)]).slice(
					0,
					TRY_LIMITS.headBytes
				);
			return this.bytes >= TRY_LIMITS.binaryBytes;
		}
		this.text += this.#decoder.decode(chunk, { stream: true });
		const lines = this.#kind === 'lines' ? firstLines(this.text, TRY_LIMITS.lines) : null;
		if (lines !== null) this.text = lines;
		const long = this.text.length > TRY_LIMITS.characters;
		if (long) this.text = this.text.slice(0, TRY_LIMITS.characters);
		return lines !== null || long;
	}
}

/**
 * Sends a request and reads its answer until the end, a limit or the signal; `onanswer` hears of each step, the last
 * one included. Reading stops for good where it is cut: a stream without an end is given up.
 * @throws {TypeError} if there is no answer at all
 */
export async function tryRequest(
	url: string,
	init: RequestInit & { readonly signal: AbortSignal },
	onanswer: (answer: TriedAnswer) => void
): Promise<void> {
	const began = performance.now();
	const response = await fetch(url, { ...init, cache: 'no-store' });
	const kind = bodyKind(response.headers.get('content-type'));
	const taken = new BodyReader(kind);
	const fixed = {
		status: response.status,
		statusText: response.statusText,
		headers: [...response.headers],
		headMs: performance.now() - began,
		kind
	};
	const tell = (end: TriedAnswer['end']) =>
		onanswer({ ...fixed, text: taken.text, head: taken.head, bytes: taken.bytes, end });
	tell('open');
	const reader = response.body?.getReader();
	if (!reader) return tell('whole');
	try {
		for (;;) {
			const { done, value } = await reader.read();
			if (done) return tell('whole');
			if (taken.take(value)) {
				await reader.cancel();
				return tell('cut');
			}
			tell('open');
		}
	} catch (error) {
		if (!init.signal.aborted) throw error;
		tell('stopped');
	}
}
