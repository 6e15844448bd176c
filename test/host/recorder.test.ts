import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { eventAt } from '#lib/domain/batch-events.ts';
import type { EventBatch } from '#lib/domain/batch.ts';
import type { NumberedEvent } from '#lib/domain/events.ts';
import { evolve } from '#lib/domain/evolve.ts';
import { formatLine, parseLine } from '#lib/domain/native.ts';
import { formatState, initialState, parseState } from '#lib/domain/state.ts';
import { emulatorReadEmulated, emulatorWriteEmulated, kvmFetchGuestVirt } from '#lib/host/emulator.ts';
import { kvmDestroyVm, Kvm, type KvmOptions } from '#lib/host/kvm.ts';
import { createKvmMmuNode } from '#lib/host/kvm-mmu-node.ts';
import { kvmSetMemoryRegion } from '#lib/host/memory-region.ts';
import {
	kvmPageTrackRegisterNotifier,
	kvmPageTrackUnregisterNotifier,
	type NotifierNode
} from '#lib/host/notifier.ts';
import { kvmSlotPageTrackAddPage, kvmSlotPageTrackRemovePage } from '#lib/host/page-track.ts';
import { HostRecorder } from '#lib/host/recorder.ts';
import { kvmMmuGetPage, kvmMmuPrepareZapPage } from '#lib/host/shadow-page.ts';
import { hostTracking, replayedTracking } from '#lib/host/tracking-state.ts';
import { BASE, createSlot, fault, FETCH, PRESENT, READ, region, slotAt, WRITE } from './machine.ts';

const GPA = BASE * 4096;

function recorded(options: KvmOptions = {}, batchEvents = 7): { kvm: Kvm; recorder: HostRecorder } {
	const recorder = new HostRecorder({ batchEvents });
	return { recorder, kvm: new Kvm({ ...options, taps: recorder.taps }) };
}

function eventsOf(batches: readonly EventBatch[], firstSeq = 0): NumberedEvent[] {
	let seq = firstSeq;
	return batches.flatMap((batch) => Array.from({ length: batch.length }, (_, i) => eventAt(batch, i, seq++)));
}

/** The event without its number and time. */
const plain = (event: NumberedEvent) => ({ ...event, seq: undefined, tsNs: undefined });

