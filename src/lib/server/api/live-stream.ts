import { setImmediate as breathe } from 'node:timers/promises';
import type { LiveCommit, LiveEvents, WireEvent } from '#lib/api/types.ts';
import type { SessionProgress } from '#lib/domain/session-info.ts';
import { queryEvents } from '../query/events.ts';
import { wireEvent } from '../query/wire-event.ts';
import { NoSuchSessionError, type TraceStore } from '../store/store.ts';

/** Most events in one message, and about the most characters. */
const PAGE_EVENTS = 1000;
const PAGE_LENGTH = 1 << 20;

export interface LiveOptions {
	/** First event the reader has not seen; without events, the reader hears of the session once it is beyond that. */
	readonly from: number;
	/** Whether messages carry the events. */
	readonly events: boolean;
	/** Time (ms) without a message after which a comment is sent, to keep the connection open. */
	readonly heartbeatMs?: number;
}

const message = (name: string, id: number, data: object): string =>
	`event: ${name}\nid: ${id}\ndata: ${JSON.stringify(data)}\n\n`;

/**
 * Says what is new in a session each time it is asked, and waits if nothing is. It reads from the store by seq and
 * keeps nothing but its place, however slow the reader is.
 */
class LiveFeed {
	readonly #store: TraceStore;
	readonly #id: string;
	readonly #options: LiveOptions;
	readonly #unsubscribe: () => void;
	#seen: number;
	#former = '';
	/** Whether something was committed since the session was looked at. */
	#dirty = true;
	#finished = false;
	#wake: () => void = () => {};

	constructor(store: TraceStore, id: string, options: LiveOptions) {
		this.#store = store;
		this.#id = id;
		this.#options = options;
		this.#seen = options.from;
		this.#unsubscribe = store.onCommit(() => {
			this.#dirty = true;
			this.#wake();
		});
	}

	/** The next message; null at the end. */
	async next(): Promise<string | null> {
		while (!this.#finished) {
			this.#dirty = false;
			const found = await this.#look();
			if (found) return found;
			if (!(await this.#change())) return this.#finished ? null : ': still here\n\n';
		}
		return null;
	}

	async #look(): Promise<string | null> {
		const progress = await this.#store.progress(this.#id).catch((error: unknown) => {
			if (error instanceof NoSuchSessionError) return null;
			throw error;
		});
		// a session that shrank is another one of the same name
		if (!progress || progress.next < this.#seen) {
			this.close();
			return message('deleted', this.#seen, {});
		}
		const found = this.#options.events ? await this.#events(progress) : this.#commit(progress);
		if (found || !progress.ended) return found;
		this.close();
		return message('end', this.#seen, { next: this.#seen, endNs: progress.endNs });
	}

	#commit(progress: SessionProgress): string | null {
		const data = JSON.stringify(progress);
		const first = this.#former === '';
		if (first ? progress.next <= this.#seen && this.#seen > 0 : data === this.#former) {
			this.#former = data;
			return null;
		}
		this.#former = data;
		this.#seen = progress.next;
		return message('commit', progress.next, progress satisfies LiveCommit);
	}

	async #events({ next }: SessionProgress): Promise<string | null> {
		if (next <= this.#seen) return null;
		const from = this.#seen;
		const { events } = await queryEvents(this.#store, this.#id, { from, limit: PAGE_EVENTS });
		const lines: WireEvent[] = [];
		let length = 0;
		for (const event of events) {
			if (length > PAGE_LENGTH) break;
			const line = wireEvent(event);
			length += JSON.stringify(line).length;
			lines.push(line);
		}
		this.#seen = from + lines.length;
		const endNs = events[lines.length - 1]?.tsNs ?? 0;
		return message('events', this.#seen, {
			from,
			next: this.#seen,
			endNs,
			events: lines
		} satisfies LiveEvents);
	}

	/** Waits; true if something was committed, false if it is time for a heartbeat or the end. */
	async #change(): Promise<boolean> {
		if (this.#dirty) return true;
		await new Promise<void>((resolve) => {
			const timer = setTimeout(resolve, this.#options.heartbeatMs ?? 15_000);
			this.#wake = () => {
				clearTimeout(timer);
				resolve();
			};
		});
		this.#wake = () => {};
		return this.#dirty && !this.#finished;
	}

	close(): void {
		this.#finished = true;
		this.#unsubscribe();
		this.#wake();
	}
}

/** Server-sent events of a session, from `from` on without gaps; a message is made only when the reader wants one. */
export function liveStream(
	store: TraceStore,
	id: string,
	options: LiveOptions,
	signal?: AbortSignal
): ReadableStream<Uint8Array> {
	const feed = new LiveFeed(store, id, options);
	const encoder = new TextEncoder();
	signal?.addEventListener('abort', () => feed.close(), { once: true });
	let cancelled = false;
	return new ReadableStream<Uint8Array>(
		{
			start(controller) {
				// at once: an answer without a byte does not open at the reader, and nothing may happen for long
				controller.enqueue(encoder.encode('retry: 1000\n\n'));
			},
			async pull(controller) {
				await breathe(); // lets other requests in between two messages
				try {
					const text = await feed.next();
					if (cancelled) return;
					if (text === null) return controller.close();
					controller.enqueue(encoder.encode(text));
				} catch (error) {
					feed.close();
					console.error(error); // the connection is reset without a word otherwise
					throw error;
				}
			},
			cancel() {
				cancelled = true;
				feed.close();
			}
		},
		{ highWaterMark: 0 }
	);
}
