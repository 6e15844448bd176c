/**
 * Runs one job at a time and, when it is done, only the newest of those asked for meanwhile: a panel that follows
 * a cursor never piles up requests and always ends at the newest position.
 */
export class Latest<T> {
	#running = false;
	#next: (() => Promise<T>) | null = null;
	readonly #done: (value: T) => void;
	readonly #failed: (error: unknown) => void;

	constructor(done: (value: T) => void, failed: (error: unknown) => void) {
		this.#done = done;
		this.#failed = failed;
	}

	/** Runs the job now or after the one that runs; a job that waited is dropped. */
	ask(job: () => Promise<T>): void {
		this.#next = job;
		if (!this.#running) void this.#run();
	}

	async #run(): Promise<void> {
		this.#running = true;
		while (this.#next) {
			const job = this.#next;
			this.#next = null;
			try {
				const value = await job();
				this.#done(value);
			} catch (error) {
				if (!this.#next) this.#failed(error);
			}
		}
		this.#running = false;
	}
}