describe('the recorder', () => {
	test('tells a refused write by node, newest first, with place, size, verdict, instruction and time', () => {
		const { kvm, recorder } = recorded({ vcpus: 2 });
		createSlot(kvm);
		kvmPageTrackRegisterNotifier(kvm, { name: 'old', trackPrewrite: () => true, trackWrite: () => {} });
		kvmPageTrackRegisterNotifier(kvm, { name: 'new', trackPrewrite: () => false });
		recorder.flush();
		Object.assign(recorder, { now: 1234, hasRip: true, ripLo: 0x8100_0010, ripHi: 0xffff_ffff });
		emulatorWriteEmulated(kvm.vcpu(1), GPA + 5, Uint8Array.of(1, 2), 2);
		const told = { tsNs: 1234, vcpuId: 1, gfn: BASE, offset: 5, bytes: 2, rip: 0xffffffff81000010n };
		expect(eventsOf(recorder.flush(), 3)).toEqual([
			{ seq: 3, kind: 'prewrite', ...told, nodeId: 1, verdict: false },
			{ seq: 4, kind: 'prewrite', ...told, nodeId: 0, verdict: true }
		]);
		expect(recorder.notifications).toBe(2);
	});

	test('tells what a fault causes after the fault: mapping surprises, notifications, data_ready', () => {
		const { kvm, recorder } = recorded();
		const slot = createSlot(kvm);
		kvmPageTrackRegisterNotifier(kvm, {
			name: 'forger',
			trackPreread: (_vcpu, _gpa, _buf, _bytes, ready) => (ready.dataReady = true)
		});
		for (const mode of [0, 1]) kvmSlotPageTrackAddPage(kvm, slot, BASE, mode);
		recorder.flush();
		fault(kvm, BASE, WRITE);
		fault(kvm, BASE, READ | PRESENT);
		emulatorReadEmulated(kvm.vcpu(0), GPA, new Uint8Array(8), 8);
		expect(eventsOf(recorder.flush()).map(plain)).toMatchObject([
			{ kind: 'page_fault', gfn: BASE, errorCode: 2n },
			{ kind: 'anomaly', quirk: 'Q8', gfn: BASE },
			{ kind: 'page_fault', gfn: BASE, errorCode: 5n },
			{ kind: 'preread', gfn: BASE, bytes: 8, nodeId: 0, verdict: true, dataReady: true }
		]);
	});

	test('tells protections that took something with entry, level and flush, and no others', () => {
		const { kvm, recorder } = recorded();
		const slot = createSlot(kvm);
		fault(kvm, BASE, WRITE);
		recorder.flush();
		kvmSlotPageTrackAddPage(kvm, slot, BASE, 1);
		kvmSlotPageTrackAddPage(kvm, slot, BASE, 1);
		kvmSlotPageTrackAddPage(kvm, slot, BASE + 1, 3);
		expect(eventsOf(recorder.flush()).map(plain)).toEqual([
			{ kind: 'track_add', gfn: BASE, mode: 'prewrite', slotId: 1 },
			{ kind: 'spte_protect', gfn: BASE, protect: 'write', level: 1, spte: 0x1001000775n, flush: true },
			{ kind: 'tlb_flush' },
			{ kind: 'track_add', gfn: BASE, mode: 'prewrite', slotId: 1 },
			{ kind: 'track_add', gfn: BASE + 1, mode: 'preexec', slotId: 1 }
		]);
	});

	test('tells dirty logging as one protection of the whole slot', () => {
		const { kvm, recorder } = recorded();
		createSlot(kvm);
		fault(kvm, BASE, WRITE);
		fault(kvm, BASE + 9, WRITE);
		recorder.flush();
		kvmSetMemoryRegion(kvm, region({ flags: 1 }));
		expect(eventsOf(recorder.flush()).map(plain)).toMatchObject([
			{ kind: 'memslot_flags', slotId: 1, flags: 1 },
			{ kind: 'spte_protect', gfn: BASE, npages: 1024, protect: 'write', flush: true },
			{ kind: 'tlb_flush' }
		]);
	});

	test('names the consumer that changes counters, and the address space of SMM', () => {
		const { kvm, recorder } = recorded();
		const slot = createSlot(kvm, { asId: 1 });
		const node = { name: 'agent' };
		kvmPageTrackRegisterNotifier(kvm, node);
		recorder.actor = node;
		kvmSlotPageTrackAddPage(kvm, slot, BASE, 2);
		kvmSlotPageTrackRemovePage(kvm, slot, BASE, 2);
		recorder.actor = null;
		expect(eventsOf(recorder.flush()).slice(2).map(plain)).toEqual([
			{ kind: 'track_add', asId: 1, slotId: 1, gfn: BASE, mode: 'write', nodeId: 0 },
			{ kind: 'track_remove', asId: 1, slotId: 1, gfn: BASE, mode: 'write', nodeId: 0 }
		]);
	});

	test('takes back a slot whose creation failed after the nodes were told', () => {
		const { kvm, recorder } = recorded({ allocFails: (what) => what === 'slots' });
		kvmPageTrackRegisterNotifier(kvm, {
			name: 'eager',
			trackCreateSlot: (_kvm, slot) => kvmSlotPageTrackAddPage(kvm, slot, BASE, 1)
		});
		expect(kvmSetMemoryRegion(kvm, region())).toBe(-12);
		const events = eventsOf(recorder.flush());
		expect(events.map(({ kind }) => kind)).toEqual([
			'register',
			'create_slot',
			'track_add',
			'anomaly',
			'memslot_delete'
		]);
		expect(events.reduce(evolve, initialState()).memslots.size).toBe(0);
	});

	test('tells kernel warnings and keeps events in order over batches of any size', () => {
		const all = [1, 3, 1000].map((batchEvents) => {
			const { kvm, recorder } = recorded({}, batchEvents);
			const slot = createSlot(kvm);
			kvmSlotPageTrackRemovePage(kvm, slot, BASE, 1);
			kvmSlotPageTrackAddPage(kvm, slot, BASE, 7);
			const batches = recorder.flush();
			expect(batches.every((batch) => batch.length <= batchEvents)).toBe(true);
			return eventsOf(batches);
		});
		expect(all[0]?.map(plain)).toMatchObject([
			{ kind: 'memslot_create' },
			{ kind: 'anomaly', quirk: 'WARN', text: 'kernel warning: counter-range' },
			{ kind: 'anomaly', quirk: 'Q10', gfn: BASE },
			{ kind: 'track_remove', gfn: BASE, mode: 'prewrite' },
			// level 3 starts at 1 as the slot's end is not aligned to 1 GiB, level 2 at 0
			{ kind: 'anomaly', quirk: 'WARN', text: 'kernel warning: lpage-negative' },
			{ kind: 'anomaly', quirk: 'WARN', text: 'kernel warning: invalid-mode' }
		]);
		expect(all[1]).toEqual(all[0]);
		expect(all[2]).toEqual(all[0]);
	});
});

