import { getSessions } from '#lib/api/sessions-client.ts';
import type { SessionInfo } from '#lib/api/types.ts';
import { whileVisible } from '#lib/components/common/while-visible.ts';

/** Time (ms) between two questions while the page is on the screen. */
const POLL_MS = 2000;

/** The list of sessions, kept fresh: asked by ETag, so that a quiet store answers without reading a session. */
export class SessionFeed {
	sessions = $state.raw<readonly SessionInfo[]>([]);
	/** Wall clock of the newest answer. */
	nowMs = $state(0);
	/** True while the server does not answer: the list may be old. */
	lost = $state(false);
	#etag: string | null = null;
	#stop = new AbortController();

	constructor(sessions: readonly SessionInfo[], nowMs: number) {
		this.sessions = sessions;
		this.nowMs = nowMs;
	}

	/** Asks every two seconds while the page shows, and at once when it shows again; returns what ends that. */
	start(): () => void {
		const end = whileVisible(() => void this.refresh(), POLL_MS);
		return () => {
			end();
			this.#stop.abort();
		};
	}

	/** Asks now; a question that is still on its way is given up. */
	async refresh(): Promise<void> {
		this.#stop.abort();
		const { signal } = (this.#stop = new AbortController());
		try {
			const news = await getSessions(this.#etag, signal);
			this.nowMs = Date.now();
			this.lost = false;
			if (!news || signal.aborted) return;
			this.#etag = news.etag;
			this.sessions = news.sessions;
		} catch {
			if (!signal.aborted) this.lost = true;
		}
	}
}
