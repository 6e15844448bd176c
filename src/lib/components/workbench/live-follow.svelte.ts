import { getSession, getUsed, sessionUrl } from '#lib/api/client.ts';
import { getSessionSince } from '#lib/api/sessions-client.ts';
import { notice } from '#lib/components/common/notice.svelte.ts';
import { whileVisible } from '#lib/components/common/while-visible.ts';
import { Latest } from '#lib/view/latest.ts';
import type { Workbench, WorkbenchData } from './workbench.svelte.ts';

/** `waiting`: connected, nothing has grown yet; `broken`: the connection is gone and tried again. */
export type LiveStatus = 'off' | 'connecting' | 'waiting' | 'live' | 'broken';

/** Shortest time between two pictures, and the longest wait for the former one, in ms. */
const PACE_MS = 200;
const PATIENCE_MS = 2000;
/** Followed by itself, a session that does not grow for this long is not followed any more. */
const IDLE_MS = 20_000;
/** Between two looks at a session that is complete. */
const GLANCE_MS = 5000;
/** Before a stream that the browser gave up is opened again. */
const RETRY_MS = 1500;

const sleep = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

/** Follows a growing session: hears of commits and lets the workbench grow, no faster than it can draw. */
export class LiveFollow {
	status = $state<LiveStatus>('off');
	readonly on = $derived(this.status !== 'off');
	/** The session is no longer there: nothing can be followed, or loaded, any more. */
	deleted = $state(false);

	readonly #bench: Workbench;
	#source: EventSource | null = null;
	/** Names the store's state when a complete session was looked at last. */
	#etag: string | null = null;
	/** When the session was fetched last. */
	#last = 0;
	#timer: ReturnType<typeof setTimeout> | undefined;
	readonly #sessions = new Latest<WorkbenchData | null>(
		(grown) => {
			if (grown) this.#take(grown);
		},
		() => {} // the stream tells of a server that is gone
	);

	constructor(bench: Workbench) {
		this.#bench = bench;
	}

	/** Begins to follow; `by itself` gives up on a session that does not grow. */
	start(why: 'by itself' | 'asked'): void {
		if (this.#source || this.#bench.session.complete) return;
		this.status = 'connecting';
		if (why === 'asked') this.#follow();
		else this.#timer = setTimeout(() => this.stop(), IDLE_MS);
		this.#connect();
	}

	/**
	 * While the page shows, asks now and then whether a complete session grew after all, as when its file was loaded
	 * again; returns what ends that.
	 */
	watch(): () => void {
		return whileVisible(() => this.#glance(), GLANCE_MS);
	}

	#glance(): void {
		const { id, events, complete } = this.#bench.session;
		if (!complete || this.deleted) return;
		this.#sessions.ask(async () => {
			const session = await getSessionSince(id, this.#etag);
			const used = session && session.events > events ? await getUsed(id) : null;
			if (session) this.#etag = session.etag;
			return session && used ? { session, used } : null;
		});
	}

	stop(): void {
		clearTimeout(this.#timer);
		this.#source?.close();
		this.#source = null;
		this.status = 'off';
		this.#bench.following = false;
	}

	#follow(): void {
		if (this.#bench.following) return;
		this.#bench.following = true;
		if (!this.#bench.view.at) this.#bench.loadState();
	}

	#connect(): void {
		const { id, events } = this.#bench.session;
		const source = (this.#source = new EventSource(sessionUrl(id, '/live', { from: events })));
		source.onopen = () => (this.status = this.#bench.following ? 'live' : 'waiting');
		source.onerror = () => this.#broke(source);
		source.addEventListener('commit', (message: MessageEvent<string>) => this.#commit(message));
		// everything was committed before that: the last look at the session tells that it ended
		source.addEventListener('end', () => this.#look());
		source.addEventListener('deleted', () => {
			this.stop();
			this.deleted = true;
		});
	}

	#commit({ lastEventId }: MessageEvent<string>): void {
		if (Number(lastEventId) > this.#bench.session.events) {
			clearTimeout(this.#timer);
			this.#follow();
			this.status = 'live';
		}
		this.#look();
	}

	/** Fetches the session as it is now, once the pictures of the former state are there. */
	#look(): void {
		this.#sessions.ask(async () => {
			const began = Date.now();
			await sleep(this.#last + PACE_MS - began);
			while (!this.#bench.settled && Date.now() - began < PATIENCE_MS) await sleep(20);
			this.#last = Date.now();
			const source = this.#source;
			if (!source) return null;
			const { id } = this.#bench.session;
			const [session, used] = await Promise.all([getSession(id), getUsed(id)]);
			// a switch turned off meanwhile keeps the picture as it is
			return source === this.#source ? { session, used } : null;
		});
	}

	#broke(source: EventSource): void {
		if (source !== this.#source) return;
		this.status = 'broken';
		// after an answer that is no stream the browser does not try again by itself
		if (source.readyState !== EventSource.CLOSED) return;
		this.#source = null;
		clearTimeout(this.#timer);
		this.#timer = setTimeout(() => this.#connect(), RETRY_MS);
	}

	/** Shows what the session has grown to; one that is complete now is followed no more, one that is not any more is. */
	#take(grown: WorkbenchData): void {
		const { complete } = this.#bench.session;
		this.#bench.grow(grown);
		if (!grown.session.complete) return this.start('by itself');
		this.stop();
		if (complete) notice.show('The session has grown');
		else notice.show(grown.session.ended ? 'The session has ended' : 'The session is complete');
	}
}
