import fc from 'fast-check';
import { expect, test } from 'vitest';
import { HostBug } from '#lib/host/errors.ts';
import type { Kvm } from '#lib/host/kvm.ts';
import { createKvmMmuNode } from '#lib/host/kvm-mmu-node.ts';
import { kvmSetMemoryRegion } from '#lib/host/memory-region.ts';
import { rmapOf } from '#lib/host/memslot.ts';
import { kvmPageTrackRegisterNotifier } from '#lib/host/notifier.ts';
import {
	kvmPageTrackIsActive,
	kvmSlotPageTrackAddPage,
	kvmSlotPageTrackRemovePage
} from '#lib/host/page-track.ts';
import { kvmMmuGetPage, kvmMmuPrepareZapPage } from '#lib/host/shadow-page.ts';
import { isShadowPresentPte, isWritablePte } from '#lib/host/spte.ts';
import { BASE, createSlot, fault, machine, region, USERSPACE } from './machine.ts';

const PAGES = [0, 1, 5, 0x200, 0x205, 0x3ff];
const SIZE = 1024;

type Step = (kvm: Kvm) => void;

const page = fc.constantFrom(...PAGES);
const mode = fc.integer({ min: 0, max: 3 });

/** Steps a sane consumer and guest may take; every one finds the slot at whatever base it has. */
const step: fc.Arbitrary<Step> = fc.oneof(
	fc.tuple(page, mode).map(([p, m]): Step => (kvm) => {
		const slot = kvm.memslots[0].all()[0];
		if (slot) kvmSlotPageTrackAddPage(kvm, slot, slot.baseGfn + p, m);
	}),
	fc.tuple(page, mode).map(([p, m]): Step => (kvm) => {
		const slot = kvm.memslots[0].all()[0];
		if (slot && kvmPageTrackIsActive(kvm.vcpu(0), slot.baseGfn + p, m))
			kvmSlotPageTrackRemovePage(kvm, slot, slot.baseGfn + p, m);
	}),
	fc
		.tuple(page, fc.constantFrom(2, 3, 4, 5, 16, 17), fc.integer({ min: 1, max: 3 }))
		.map(([p, code, level]): Step => (kvm) => {
			const slot = kvm.memslots[0].all()[0];
			if (slot) fault(kvm, slot.baseGfn + p, code, level);
		}),
	fc.tuple(page, fc.integer({ min: 1, max: 3 })).map(([p, level]): Step => (kvm) => {
		const slot = kvm.memslots[0].all()[0];
		if (slot) kvmMmuGetPage(kvm.vcpu(0), slot.baseGfn + p, level);
	}),
	fc.constant<Step>((kvm) => {
		const oldest = kvm.shadowPages.oldestFirst()[0];
		if (oldest) kvmMmuPrepareZapPage(kvm, oldest);
	}),
	fc.constantFrom(0, 1).map((flags): Step => (kvm) => {
		const slot = kvm.memslots[0].all()[0];
		kvmSetMemoryRegion(kvm, region({ baseGfn: slot?.baseGfn ?? BASE, npages: SIZE, flags }));
	}),
	fc.constantFrom(BASE, 0x8000, 0).map((baseGfn): Step => (kvm) => {
		kvmSetMemoryRegion(kvm, region({ baseGfn, npages: baseGfn === 0 ? 0 : SIZE, userspaceAddr: USERSPACE }));
	})
);

/** Present entries of the normal address space that their slot's reverse map does not hold exactly once. */
function lostEntries(kvm: Kvm): number[] {
	return PAGES.flatMap((p) => [BASE + p, 0x8000 + p]).filter((gfn) => {
		const leaf = kvm.sptes[0].leaf(gfn);
		const slot = kvm.memslots[0].search(gfn);
		if (!leaf || !isShadowPresentPte(kvm.masks, leaf.lo, leaf.hi)) return false;
		if (!slot) return true;
		const { rmap, index } = rmapOf(slot, leaf.level, gfn);
		return rmap.get(index).filter((sptep) => sptep === leaf).length !== 1;
	});
}

/** Gfns that are write-tracked and that the guest may write all the same. */
const writableThoughTracked = (kvm: Kvm): number[] =>
	PAGES.flatMap((p) => [BASE + p, 0x8000 + p]).filter((gfn) => {
		const leaf = kvm.sptes[0].leaf(gfn);
		return (
			(kvmPageTrackIsActive(kvm.vcpu(0), gfn, 1) || kvmPageTrackIsActive(kvm.vcpu(0), gfn, 2)) &&
			leaf !== undefined &&
			isWritablePte(leaf.lo)
		);
	});

test('write tracking holds and no entry is lost, whatever guest and consumers do', () => {
	fc.assert(
		fc.property(fc.array(step, { maxLength: 60 }), fc.boolean(), (steps, prefetch) => {
			const { kvm } = machine({ prefetch });
			kvmPageTrackRegisterNotifier(kvm, createKvmMmuNode());
			createSlot(kvm, { npages: SIZE });
			for (const run of steps) {
				run(kvm);
				expect(lostEntries(kvm)).toEqual([]);
				expect(writableThoughTracked(kvm)).toEqual([]);
			}
		}),
		{ numRuns: 300 }
	);
});

test('without A/D bits the same steps end in nothing worse than the known BUG', () => {
	fc.assert(
		fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
			const { kvm } = machine({ adBits: false });
			kvmPageTrackRegisterNotifier(kvm, createKvmMmuNode());
			createSlot(kvm, { npages: SIZE });
			let died: unknown = null;
			try {
				for (const run of steps) run(kvm);
			} catch (error) {
				died = error;
			}
			if (died !== null)
				expect(died).toMatchObject({ reason: 'rmap-spte-not-present' } satisfies Partial<HostBug>);
			expect(kvm.indirectShadowPages).toBe(kvm.shadowPages.oldestFirst().length);
		}),
		{ numRuns: 300 }
	);
});
