const PAGE_SIZE = 4096;

/**
 * The memory of the process that owns the VM, by host virtual address: zero at first, pages exist from the first write
 * on. It outlives the slots that map it.
 */
export class GuestMemory {
	readonly #pages = new Map<number, Uint8Array>();

	/** Copies `bytes` bytes at `hva` into `out` from index `at` on. */
	read(hva: number, out: Uint8Array, at: number, bytes: number): void {
		for (let done = 0; done < bytes;) {
			const page = this.#pages.get(Math.floor((hva + done) / PAGE_SIZE));
			const offset = (hva + done) % PAGE_SIZE;
			const end = Math.min(bytes, done + PAGE_SIZE - offset);
			for (let from = offset - done; done < end; done++) out[at + done] = page ? (page[from + done] ?? 0) : 0;
		}
	}

	/** Copies `bytes` bytes of `data` from index `at` on to `hva`. */
	write(hva: number, data: Readonly<Uint8Array>, at: number, bytes: number): void {
		for (let done = 0; done < bytes;) {
			const page = this.#pageForWrite(Math.floor((hva + done) / PAGE_SIZE));
			const offset = (hva + done) % PAGE_SIZE;
			const end = Math.min(bytes, done + PAGE_SIZE - offset);
			for (let to = offset - done; done < end; done++) page[to + done] = data[at + done] ?? 0;
		}
	}

	#pageForWrite(number: number): Uint8Array {
		let page = this.#pages.get(number);
		if (!page) this.#pages.set(number, (page = new Uint8Array(PAGE_SIZE)));
		return page;
	}
}
