import type { NotifierNode } from '../notifier.ts';
import { userCode, type Guest } from '../simulation/guest.ts';
import { KVM_PAGE_TRACK_PREEXEC, KVM_PAGE_TRACK_WRITE } from '../track-mode.ts';
import type { Workload } from './workload.ts';

const STUB_PAGES = 4;
/** Writes of 8 bytes that unpack a page (a real one has 512; every eighth is enough to see it). */
const WRITES_PER_PAGE = 64;

/**
 * Finds the moment at which what was written is executed: tracks writes of a region, and from a page's first write on
 * its execution; a page that was executed is left alone.
 */
class WriteThenExecute {
	readonly written = new Set<number>();
	readonly executed = new Set<number>();
	readonly node: NotifierNode = {
		name: 'unpack-detector',
		trackWrite: (_vcpu, gpa) => this.#wrote(Math.floor(gpa / 4096)),
		trackPreexec: (_vcpu, gpa) => {
			this.#executes(Math.floor(gpa / 4096));
			return true;
		}
	};
	readonly #guest: Guest;

	constructor(guest: Guest) {
		this.#guest = guest;
	}

	watch(gfn: number, npages: number): void {
		for (let page = 0; page < npages; page++) this.#guest.track(this.node, gfn + page, KVM_PAGE_TRACK_WRITE);
	}

	#wrote(gfn: number): void {
		if (this.written.has(gfn)) return;
		this.written.add(gfn);
		this.#guest.track(this.node, gfn, KVM_PAGE_TRACK_PREEXEC);
	}

	#executes(gfn: number): void {
		if (!this.written.has(gfn) || this.executed.has(gfn)) return;
		this.executed.add(gfn);
		this.#guest.untrack(this.node, gfn, KVM_PAGE_TRACK_PREEXEC);
		this.#guest.untrack(this.node, gfn, KVM_PAGE_TRACK_WRITE);
	}

	forget(): void {
		this.written.clear();
		this.executed.clear();
	}
}

/** One layer of a packer: the stub writes the layer's pages in order, then control goes to them. */
function* unpack(
	guest: Guest,
	detector: WriteThenExecute,
	layer: { stub: number; gfn: number; npages: number }
) {
	const vcpu = guest.anyVcpu();
	const { stub, gfn, npages } = layer;
	const bytes = new Uint8Array(8);
	detector.watch(gfn, npages);
	guest.mark('layer is written');
	for (let page = 0; page < npages; page++) {
		for (let i = 0; i < WRITES_PER_PAGE; i++) {
			guest.at(userCode(stub), guest.random.below(STUB_PAGES * 4096 - 16));
			guest.write(vcpu, (gfn + page) * 4096 + i * (4096 / WRITES_PER_PAGE), bytes);
			guest.think(900);
		}
		yield;
	}
	guest.mark('layer is executed');
	for (let step = 0; step < npages * 8; step++) {
		// mostly straight on, now and then a call into another page
		const page = guest.random.chance(0.7) ? Math.floor(step / 8) : guest.random.below(npages);
		guest.at(userCode(gfn), page * 4096 + guest.random.below(4080));
		guest.execute(vcpu);
		guest.think(25_000);
		if (step % 8 === 7) yield;
	}
}

/**
 * Packed programs unpack themselves, layer after layer: a stub writes page by page, then jumps into what it wrote. A
 * detector tracks writes of the region and, from its first write on, a page's execution; the first fetch of a written
 * page is the moment it waits for, and the page is let go.
 */
export const unpacker: Workload = {
	name: 'unpacker',
	summary: 'packed programs write code page by page and then execute it; a detector waits for that',
	heatMap:
		'for every layer a steep diagonal of writes, then a flatter dotted diagonal of pre-execs over the same pages: written, then executed. Pre-execs in the stub show which code wrote',
	memoryMiB: { least: 64, usual: 256 },
	vcpus: { usual: 1 },
	*run(guest) {
		const detector = new WriteThenExecute(guest);
		guest.register(detector.node);
		const pages = Math.min(1024, Math.floor(guest.pages / 16));
		const region = guest.allocate(pages);
		const stub = guest.allocate(STUB_PAGES);
		for (;;) {
			const npages = 16 + guest.random.below(Math.min(112, pages - 16));
			const gfn = region + guest.random.below(pages - npages);
			yield* unpack(guest, detector, { stub, gfn, npages });
			// the process ends: whatever was not executed is let go as well
			for (let page = gfn; page < gfn + npages; page++) {
				if (detector.executed.has(page)) continue;
				guest.untrack(detector.node, page, KVM_PAGE_TRACK_WRITE);
				if (detector.written.has(page)) guest.untrack(detector.node, page, KVM_PAGE_TRACK_PREEXEC);
			}
			detector.forget();
			guest.think(3_000_000);
		}
	}
};
