const PAGE_SIZE = 4096;
const REGION_PAGES = 512;
const REGION_SIZE = PAGE_SIZE * REGION_PAGES;

/** The pages of 2 MiB; those that were never written are not there. */
type Region = (Uint8Array | undefined)[];

/**
 * The memory of the process that owns the VM, by host virtual address: zero at first, pages exist from the first write
 * on. It outlives the slots that map it.
 */
export class GuestMemory {
	/** By number, which unlike a page's is always a small integer. */
	readonly #regions = new Map<number, Region>();

	/** Copies `bytes` bytes at `hva` into `out` from index `at` on. */
	read(hva: number, out: Uint8Array, at: number, bytes: number): void {
		for (let done = 0; done < bytes;) {
			const from = hva + done;
			const page = this.#regions.get(Math.floor(from / REGION_SIZE))?.[pageIn(from)];
			const offset = from % PAGE_SIZE;
			const end = Math.min(bytes, done + PAGE_SIZE - offset);
			if (page)
				for (let i = done; i < end; i++) out[at + i] = page[offset + i - done] as number; // in the page
			else out.fill(0, at + done, at + end);
			done = end;
		}
	}

	/** Copies `bytes` bytes of `data` from index `at` on to `hva`. */
	write(hva: number, data: Readonly<Uint8Array>, at: number, bytes: number): void {
		for (let done = 0; done < bytes;) {
			const to = hva + done;
			const page = this.#pageForWrite(to);
			const offset = to % PAGE_SIZE;
			const end = Math.min(bytes, done + PAGE_SIZE - offset);
			for (let i = done; i < end; i++) page[offset + i - done] = data[at + i] ?? 0;
			done = end;
		}
	}

	#pageForWrite(hva: number): Uint8Array {
		const number = Math.floor(hva / REGION_SIZE);
		let region = this.#regions.get(number);
		if (!region) this.#regions.set(number, (region = []));
		return (region[pageIn(hva)] ??= new Uint8Array(PAGE_SIZE));
	}
}

/** Index of an address's page in its region. */
const pageIn = (hva: number): number => Math.floor((hva % REGION_SIZE) / PAGE_SIZE);
