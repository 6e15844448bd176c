import { describe, expect, test } from 'vitest';
import { HostBug } from '#lib/host/errors.ts';
import { kvmSetMemoryRegion } from '#lib/host/memory-region.ts';
import { kvmMmuPageFault } from '#lib/host/page-fault.ts';
import { kvmSlotPageTrackAddPage, kvmSlotPageTrackRemovePage } from '#lib/host/page-track.ts';
import { PFERR_GUEST_PAGE_MASK } from '#lib/host/pferr.ts';
import { kvmMmuGetPage, kvmMmuPrepareZapPage } from '#lib/host/shadow-page.ts';
import { trackCount } from '#lib/host/memslot.ts';
import {
	BASE,
	createSlot,
	entry,
	fault,
	FETCH,
	machine,
	PRESENT,
	READ,
	region,
	RSVD,
	WRITE
} from './machine.ts';

describe('a fault', () => {
	test('is tracked only when the entry is present and the access meets its mode', () => {
		const { kvm } = machine();
		const slot = createSlot(kvm);
		fault(kvm, BASE, WRITE);
		kvmSlotPageTrackAddPage(kvm, slot, BASE, 3);
		expect(fault(kvm, BASE, FETCH | PRESENT)).toEqual({
			ret: 'emulate',
			stage: 'tracked',
			noReexecute: true
		});
		expect(fault(kvm, BASE, READ | PRESENT).stage).toBe('fast');
		expect(fault(kvm, BASE, FETCH).stage).toBe('mapped');
	});

	test('gives the right back after the last remove', () => {
		const { kvm } = machine();
		const slot = createSlot(kvm);
		kvmSlotPageTrackAddPage(kvm, slot, BASE, 2);
		fault(kvm, BASE, READ);
		expect(entry(kvm, BASE)).toBe('0x1001000575');
		kvmSlotPageTrackRemovePage(kvm, slot, BASE, 2);
		expect(entry(kvm, BASE)).toBe('0x1001000575');
		fault(kvm, BASE, WRITE | PRESENT);
		expect(entry(kvm, BASE)).toBe('0x1001000f77');
	});

	test('replaces a huge leaf by a small one with one flush', () => {
		const { kvm, heard } = machine();
		const slot = createSlot(kvm);
		fault(kvm, BASE + 0x200, READ, 2);
		kvmSlotPageTrackAddPage(kvm, slot, BASE + 0x210, 1);
		heard.length = 0;
		expect(fault(kvm, BASE + 0x211, WRITE | PRESENT)).toMatchObject({ stage: 'mapped', level: 1, acc: 7 });
		expect(heard).toEqual(['flush']);
		expect([entry(kvm, BASE + 0x211), entry(kvm, BASE + 0x212)]).toEqual(['0x1001211f77', 'none']);
	});

	test('replaces small leaves by a huge one with one flush', () => {
		const { kvm, heard } = machine();
		createSlot(kvm);
		fault(kvm, BASE + 0x201, READ);
		expect(fault(kvm, BASE + 0x202, READ, 2)).toMatchObject({ stage: 'mapped', level: 2 });
		expect(heard).toEqual(['flush']);
		expect(entry(kvm, BASE + 0x201)).toBe('0x1001200ff7');
	});

	test('on an address without memory is emulated as MMIO', () => {
		const { kvm } = machine();
		expect(fault(kvm, 77, WRITE)).toEqual({ ret: 'emulate', stage: 'mmio' });
		expect(fault(kvm, 77, RSVD)).toEqual({ ret: 'emulate', stage: 'mmio' });
	});

	test('that writes a read-only slot is emulated, one that reads maps it read-only', () => {
		const { kvm } = machine();
		createSlot(kvm, { flags: 2 });
		expect(fault(kvm, BASE, WRITE)).toEqual({ ret: 'emulate', stage: 'read-only' });
		fault(kvm, BASE, READ);
		expect(entry(kvm, BASE)).toBe('0x1001000175');
	});

	test('of a guest table walk removes the shadow pages of an untracked gfn instead of emulating', () => {
		const { kvm, heard } = machine({ adBits: false });
		const slot = createSlot(kvm, { npages: 2048 });
		kvmSlotPageTrackAddPage(kvm, slot, BASE + 0x200, 0);
		kvmSlotPageTrackRemovePage(kvm, slot, BASE + 0x200, 1);
		kvmMmuGetPage(kvm.vcpu(0), BASE + 0x201, 1);
		kvmSlotPageTrackRemovePage(kvm, slot, BASE + 0x202, 1);
		const code = PFERR_GUEST_PAGE_MASK + (WRITE | PRESENT);
		expect(kvm.indirectShadowPages).toBe(1);
		expect(fault(kvm, BASE + 0x201, code, 2)).toMatchObject({ ret: 'resume', level: 2, unprotected: true });
		expect(kvm.indirectShadowPages).toBe(0);
		expect(heard).toContain('Q5');
	});

	test('is told to the tap with its answer', () => {
		const told: unknown[] = [];
		const { kvm } = machine({
			taps: { pageFault: (vcpu, gpa, code, { stage }) => told.push([vcpu.vcpuId, gpa, code, stage]) }
		});
		createSlot(kvm);
		const host = { hostLevel: 1, hostWritable: true, prefault: false };
		kvmMmuPageFault(kvm.vcpu(0), BASE * 4096 + 8, READ, host);
		expect(told).toEqual([[0, BASE * 4096 + 8, READ, 'mapped']]);
	});
});

describe('a shadow page', () => {
	test('above level 1 costs two counters, at level 1 none', () => {
		const { kvm } = machine();
		const slot = createSlot(kvm);
		const upper = kvmMmuGetPage(kvm.vcpu(0), BASE, 2);
		kvmMmuGetPage(kvm.vcpu(0), BASE + 1, 1);
		expect([0, 1, 2, 3].map((mode) => trackCount(slot, mode, BASE))).toEqual([0, 1, 1, 0]);
		expect([0, 1, 2, 3].map((mode) => trackCount(slot, mode, BASE + 1))).toEqual([0, 0, 0, 0]);
		kvmMmuPrepareZapPage(kvm, upper);
		expect([0, 1, 2, 3].map((mode) => trackCount(slot, mode, BASE))).toEqual([0, 0, 0, 0]);
		expect(kvm.indirectShadowPages).toBe(1);
	});

	test('kills the host when its slot has gone', () => {
		const { kvm } = machine();
		createSlot(kvm);
		const page = kvmMmuGetPage(kvm.vcpu(0), BASE, 2);
		kvmSetMemoryRegion(kvm, region({ npages: 0 }));
		expect(() => kvmMmuPrepareZapPage(kvm, page)).toThrow(HostBug);
	});
});