/** A machine that consumers, guest and userspace may do anything to that a sane caller could. */
class Playground {
	readonly kvm: Kvm;
	readonly recorder = new HostRecorder({ batchEvents: 5 });
	failing: string | null = null;
	readonly #nodes: NotifierNode[];

	constructor() {
		this.kvm = new Kvm({
			vcpus: 2,
			allocFails: (what) => what === this.failing,
			taps: this.recorder.taps
		});
		const eager = {
			trackCreateSlot: (kvm: Kvm, slot: { baseGfn: number }) =>
				kvmSlotPageTrackAddPage(kvm, slot as never, slot.baseGfn + 3, 1),
			trackFlushSlot: (kvm: Kvm, slot: { baseGfn: number }) =>
				kvmSlotPageTrackRemovePage(kvm, slot as never, slot.baseGfn + 3, 1)
		};
		this.#nodes = [
			{ name: 'eager', ...eager },
			{ name: 'silent' },
			{ name: 'refuser', trackPrewrite: () => false, trackPreexec: () => false },
			this.recorder.node
		];
		kvmPageTrackRegisterNotifier(this.kvm, createKvmMmuNode());
	}

	toggleNode(index: number): void {
		const node = this.#nodes[index];
		if (!node) return;
		if (this.kvm.track.nodes.includes(node)) kvmPageTrackUnregisterNotifier(this.kvm, node);
		else kvmPageTrackRegisterNotifier(this.kvm, node);
	}

	slot(asId: 0 | 1, at: number) {
		const slots = this.kvm.memslots[asId].all();
		return slots[at % Math.max(1, slots.length)];
	}
}

type Operation = (play: Playground) => void;
const as = fc.constantFrom(0 as const, 0 as const, 1 as const);
const pages = fc.constantFrom(0, 1, 3, 511, 512, 600, 1023);

