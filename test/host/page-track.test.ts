import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { GfnOutsideSlotError } from '#lib/host/errors.ts';
import { disallowLpage } from '#lib/host/lpage.ts';
import { trackCount } from '#lib/host/memslot.ts';
import {
	kvmPageTrackIsActive,
	kvmSlotPageTrackAddPage,
	kvmSlotPageTrackRemovePage
} from '#lib/host/page-track.ts';
import { BASE, createSlot, machine } from './machine.ts';

const change = fc.record({
	add: fc.boolean(),
	page: fc.integer({ min: 0, max: 1023 }),
	mode: fc.integer({ min: 0, max: 3 }),
	times: fc.constantFrom(1, 2, 65535)
});

describe('page tracking', () => {
	test('keeps every counter within 0..65535 and warns once per step it refuses', () => {
		fc.assert(
			fc.property(fc.array(change, { maxLength: 12 }), (changes) => {
				const { kvm, heard } = machine({ protect: () => false });
				const slot = createSlot(kvm);
				const oracle = new Map<string, number>();
				let warns = 0;
				for (const { add, page, mode, times } of changes) {
					const step = add ? kvmSlotPageTrackAddPage : kvmSlotPageTrackRemovePage;
					for (let n = 0; n < times; n++) step(kvm, slot, BASE + page, mode);
					const key = `${page}/${mode}`;
					const wanted = (oracle.get(key) ?? 0) + (add ? times : -times);
					const count = Math.min(65535, Math.max(0, wanted));
					warns += Math.abs(wanted - count);
					oracle.set(key, count);
				}
				for (const [key, count] of oracle) {
					const [page = 0, mode = 0] = key.split('/').map(Number);
					expect(trackCount(slot, mode, BASE + page)).toBe(count);
				}
				expect(heard.filter((word) => word === 'warn counter-range')).toHaveLength(warns);
			}),
			{ numRuns: 30 }
		);
	});

	test('restores counters and huge-page counts when every add is taken back, in any order', () => {
		const adds = fc.array(fc.tuple(fc.integer({ min: 0, max: 1023 }), fc.integer({ min: 0, max: 3 })), {
			maxLength: 40
		});
		const shuffled = adds.chain((list) =>
			fc.tuple(fc.constant(list), fc.shuffledSubarray(list, { minLength: list.length }))
		);
		fc.assert(
			fc.property(shuffled, ([added, removed]) => {
				const { kvm, heard } = machine();
				const slot = createSlot(kvm);
				const lpages = () =>
					[2, 3].flatMap((level) => [0, 512].map((p) => disallowLpage(slot, level, BASE + p)));
				const before = lpages();
				for (const [page, mode] of added) kvmSlotPageTrackAddPage(kvm, slot, BASE + page, mode);
				for (const [page, mode] of removed) kvmSlotPageTrackRemovePage(kvm, slot, BASE + page, mode);
				expect(lpages()).toEqual(before);
				for (const [page, mode] of added) expect(trackCount(slot, mode, BASE + page)).toBe(0);
				expect(heard).toEqual([]);
			})
		);
	});

	test('counts each mode of a page by itself', () => {
		const { kvm } = machine();
		const slot = createSlot(kvm);
		kvmSlotPageTrackAddPage(kvm, slot, BASE + 5, 0);
		kvmSlotPageTrackAddPage(kvm, slot, BASE + 5, 3);
		kvmSlotPageTrackAddPage(kvm, slot, BASE + 5, 3);
		expect([0, 1, 2, 3].map((mode) => trackCount(slot, mode, BASE + 5))).toEqual([1, 0, 0, 2]);
		expect(disallowLpage(slot, 2, BASE)).toBe(3);
	});

	test('asks for the protection of the mode on every add and for none on a remove', () => {
		const kinds: string[] = [];
		const { kvm, heard } = machine({ protect: (kind) => kinds.push(kind) === 1 });
		const slot = createSlot(kvm);
		for (const mode of [0, 0, 1, 2, 3]) kvmSlotPageTrackAddPage(kvm, slot, BASE, mode);
		for (const mode of [0, 0, 1, 2, 3]) kvmSlotPageTrackRemovePage(kvm, slot, BASE, mode);
		expect(kinds).toEqual(['read', 'read', 'write', 'write', 'exec']);
		expect(heard).toEqual(['flush']);
	});

	test('warns about an invalid mode and does nothing else', () => {
		const { kvm, heard } = machine();
		const slot = createSlot(kvm);
		for (const mode of [4, -1, 1.5]) {
			kvmSlotPageTrackAddPage(kvm, slot, BASE, mode);
			expect(kvmPageTrackIsActive(kvm.vcpu(0), BASE, mode)).toBe(false);
		}
		expect(heard).toEqual(Array(6).fill('warn invalid-mode'));
		expect(disallowLpage(slot, 2, BASE)).toBe(0);
	});

	test('refuses a gfn outside the slot and names slot and range', () => {
		const { kvm } = machine();
		const slot = createSlot(kvm);
		expect(() => kvmSlotPageTrackAddPage(kvm, slot, BASE + 1024, 0)).toThrow(GfnOutsideSlotError);
		expect(() => kvmSlotPageTrackRemovePage(kvm, slot, BASE - 1, 0)).toThrow(
			expect.objectContaining({ slotId: 1, gfn: BASE - 1, baseGfn: BASE, npages: 1024 })
		);
	});

	test('looks a page up in the address space the vCPU is in', () => {
		const { kvm } = machine();
		const smm = createSlot(kvm, { asId: 1 });
		createSlot(kvm);
		kvmSlotPageTrackAddPage(kvm, smm, BASE, 2);
		const vcpu = kvm.vcpu(0);
		expect(kvmPageTrackIsActive(vcpu, BASE, 2)).toBe(false);
		vcpu.smm = true;
		expect(kvmPageTrackIsActive(vcpu, BASE, 2)).toBe(true);
	});

	test('keeps only the chunks of tracked pages of a 64 GiB slot', () => {
		const { kvm } = machine();
		const npages = 2 ** 24;
		const slot = createSlot(kvm, { baseGfn: 2 ** 20, npages, userspaceAddr: 2 ** 40 });
		for (let gfn = 2 ** 20; gfn < 2 ** 20 + npages; gfn += npages / 64)
			kvmSlotPageTrackAddPage(kvm, slot, gfn, 2);
		expect(slot.arch.gfnTrack.map((track) => track?.chunks)).toEqual([0, 0, 64, 0]);
		expect(kvmPageTrackIsActive(kvm.vcpu(0), 2 ** 20 + npages / 2, 2)).toBe(true);
	});
});
