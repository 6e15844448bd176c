import type { IngestSummary, Problem } from '#lib/api/types.ts';
import { sessionName } from '#lib/domain/session-name.ts';

/** The upload of one trace file: how far it is, what came of it. */
export class Upload {
	readonly file: File;
	/** 0..1 while bytes go out and while the server loads them (1); null before and after. */
	sent = $state<number | null>(null);
	summary = $state.raw<IngestSummary | null>(null);
	failed = $state('');

	constructor(file: File) {
		this.file = file;
	}

	get done(): boolean {
		return this.summary !== null || this.failed !== '';
	}

	/** Sends the file and resolves when it is loaded or refused. */
	async start(): Promise<void> {
		this.sent = 0;
		try {
			const { status, body } = await this.#send();
			if (status === 200 || status === 201) this.summary = JSON.parse(body) as IngestSummary;
			else this.failed = (JSON.parse(body) as Problem).detail;
		} catch {
			this.failed = 'The server could not be reached, or broke off. Is it still running?';
		}
		this.sent = null;
	}

	/** fetch tells no progress of a body, XMLHttpRequest does. */
	#send(): Promise<{ status: number; body: string }> {
		return new Promise((resolve, reject) => {
			const request = new XMLHttpRequest();
			request.open('POST', `/api/v1/sessions?name=${encodeURIComponent(sessionName(this.file.name))}`);
			request.setRequestHeader('content-type', 'application/octet-stream');
			request.upload.onprogress = ({ loaded, total }) => (this.sent = loaded / Math.max(1, total));
			request.onerror = reject;
			request.onload = () => resolve({ status: request.status, body: request.responseText });
			request.send(this.file);
		});
	}
}

/** Uploads in the order they were asked for, one at a time. */
export class Uploads {
	list = $state.raw<readonly Upload[]>([]);
	#running = false;

	/** Takes files and resolves when all there are were sent; `onloaded` is called after each. */
	async add(files: Iterable<File>, onloaded: () => Promise<void>): Promise<void> {
		this.list = [...this.list, ...Array.from(files, (file) => new Upload(file))];
		if (this.#running) return; // whoever runs takes these too
		this.#running = true;
		for (;;) {
			const next = this.list.find((each) => !each.done);
			if (!next) break;
			await next.start();
			await onloaded();
		}
		this.#running = false;
	}

	/** Takes one that is done off the page. */
	forget(upload: Upload): void {
		this.list = this.list.filter((each) => each !== upload);
	}
}
