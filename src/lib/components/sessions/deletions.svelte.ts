import { deleteSession } from '#lib/api/client.ts';
import { restoreSession } from '#lib/api/sessions-client.ts';

export interface Deletion {
	readonly id: string;
	readonly name: string;
}

/** How long (ms) the server keeps a deleted session. */
const KEPT_MS = 60 * 60 * 1000;

/** What was deleted on this page and can be taken back, the newest first. */
export class Deletions {
	list = $state.raw<readonly Deletion[]>([]);

	/** @throws {ApiProblem} */
	async remove({ id, name }: Deletion): Promise<void> {
		await deleteSession(id);
		this.list = [{ id, name }, ...this.list];
		setTimeout(() => this.forget(id), KEPT_MS);
	}

	/** @throws {ApiProblem} if it is gone for good */
	async undo(id: string): Promise<void> {
		this.forget(id);
		await restoreSession(id);
	}

	/** Takes the offer to undo off the page. */
	forget(id: string): void {
		this.list = this.list.filter((each) => each.id !== id);
	}
}