const operation: fc.Arbitrary<Operation> = fc.oneof(
	{
		weight: 3,
		arbitrary: fc
			.record({
				asId: as,
				id: fc.integer({ min: 0, max: 3 }),
				baseGfn: fc.constantFrom(0, 0x1000, 0x1001, 0x1400, 0x3fe00, 0x40000),
				npages: fc.constantFrom(0, 0, 1024, 1024, 1500),
				flags: fc.integer({ min: 0, max: 3 }),
				userspaceAddr: fc.constantFrom(0x7f00_0000_0000, 0x7f00_0000_1000),
				failing: fc.option(fc.constantFrom('slots', 'track-2', 'rmap-2m', 'dirty-bitmap'), { freq: 5 })
			})
			.map(({ failing, ...mem }): Operation => (play) => {
				play.failing = failing;
				kvmSetMemoryRegion(play.kvm, mem);
				play.failing = null;
			})
	},
	{
		weight: 4,
		arbitrary: fc
			.record({
				asId: as,
				at: fc.nat(3),
				page: pages,
				mode: fc.integer({ min: 0, max: 4 }),
				times: fc.constantFrom(1, 1, 1, 3, 40),
				add: fc.boolean()
			})
			.map(({ asId, at, page, mode, times, add }): Operation => (play) => {
				const slot = play.slot(asId, at);
				const step = add ? kvmSlotPageTrackAddPage : kvmSlotPageTrackRemovePage;
				for (let n = 0; slot && n < times; n++) step(play.kvm, slot, slot.baseGfn + page, mode);
			})
	},
	fc.nat(3).map(
		(index): Operation =>
			(play) =>
				play.toggleNode(index)
	),
	fc
		.record({ asId: as, page: pages, level: fc.integer({ min: 1, max: 4 }) })
		.map(({ asId, page, level }): Operation => (play) => {
			const slot = play.slot(asId, 0);
			const vcpu = play.kvm.vcpu(1);
			vcpu.smm = asId === 1;
			if (slot) kvmMmuGetPage(vcpu, slot.baseGfn + page, level);
		}),
	fc.nat(3).map((at): Operation => ({ kvm }) => {
		const page = kvm.shadowPages.oldestFirst()[at];
		if (page) kvmMmuPrepareZapPage(kvm, page);
	}),
	fc
		.record({ page: pages, code: fc.constantFrom(READ, WRITE, FETCH, 3, 5, 17), level: fc.nat(2) })
		.map(({ page, code, level }): Operation => (play) => {
			const slot = play.slot(0, 0);
			if (slot) fault(play.kvm, slot.baseGfn + page, code, level + 1);
		}),
	pages.map((page): Operation => ({ kvm }) => {
		const vcpu = kvm.vcpu(0);
		emulatorWriteEmulated(vcpu, (0x1000 + page) * 4096 + 4093, new Uint8Array(8), 8);
		emulatorReadEmulated(vcpu, (0x1000 + page) * 4096, new Uint8Array(8), 8);
		kvmFetchGuestVirt(vcpu, (0x1000 + page) * 4096, new Uint8Array(15), 15);
	})
);

test('the state that evolve rebuilds equals the host after every operation, at every position, through snapshots', () => {
	fc.assert(
		fc.property(fc.array(operation, { maxLength: 40, size: 'max' }), fc.boolean(), (operations, destroy) => {
			const play = new Playground();
			const all: NumberedEvent[] = [];
			const state = initialState();
			const texts: string[] = [];
			const check = () => {
				for (const event of eventsOf(play.recorder.flush(), all.length)) {
					texts.push(formatState(state));
					all.push(event);
					evolve(state, event);
				}
				expect(replayedTracking(state)).toEqual(hostTracking(play.kvm));
			};
			for (const run of operations) {
				run(play);
				check();
			}
			if (destroy) kvmDestroyVm(play.kvm);
			check();
			// from any snapshot the rest of the events, written out and read back, leads to the same end
			const end = formatState(state);
			for (let at = 0; at < texts.length; at += Math.max(1, Math.floor(texts.length / 4))) {
				const resumed = parseState(texts[at] ?? '');
				for (const event of all.slice(at)) {
					expect(formatState(resumed)).toBe(texts[event.seq]);
					evolve(resumed, parseLine(formatLine(event)));
				}
				expect(formatState(resumed)).toBe(end);
			}
		}),
		{ numRuns: 150 }
	);
});

test('a host of two address spaces keeps slots of the same id apart', () => {
	const { kvm, recorder } = recorded();
	createSlot(kvm);
	createSlot(kvm, { asId: 1, npages: 512 });
	kvmSlotPageTrackAddPage(kvm, slotAt(kvm, BASE), BASE + 1, 2);
	const state = eventsOf(recorder.flush()).reduce(evolve, initialState());
	expect(replayedTracking(state)).toEqual(hostTracking(kvm));
	expect(
		replayedTracking(state).slots.map(({ asId, npages, counters }) => [asId, npages, counters[2]])
	).toEqual([
		[0, 1024, [[1, 1]]],
		[1, 512, []]
	]);
});
