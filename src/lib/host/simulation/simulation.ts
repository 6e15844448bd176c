import type { EventBatch } from '#lib/domain/batch.ts';
import { HostBug } from '../errors.ts';
import { Kvm } from '../kvm.ts';
import { createKvmMmuNode } from '../kvm-mmu-node.ts';
import { slotKey } from '#lib/domain/state.ts';
import { kvmPageTrackRegisterNotifier } from '../notifier.ts';
import { HostRecorder, type RecorderOptions } from '../recorder.ts';
import { Guest } from './guest.ts';
import { pcSlots, type NamedSlot } from './memory-map.ts';
import { sessionAttributes, type SimulationOptions } from './options.ts';
import { Random } from './random.ts';

const PAGES_PER_MIB = 256;

/** A session of the simulated host that comes into being batch by batch. The same options give the same events. */
export class Simulation {
	readonly options: SimulationOptions;
	readonly kvm: Kvm;
	readonly recorder: HostRecorder;
	readonly #guest: Guest;
	#stopped = false;

	constructor(options: SimulationOptions, { batchEvents }: Pick<RecorderOptions, 'batchEvents'> = {}) {
		this.options = options;
		const pages = options.memoryMiB * PAGES_PER_MIB;
		const names = new Map<number, string>();
		this.recorder = new HostRecorder({
			...(batchEvents === undefined ? {} : { batchEvents }),
			slotName: ({ asId, id }) => names.get(slotKey(asId, id))
		});
		this.kvm = new Kvm({
			...options.workload.host,
			allocFails: (what) => what === this.#guest.failing,
			vcpus: options.vcpus,
			taps: this.recorder.taps
		});
		this.#guest = new Guest(this.kvm, this.recorder, new Random(options.seed), {
			pages,
			nameSlot: (slot: NamedSlot) => names.set(slotKey(slot.asId, slot.id), slot.name)
		});
	}

	/** Ends the session with the step that is being done; `batches` then gives what is left. */
	stop(): void {
		this.#stopped = true;
	}

	/** The session's events in order, ended by an `end` event. Can be read once. */
	*batches(): Generator<EventBatch, void> {
		for (const step of this.steps()) yield* step;
		yield* this.recorder.flush();
	}

	/**
	 * Does one step of the workload each time and gives the batches that became full in it, mostly none; the rest is
	 * in the recorder. The host is at rest between steps.
	 */
	*steps(): Generator<EventBatch[], void> {
		const { recorder } = this;
		this.#boot();
		yield recorder.take();
		try {
			const steps = this.options.workload.run(this.#guest);
			while (!this.#done() && !steps.next().done) yield recorder.take();
		} catch (error) {
			if (!(error instanceof HostBug)) throw error;
			this.#guest.mark(`host BUG: ${error.reason}`);
		}
		recorder.push({ kind: 'end', tsNs: 0 });
		yield recorder.take();
	}

	#done(): boolean {
		const { events, durationNs } = this.options;
		// the end event still comes
		return this.#stopped || this.recorder.events + 1 >= events || this.recorder.now >= durationNs;
	}

	/** What is there before the workload begins: KVM's own node, vCPUs, memory. */
	#boot(): void {
		const { recorder, kvm, options } = this;
		recorder.push({ kind: 'session', tsNs: 0, attributes: sessionAttributes(options) });
		for (const { vcpuId } of kvm.vcpus) recorder.push({ kind: 'vcpu', tsNs: 0, vcpuId });
		kvmPageTrackRegisterNotifier(kvm, createKvmMmuNode());
		for (const slot of pcSlots(this.#guest.pages)) this.#guest.setRegion(slot);
	}
}
