import type { IngestSummary, Problem } from '#lib/api/types.ts';
import { sessionName } from '#lib/domain/session-name.ts';

/** The upload of one trace file: how far it is, what came of it. */
export class Upload {
	file = $state('');
	/** 0..1 while bytes go out, null while nothing runs. */
	sent = $state<number | null>(null);
	summary = $state.raw<IngestSummary | null>(null);
	failed = $state('');

	/** Sends a file and resolves when it is loaded or refused. */
	async start(file: File): Promise<void> {
		this.file = file.name;
		this.summary = null;
		this.failed = '';
		this.sent = 0;
		const name = sessionName(file.name);
		try {
			const { status, body } = await this.#send(`/api/v1/sessions?name=${encodeURIComponent(name)}`, file);
			if (status === 200 || status === 201) this.summary = JSON.parse(body) as IngestSummary;
			else this.failed = (JSON.parse(body) as Problem).detail;
		} catch {
			this.failed = 'The server could not be reached, or broke off. Is it still running?';
		}
		this.sent = null;
	}

	/** fetch tells no progress of a body, XMLHttpRequest does. */
	#send(url: string, file: File): Promise<{ status: number; body: string }> {
		return new Promise((resolve, reject) => {
			const request = new XMLHttpRequest();
			request.open('POST', url);
			request.setRequestHeader('content-type', 'application/octet-stream');
			request.upload.onprogress = ({ loaded, total }) => (this.sent = loaded / Math.max(1, total));
			request.onerror = reject;
			request.onload = () => resolve({ status: request.status, body: request.responseText });
			request.send(file);
		});
	}
}
