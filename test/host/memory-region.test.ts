import { describe, expect, test } from 'vitest';
import { HostInputError } from '#lib/host/errors.ts';
import { createKvmMmuNode } from '#lib/host/kvm-mmu-node.ts';
import { disallowLpage } from '#lib/host/lpage.ts';
import { kvmSetMemoryRegion } from '#lib/host/memory-region.ts';
import type { MemslotFields } from '#lib/host/memslot.ts';
import { kvmPageTrackRegisterNotifier } from '#lib/host/notifier.ts';
import { kvmPageTrackIsActive, kvmSlotPageTrackAddPage } from '#lib/host/page-track.ts';
import {
	BASE,
	createSlot,
	entry,
	fault,
	machine,
	PRESENT,
	READ,
	region,
	register,
	USERSPACE,
	WRITE
} from './machine.ts';

const EINVAL = -22;
const EEXIST = -17;

describe('a memory region', () => {
	test.each<[string, Partial<MemslotFields>]>([
		['an unknown flag', { flags: 4 }],
		['a third address space', { asId: 2 }],
		['id 512', { id: 512 }],
		['an unaligned userspace address', { userspaceAddr: USERSPACE + 1 }],
		['a range that wraps', { baseGfn: 2 ** 52 - 1, npages: 16 }],
		['2^31 pages', { npages: 2 ** 31 }],
		['the deletion of an absent slot', { npages: 0 }]
	])('is refused for %s', (_what, fields) => {
		expect(kvmSetMemoryRegion(machine().kvm, region(fields))).toBe(EINVAL);
	});

	test.each<[string, Partial<MemslotFields>]>([
		['size', { npages: 1023 }],
		['userspace address', { userspaceAddr: USERSPACE + 4096 }],
		['read-only flag', { flags: 2 }]
	])('cannot change its %s', (_what, fields) => {
		const { kvm } = machine();
		createSlot(kvm);
		expect(kvmSetMemoryRegion(kvm, region(fields))).toBe(EINVAL);
	});

	test('may not overlap another slot of its address space, but one of the other space', () => {
		const { kvm } = machine();
		createSlot(kvm);
		expect(kvmSetMemoryRegion(kvm, region({ id: 2, baseGfn: BASE + 1023 }))).toBe(EEXIST);
		expect(kvmSetMemoryRegion(kvm, region({ id: 2, baseGfn: BASE + 1024 }))).toBe(0);
		expect(kvmSetMemoryRegion(kvm, region({ id: 2, asId: 1 }))).toBe(0);
	});

	test('may have an unaligned userspace address only if it is private to KVM', () => {
		const { kvm } = machine();
		expect(kvmSetMemoryRegion(kvm, region({ id: 508, userspaceAddr: USERSPACE + 5 }))).toBe(EINVAL);
		expect(kvmSetMemoryRegion(kvm, region({ id: 509, userspaceAddr: USERSPACE + 5 }))).toBe(0);
	});

	test('throws for a number no kernel interface could carry', () => {
		const { kvm } = machine();
		expect(() => kvmSetMemoryRegion(kvm, region({ npages: -1 }))).toThrow(HostInputError);
		expect(() => kvmSetMemoryRegion(kvm, region({ baseGfn: 1.5 }))).toThrow(
			expect.objectContaining({ field: 'baseGfn' })
		);
	});

	test('forbids huge pages at unaligned ends, and everywhere if userspace is aligned otherwise', () => {
		const counts = (fields: Partial<MemslotFields>) => {
			const slot = createSlot(machine().kvm, fields);
			return [0x1000, 0x1200, 0x1400].map((gfn) => disallowLpage(slot, 2, gfn));
		};
		expect(counts({ npages: 1536 })).toEqual([0, 0, 0]);
		expect(counts({ baseGfn: BASE + 1, npages: 1534, userspaceAddr: USERSPACE + 4096 })).toEqual([1, 0, 1]);
		expect(counts({ npages: 1536, userspaceAddr: USERSPACE + 4096 })).toEqual([1, 1, 1]);
	});

	test('is not visible while its nodes are told, but what they track stays', () => {
		const { kvm } = machine();
		let active = true;
		register(kvm, {
			trackCreateSlot: (host, slot) => {
				kvmSlotPageTrackAddPage(host, slot, BASE, 2);
				active = kvmPageTrackIsActive(host.vcpu(0), BASE, 2);
			}
		});
		createSlot(kvm);
		expect(active).toBe(false);
		expect(kvmPageTrackIsActive(kvm.vcpu(0), BASE, 2)).toBe(true);
	});

	test('is told to be flushed with its old base, invalid and still found', () => {
		const { kvm } = machine();
		createSlot(kvm);
		const told: unknown[] = [];
		register(kvm, {
			trackFlushSlot: (host, slot) =>
				void told.push(slot.baseGfn, slot.invalid, host.memslots[0].search(BASE) === slot)
		});
		kvmSetMemoryRegion(kvm, region({ baseGfn: 0x8000 }));
		expect(told).toEqual([BASE, true, true]);
		expect(kvm.memslots[0].search(BASE)).toBeNull();
		expect(kvm.memslots[0].search(0x8000)).toMatchObject({ invalid: false, baseGfn: 0x8000 });
	});

	test('calls nobody when only its flags change', () => {
		const { kvm } = machine();
		createSlot(kvm);
		let calls = 0;
		register(kvm, { trackCreateSlot: () => void calls++, trackFlushSlot: () => void calls++ });
		expect(kvmSetMemoryRegion(kvm, region({ flags: 1 }))).toBe(0);
		expect(calls).toBe(0);
	});

	test('write-protects its entries with one flush when dirty logging begins, and marks what is written', () => {
		const { kvm, heard } = machine();
		createSlot(kvm);
		fault(kvm, BASE, WRITE);
		fault(kvm, BASE + 1, READ);
		kvmSetMemoryRegion(kvm, region({ flags: 1 }));
		expect([entry(kvm, BASE), entry(kvm, BASE + 1)]).toEqual(['0x1001000f75', '0x1001001f75']);
		expect(heard).toEqual(['flush']);
		expect(fault(kvm, BASE + 1, WRITE | PRESENT).stage).toBe('fast');
		expect([...(kvm.memslots[0].byId(1)?.dirtyBitmap ?? [])]).toEqual([1]);
	});

	test('loses all entries of the VM when KVM itself hears of its end', () => {
		const { kvm } = machine();
		kvmPageTrackRegisterNotifier(kvm, createKvmMmuNode());
		createSlot(kvm);
		createSlot(kvm, { id: 2, baseGfn: 0x8000 });
		fault(kvm, BASE, READ);
		fault(kvm, 0x8000, READ);
		kvmSetMemoryRegion(kvm, region({ npages: 0 }));
		expect([entry(kvm, BASE), entry(kvm, 0x8000)]).toEqual(['none', 'none']);
	});
});
