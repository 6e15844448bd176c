import type { NotifierNode } from '../notifier.ts';
import { KERNEL_CODE, type Guest } from '../simulation/guest.ts';
import { KVM_PAGE_TRACK_WRITE } from '../track-mode.ts';
import type { Workload } from './workload.ts';

const GEN8_PPGTT_INSERT = 0x8c2d10;
const GEN8_PPGTT_CLEAR = 0x8c3380;
/** Tables of one graphics context: 4 upper ones, 24 with entries for pages. */
const UPPER = 4;
const LEAVES = 24;
const CONTEXTS = 8;
const FRAME_NS = 16_666_667;

/** A vGPU that shadows a guest's graphics page tables, as i915 GVT does. */
class Vgpu {
	readonly node: NotifierNode;
	/** First gfn of each context's tables. */
	readonly contexts: number[] = [];
	readonly #guest: Guest;

	constructor(guest: Guest) {
		this.#guest = guest;
		this.node = {
			name: 'kvmgt',
			trackWrite: () => {},
			trackFlushSlot: (_kvm, slot) => {
				for (const gfn of [...this.contexts])
					if (gfn >= slot.baseGfn && gfn < slot.baseGfn + slot.npages) this.drop(gfn);
			}
		};
	}

	/** Shadows a context's tables: all are write-tracked. */
	shadow(gfn: number): void {
		this.contexts.push(gfn);
		for (let page = 0; page < UPPER + LEAVES; page++)
			this.#guest.track(this.node, gfn + page, KVM_PAGE_TRACK_WRITE);
	}

	drop(gfn: number): void {
		this.contexts.splice(this.contexts.indexOf(gfn), 1);
		for (let page = 0; page < UPPER + LEAVES; page++)
			this.#guest.untrack(this.node, gfn + page, KVM_PAGE_TRACK_WRITE);
	}
}

/** The driver binds a buffer (entries in a row), or unbinds one. */
function bind(guest: Guest, context: number, entry: Uint8Array): void {
	const vcpu = guest.anyVcpu();
	guest.at(KERNEL_CODE, guest.random.chance(0.7) ? GEN8_PPGTT_INSERT : GEN8_PPGTT_CLEAR);
	const table = context + UPPER + guest.random.skewed(LEAVES);
	const first = guest.random.below(480);
	const count = 4 + guest.random.skewed(28);
	for (let i = first; i < first + count; i++) {
		guest.write(vcpu, table * 4096 + i * 8, entry);
		guest.think(800);
	}
	if (guest.random.chance(0.1)) guest.write(vcpu, (context + guest.random.below(UPPER)) * 4096, entry);
}

/**
 * A guest draws with a virtual GPU. The GPU's model write-tracks the page tables of every graphics context so that it
 * can keep its own copies in step; the driver writes entries in bursts, a few buffers a frame, 60 frames a second.
 * Contexts come and go.
 */
export const vgpu: Workload = {
	name: 'vgpu',
	summary: 'a virtual GPU write-tracks the page tables of graphics contexts, which change every frame',
	heatMap:
		'blocks of 28 pages, one a graphics context, lit by writes in a regular beat of 60 frames a second; the lower tables of a block are hottest; blocks begin and end as contexts come and go',
	memoryMiB: { least: 64, usual: 512 },
	vcpus: { usual: 2 },
	*run(guest) {
		const model = new Vgpu(guest);
		guest.register(model.node);
		const places = Array.from({ length: CONTEXTS }, () => guest.allocate(UPPER + LEAVES + 36));
		const entry = new Uint8Array(8);
		for (let frame = 1; ; frame++) {
			const began = guest.recorder.now;
			const idle = places.filter((gfn) => !model.contexts.includes(gfn));
			const next = idle[guest.random.below(idle.length)];
			if (next !== undefined && (model.contexts.length < 2 || guest.random.chance(0.02))) model.shadow(next);
			else if (model.contexts.length > 2 && guest.random.chance(0.02))
				model.drop(model.contexts[guest.random.below(model.contexts.length)] as number);
			for (const context of [...model.contexts]) {
				if (guest.random.chance(0.6)) bind(guest, context, entry);
				yield;
			}
			guest.pass(Math.max(0, FRAME_NS - (guest.recorder.now - began)));
		}
	}
};
