import type { KvmMemorySlot } from '../memslot.ts';
import type { NotifierNode } from '../notifier.ts';
import { KERNEL_CODE, type Guest } from '../simulation/guest.ts';
import { hotplugGfn, type NamedSlot } from '../simulation/memory-map.ts';
import { KVM_PAGE_TRACK_PREWRITE } from '../track-mode.ts';
import type { Workload } from './workload.ts';

const MEMMAP_INIT = 0x2f1c40;
const DIMMS = 4;
/** 64 MiB each. */
const DIMM_PAGES = 0x4000;
const FIRST_ID = 16;
const DIMM_HVA = 0x6000_0000_0000;
/** Every 64th page of a module is guarded. */
const STRIDE = 64;
/** The part of a module that the guard remembers. */
const KEPT = 0.75;

/** Guards some pages of every module, and lets go of most when it is pulled or moved. */
class Guard {
	readonly node: NotifierNode = {
		name: 'module-guard',
		trackPrewrite: () => true,
		trackCreateSlot: (_kvm, slot) => this.#arm(slot, 1),
		trackFlushSlot: (_kvm, slot) => this.#release(slot)
	};
	readonly #guest: Guest;

	constructor(guest: Guest) {
		this.#guest = guest;
	}

	/** Nobody is told of a move's end: whoever moved the module says so. */
	moved(id: number): void {
		const slot = this.#guest.kvm.memslots[0].byId(id);
		if (slot) this.#arm(slot, KEPT);
	}

	#arm(slot: KvmMemorySlot, part: number): void {
		for (let page = 0; slot.id >= FIRST_ID && page < slot.npages * part; page += STRIDE)
			this.#guest.track(this.node, slot.baseGfn + page, KVM_PAGE_TRACK_PREWRITE, slot);
	}

	/** Forgets the last quarter, as consumers do: a move carries those counters to other gfns (Q12). */
	#release(slot: KvmMemorySlot): void {
		for (let page = 0; slot.id >= FIRST_ID && page < slot.npages * KEPT; page += STRIDE)
			this.#guest.untrack(this.node, slot.baseGfn + page, KVM_PAGE_TRACK_PREWRITE, slot);
	}
}

/** The guest's kernel brings a module online: clears the beginning of its pages. */
function useModule(guest: Guest, { baseGfn }: NamedSlot, writes: number): void {
	const vcpu = guest.anyVcpu();
	guest.at(KERNEL_CODE, MEMMAP_INIT);
	for (let i = 0; i < writes; i++) {
		const page = Math.floor(guest.random.skewed(DIMM_PAGES / STRIDE)) * STRIDE;
		guest.touch(vcpu, 'write', (baseGfn + page) * 4096 + guest.random.below(512) * 8);
		guest.think(30_000);
	}
}

/**
 * Memory modules of 64 MiB are plugged in, used, moved to another address and pulled, again and again. A consumer
 * guards some of their pages: it arms them while the slot is being created, before lookups see it, and forgets some
 * when it goes. Every ninth creation fails after the consumer was told, and no flush follows (Q13).
 */
export const hotplug: Workload = {
	name: 'hotplug',
	summary: 'memory modules are plugged in, used, moved and pulled while a consumer guards their pages',
	heatMap:
		'one lane per place a module had, each lit only while a module is there; combs of guarded pages, the lower ones hotter; after a move the upper quarter is guarded at the new address though nobody asked for it',
	memoryMiB: { least: 64, usual: 256 },
	vcpus: { usual: 2 },
	*run(guest) {
		const guard = new Guard(guest);
		guest.register(guard.node);
		const start = hotplugGfn(guest.pages);
		const places = Array.from({ length: DIMMS * 2 }, (_, i) => start + i * DIMM_PAGES * 2);
		const plugged: NamedSlot[] = [];
		for (let round = 1; ; round++) {
			const free = places.filter((gfn) => !plugged.some(({ baseGfn }) => baseGfn === gfn));
			const baseGfn = free[guest.random.below(free.length)] ?? start;
			const number = guest.random.below(DIMMS);
			const at = plugged.findIndex(({ id }) => id === FIRST_ID + number);
			const module = plugged[at];
			if (!module) {
				guest.failing = round % 9 === 0 ? 'slots' : null;
				const wanted: NamedSlot = {
					...{ id: FIRST_ID + number, asId: 0, baseGfn, npages: DIMM_PAGES, flags: 0 },
					userspaceAddr: DIMM_HVA + number * DIMM_PAGES * 4096,
					name: `dimm${number}`
				};
				if (guest.setRegion(wanted) === 0) plugged.push(wanted);
				guest.failing = null;
			} else if (guest.random.chance(0.5)) {
				plugged[at] = { ...module, baseGfn };
				guest.setRegion({ ...module, baseGfn });
				guard.moved(module.id);
			} else {
				guest.setRegion({ ...module, npages: 0 });
				plugged.splice(at, 1);
			}
			yield;
			for (let turn = 0; turn < 20 && plugged.length > 0; turn++) {
				useModule(guest, plugged[guest.random.below(plugged.length)] as NamedSlot, 10);
				yield;
			}
			guest.think(20_000_000);
		}
	}
};
