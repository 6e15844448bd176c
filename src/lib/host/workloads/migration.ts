import { kvmVmIoctlGetDirtyLog } from '../dirty-log.ts';
import { KVM_MEM_LOG_DIRTY_PAGES, KVM_MEM_READONLY, type KvmMemorySlot } from '../memslot.ts';
import type { NotifierNode } from '../notifier.ts';
import { userCode, type Guest } from '../simulation/guest.ts';
import { KVM_PAGE_TRACK_WRITE } from '../track-mode.ts';
import type { Workload } from './workload.ts';

const ROUNDS = 8;
/** A round's writes; the guest writes less as it is throttled. */
const WRITES = 3000;
/** Pages that are dirty in this many rounds running are write-tracked: they are sent last. */
const HOT_ROUNDS = 2;

const memorySlots = (guest: Guest): KvmMemorySlot[] =>
	guest.kvm.memslots[0].all().filter((slot) => (slot.flags & KVM_MEM_READONLY) === 0);

/** Switches dirty logging of all memory on or off. */
function setLogging(guest: Guest, on: boolean): void {
	for (const { id, asId, baseGfn, npages, userspaceAddr } of memorySlots(guest))
		guest.setRegion({
			...{ id, asId, baseGfn, npages, userspaceAddr, name: 'pc.ram' },
			flags: on ? KVM_MEM_LOG_DIRTY_PAGES : 0
		});
}

/** The guest's work: writes to a small hot set and, more and more rarely, everywhere. */
function* work(guest: Guest, heap: { gfn: number; npages: number }, writes: number) {
	const hot = Math.min(64, heap.npages);
	for (let i = 0; i < writes; i++) {
		const page = guest.random.chance(0.6) ? guest.random.below(hot) : guest.random.skewed(heap.npages);
		guest.at(userCode(heap.gfn + heap.npages), guest.random.below(4000));
		guest.touch(guest.anyVcpu(), 'write', (heap.gfn + page) * 4096 + guest.random.below(512) * 8);
		guest.think(4000);
		if (i % 16 === 15) yield;
	}
}

/** Pages write-tracked because they stay dirty, with how many rounds running each page was. */
class HotPages {
	readonly node: NotifierNode = { name: 'hot-page-sender', trackWrite: () => {} };
	readonly tracked = new Set<number>();
	#rounds = new Map<number, number>();
	readonly #guest: Guest;

	constructor(guest: Guest) {
		this.#guest = guest;
	}

	/** Takes a round's dirty pages in; tracks those that were dirty often enough. */
	round(dirty: readonly number[]): void {
		this.#rounds = new Map(dirty.map((gfn) => [gfn, (this.#rounds.get(gfn) ?? 0) + 1]));
		for (const [gfn, rounds] of this.#rounds) {
			if (rounds < HOT_ROUNDS || this.tracked.has(gfn)) continue;
			this.tracked.add(gfn);
			this.#guest.track(this.node, gfn, KVM_PAGE_TRACK_WRITE);
		}
	}

	release(): void {
		for (const gfn of this.tracked) this.#guest.untrack(this.node, gfn, KVM_PAGE_TRACK_WRITE);
		this.tracked.clear();
		this.#rounds.clear();
	}
}

/**
 * Live migrations in pre-copy rounds: dirty logging goes on, which write-protects all memory; the guest's writes fault
 * once a page and round; each round takes the dirty pages and protects them again. Pages that stay dirty are
 * write-tracked, so that every further write is told and they are sent last. The migration ends, tracking and logging
 * go off, and after a while the next one begins.
 */
export const migration: Workload = {
	name: 'migration',
	summary: 'live migrations: dirty logging in rounds, pages that stay dirty are write-tracked',
	heatMap:
		'nothing while no migration runs (faults only in the timeline); from the third round on bright rows of writes at the hot pages, up to the end of the migration; in the timeline a burst of page faults at the beginning of each round',
	memoryMiB: { least: 64, usual: 512 },
	vcpus: { usual: 2 },
	*run(guest) {
		const heap = { gfn: 0, npages: Math.min(4096, Math.floor(guest.pages / 16)) };
		heap.gfn = guest.allocate(heap.npages + 1);
		const hot = new HotPages(guest);
		guest.register(hot.node);
		for (;;) {
			yield* work(guest, heap, WRITES);
			guest.mark('migration begins');
			setLogging(guest, true);
			for (let round = 1; round <= ROUNDS; round++) {
				yield* work(guest, heap, Math.floor(WRITES / round));
				const dirty = memorySlots(guest).flatMap((slot) => kvmVmIoctlGetDirtyLog(guest.kvm, slot));
				guest.mark(`round ${round}: ${dirty.length} dirty pages`);
				hot.round(dirty);
				yield;
			}
			hot.release();
			setLogging(guest, false);
			guest.mark('migration ends');
			guest.think(50_000_000);
		}
	}
};
