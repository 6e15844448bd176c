import { describe, expect, test } from 'vitest';
import { EMULATION_USER_EXIT, x86DecodeInsnResult, X86EMUL_RETRY_INSTR } from '#lib/host/emul-result.ts';
import { emulatorCmpxchgEmulated } from '#lib/host/emulator-cmpxchg.ts';
import { emulatorReadEmulated, emulatorWriteEmulated, kvmFetchGuestVirt } from '#lib/host/emulator.ts';
import { HostBug, NotifierError } from '#lib/host/errors.ts';
import { kvmVcpuReadGuest } from '#lib/host/guest-access.ts';
import { kvmDestroyVm } from '#lib/host/kvm.ts';
import { KvmiConsumer } from '#lib/host/kvmi-consumer.ts';
import { disallowLpage } from '#lib/host/lpage.ts';
import { kvmSetMemoryRegion } from '#lib/host/memory-region.ts';
import { trackCount } from '#lib/host/memslot.ts';
import { kvmPageTrackRegisterNotifier } from '#lib/host/notifier.ts';
import {
	kvmPageTrackIsActive,
	kvmSlotPageTrackAddPage,
	kvmSlotPageTrackRemovePage
} from '#lib/host/page-track.ts';
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
	register,
	RSVD,
	slotAt,
	WRITE
} from './machine.ts';

const [PREREAD, PREWRITE, TRACK_WRITE, PREEXEC] = [0, 1, 2, 3] as const;
const GPA = BASE * 4096;

/** A VM with one slot. */
function host(options: Parameters<typeof machine>[0] = {}) {
	const { kvm, heard } = machine(options);
	return { kvm, heard, slot: createSlot(kvm), vcpu: kvm.vcpu(0) };
}

describe('kept quirks', () => {
	test('Q1: adding PREEXEC to a writable page clears X without a flush', () => {
		const { kvm, heard, slot } = host();
		fault(kvm, BASE, WRITE);
		expect(entry(kvm, BASE)).toBe('0x1001000f77');
		kvmSlotPageTrackAddPage(kvm, slot, BASE, PREEXEC);
		expect(entry(kvm, BASE)).toBe('0x1001000f73');
		expect(heard).toEqual(['Q1']);
	});

	test('Q1: the same on a dirty-logged page flushes by accident', () => {
		const { kvm, heard } = host();
		fault(kvm, BASE, WRITE);
		kvmSetMemoryRegion(kvm, region({ flags: 1 }));
		heard.length = 0;
		kvmSlotPageTrackAddPage(kvm, slotAt(kvm, BASE), BASE, PREEXEC);
		expect(entry(kvm, BASE)).toBe('0x1001000f71');
		expect(heard).toEqual(['flush']);
	});

	test('Q2: adding PREREAD to a write-tracked page clears R without a flush', () => {
		const { kvm, heard, slot } = host();
		fault(kvm, BASE, WRITE);
		kvmSlotPageTrackAddPage(kvm, slot, BASE, PREWRITE);
		expect(entry(kvm, BASE)).toBe('0x1001000775');
		kvmSlotPageTrackAddPage(kvm, slot, BASE, PREREAD);
		expect(entry(kvm, BASE)).toBe('0x1001000774');
		expect(heard).toEqual(['flush', 'Q2']);
	});

	test('Q3: PREREAD alone maps write and execute without read, which ends in an error', () => {
		const { kvm, heard, slot } = host();
		kvmSlotPageTrackAddPage(kvm, slot, BASE, PREREAD);
		expect(fault(kvm, BASE, READ)).toMatchObject({ ret: 'resume', stage: 'mapped', acc: 3 });
		expect(entry(kvm, BASE)).toBe('0x1001000f76');
		expect(heard).toEqual(['Q3']);
		expect(fault(kvm, BASE, RSVD)).toEqual({ ret: 'error', stage: 'misconfig' });
	});

	test('Q4: a write fault makes a read-protected entry writable through the fast path', () => {
		const { kvm, heard, slot } = host();
		fault(kvm, BASE, READ);
		kvmSlotPageTrackAddPage(kvm, slot, BASE, PREREAD);
		expect(entry(kvm, BASE)).toBe('0x1001000f74');
		expect(fault(kvm, BASE, WRITE | PRESENT)).toEqual({ ret: 'resume', stage: 'fast' });
		expect(entry(kvm, BASE)).toBe('0x1001000f76');
		expect(heard).toEqual(['flush', 'Q4']);
	});

	test('Q5: without A/D bits PREREAD builds an entry KVM takes for MMIO: WARN, no rmap, emulate', () => {
		const { kvm, heard, slot } = host({ adBits: false });
		kvmSlotPageTrackAddPage(kvm, slot, BASE, PREREAD);
		expect(fault(kvm, BASE, READ)).toMatchObject({ ret: 'emulate', stage: 'mapped' });
		expect(entry(kvm, BASE)).toBe('0x4000001001000c76');
		expect(heard).toEqual(['warn spte-not-present', 'Q5']);
		kvmSlotPageTrackAddPage(kvm, slot, BASE, PREWRITE);
		expect(entry(kvm, BASE)).toBe('0x4000001001000c76');
	});

	test('Q5: made so by the fast path while rmapped, the next protect kills the host', () => {
		const { kvm, heard, slot } = host({ adBits: false });
		fault(kvm, BASE, READ);
		kvmSlotPageTrackAddPage(kvm, slot, BASE, PREREAD);
		fault(kvm, BASE, WRITE | PRESENT);
		expect(heard).toEqual(['flush', 'Q4', 'Q5']);
		expect(() => kvmSlotPageTrackAddPage(kvm, slot, BASE, PREWRITE)).toThrow(HostBug);
	});

	test('Q6: without execute-only EPT a read-tracked page is mapped readable', () => {
		const { kvm, heard, slot } = host({ execOnly: false });
		kvmSlotPageTrackAddPage(kvm, slot, BASE, PREREAD);
		fault(kvm, BASE, READ);
		expect(entry(kvm, BASE)).toBe('0x1001000f77');
		expect(heard).toEqual(['Q6']);
	});

	test('Q6: and protecting a mapped page leaves an entry that is illegal there', () => {
		const { kvm, heard, slot } = host({ execOnly: false });
		fault(kvm, BASE, READ);
		kvmSlotPageTrackAddPage(kvm, slot, BASE, PREREAD);
		expect(entry(kvm, BASE)).toBe('0x1001000f74');
		expect(heard).toEqual(['Q6', 'flush']);
		expect(fault(kvm, BASE, RSVD)).toEqual({ ret: 'error', stage: 'misconfig' });
	});

	test('Q7: with all rights tracked the same entry is rebuilt for ever and no node hears of it', () => {
		const { kvm, heard, slot } = host();
		const calls: string[] = [];
		register(kvm, { trackPreread: () => (calls.push('preread'), true) });
		for (const mode of [PREREAD, PREWRITE, PREEXEC]) kvmSlotPageTrackAddPage(kvm, slot, BASE, mode);
		for (const access of [READ, WRITE, FETCH, READ])
			expect(fault(kvm, BASE, access)).toMatchObject({ ret: 'resume', stage: 'mapped', acc: 0 });
		expect(entry(kvm, BASE)).toBe('0x1001000570');
		expect(heard.filter((word) => word === 'Q7')).toHaveLength(3);
		expect(calls).toEqual([]);
	});

	test('Q8: the first write to an unmapped write-tracked page maps it read-only and faults once more', () => {
		const { kvm, heard, slot } = host();
		kvmSlotPageTrackAddPage(kvm, slot, BASE, TRACK_WRITE);
		expect(fault(kvm, BASE, WRITE)).toMatchObject({ ret: 'resume', stage: 'mapped', acc: 5 });
		expect(entry(kvm, BASE)).toBe('0x1001000575');
		expect(heard).toEqual(['Q8']);
		expect(fault(kvm, BASE, WRITE | PRESENT)).toEqual({ ret: 'emulate', stage: 'tracked' });
	});

	test('Q9: prefetch maps a neighbour tracked for execution with all rights', () => {
		const { kvm, heard, slot } = host({ prefetch: true });
		kvmSlotPageTrackAddPage(kvm, slot, BASE + 1, PREEXEC);
		fault(kvm, BASE + 3, READ);
		expect(entry(kvm, BASE + 1)).toBe('0x1001001e77');
		expect(heard).toEqual(['Q9']);
		expect([entry(kvm, BASE), entry(kvm, BASE + 2)]).toEqual(['0x1001000e77', '0x1001002e77']);
		expect(entry(kvm, BASE + 4)).toBe('none');
	});

	test('Q9: without accessed bits nothing is prefetched', () => {
		const { kvm } = host({ prefetch: true, adBits: false });
		fault(kvm, BASE + 3, READ);
		expect(entry(kvm, BASE)).toBe('none');
	});

	test('Q10: a stray remove in another mode allows a huge page over a tracked gfn', () => {
		const { kvm, heard, slot } = host();
		const gfn = BASE + 0x205;
		kvmSlotPageTrackAddPage(kvm, slot, gfn, PREREAD);
		kvmSlotPageTrackRemovePage(kvm, slot, gfn, PREWRITE);
		expect(heard).toEqual(['warn counter-range', 'Q10']);
		expect(disallowLpage(slot, 2, gfn)).toBe(0);
		expect(fault(kvm, gfn, READ, 2)).toMatchObject({ stage: 'mapped', level: 2, acc: 7 });
		expect(heard).toEqual(['warn counter-range', 'Q10', 'Q10']);
	});

	test('Q11: execute-protecting one page takes X from the whole huge leaf', () => {
		const { kvm, heard, slot } = host();
		fault(kvm, BASE + 0x200, WRITE, 2);
		expect(entry(kvm, BASE + 0x3ff)).toBe('0x1001200ff7');
		kvmSlotPageTrackAddPage(kvm, slot, BASE + 0x205, PREEXEC);
		expect(entry(kvm, BASE + 0x3ff)).toBe('0x1001200ff3');
		expect(heard).toEqual(['Q11', 'Q1']);
	});

	test('Q12: a move carries counters to other gfns', () => {
		const { kvm, heard, slot, vcpu } = host();
		kvmSlotPageTrackAddPage(kvm, slot, BASE + 16, TRACK_WRITE);
		expect(kvmSetMemoryRegion(kvm, region({ baseGfn: 0x2000 }))).toBe(0);
		expect(kvmPageTrackIsActive(vcpu, 0x2000 + 16, TRACK_WRITE)).toBe(true);
		expect(kvmPageTrackIsActive(vcpu, BASE + 16, TRACK_WRITE)).toBe(false);
		expect(heard).toEqual(['Q12']);
	});

	test('Q12: so is a move to a base that needs more huge-page indexes than there are', () => {
		const { kvm, heard } = host();
		kvmSetMemoryRegion(kvm, region({ baseGfn: 0x2001 }));
		expect(heard).toEqual(['Q12']);
	});

	test('Q13: a creation that fails late has told the nodes and tells them nothing more', () => {
		const { kvm, heard } = machine({ allocFails: (what) => what === 'slots' });
		const calls: string[] = [];
		register(kvm, {
			trackCreateSlot: () => void calls.push('create'),
			trackFlushSlot: () => void calls.push('flush')
		});
		expect(kvmSetMemoryRegion(kvm, region())).toBe(-12);
		expect(calls).toEqual(['create']);
		expect(heard).toEqual(['Q13']);
	});

	test('Q13: the end of a VM calls no flush callback', () => {
		const { kvm, heard } = host();
		let flushed = 0;
		register(kvm, { trackFlushSlot: () => void flushed++ });
		kvmDestroyVm(kvm);
		expect(flushed).toBe(0);
		expect(kvm.memslots[0].all()).toEqual([]);
		expect(heard).toEqual(['Q13']);
	});

	test('Q14: the first page of a cross-page write stands when the second is refused, and is done again', () => {
		const { kvm, heard, vcpu } = host();
		const second = GPA + 4096;
		const calls: string[] = [];
		register(kvm, {
			trackPrewrite: (_vcpu, gpa, _data, bytes) => (
				calls.push(`prewrite ${gpa - GPA} ${bytes}`),
				gpa !== second
			),
			trackWrite: (_vcpu, gpa, _data, bytes) => void calls.push(`write ${gpa - GPA} ${bytes}`)
		});
		const data = Uint8Array.of(1, 2, 3, 4);
		const round = ['prewrite 4094 2', 'write 4094 2', 'prewrite 4096 2'];
		expect(emulatorWriteEmulated(vcpu, second - 2, data, 4)).toBe(X86EMUL_RETRY_INSTR);
		const memory = new Uint8Array(4);
		kvmVcpuReadGuest(vcpu, second - 2, memory, 4);
		expect([...memory]).toEqual([1, 2, 0, 0]);
		expect(calls).toEqual(round);
		expect(heard).toEqual(['Q14']);
		emulatorWriteEmulated(vcpu, second - 2, data, 4);
		expect(calls).toEqual([...round, ...round]);
	});

	test('Q15: a refused compare-exchange leaks a page reference', () => {
		const { kvm, heard, vcpu } = host();
		register(kvm, { trackPrewrite: () => false });
		const values = { old: Uint8Array.of(0), new: Uint8Array.of(9) };
		expect(emulatorCmpxchgEmulated(vcpu, GPA, values)).toEqual({ rc: 3, leakedPageRefs: 1 });
		expect(heard).toEqual(['Q15']);
	});

	test('Q15: prewrite is told the new value of a compare-exchange that then fails', () => {
		const { kvm, heard, vcpu } = host();
		const told: number[] = [];
		register(kvm, { trackPrewrite: (_vcpu, _gpa, data) => (told.push(data[0] ?? -1), true) });
		const values = { old: Uint8Array.of(7), new: Uint8Array.of(9) };
		expect(emulatorCmpxchgEmulated(vcpu, GPA, values)).toEqual({ rc: 4, leakedPageRefs: 0 });
		expect(told).toEqual([9]);
		expect(heard).toEqual(['Q15']);
	});

	test('Q16: bytes a ready preread did not fill are what the buffer held', () => {
		const { kvm, vcpu } = host();
		register(kvm, {
			trackPreread: (_vcpu, _gpa, buf, _bytes, ready) => {
				buf[0] = 0xaa;
				return (ready.dataReady = true);
			}
		});
		const buf = Uint8Array.of(1, 2, 3, 4);
		expect(emulatorReadEmulated(vcpu, GPA, buf, 4)).toBe(0);
		expect([...buf]).toEqual([0xaa, 2, 3, 4]);
	});

	test('Q16: data that is ready is dropped when the read is refused', () => {
		const { kvm, heard, vcpu } = host();
		register(kvm, {
			trackPreread: (_vcpu, _gpa, _buf, _bytes, ready) => !(ready.dataReady = true)
		});
		expect(emulatorReadEmulated(vcpu, GPA, new Uint8Array(4), 4)).toBe(X86EMUL_RETRY_INSTR);
		expect(heard).toEqual(['Q16']);
	});

	test('Q17: a refused fetch ends the instruction because two different constants are 3', () => {
		const { kvm, heard, vcpu } = host();
		register(kvm, { trackPreexec: () => false });
		const rc = kvmFetchGuestVirt(vcpu, GPA, new Uint8Array(15), 15);
		expect(rc).toBe(X86EMUL_RETRY_INSTR);
		expect(x86DecodeInsnResult(rc)).toBe(EMULATION_USER_EXIT);
		expect(heard).toEqual(['Q17']);
	});

	test('Q18: the first consumer forgets the slot after one removed mode', () => {
		const { kvm, heard, slot } = host();
		const consumer = new KvmiConsumer();
		kvmPageTrackRegisterNotifier(kvm, consumer.node);
		consumer.setMemAccess(kvm, BASE, 0);
		expect([0, 1, 2, 3].map((mode) => trackCount(slot, mode, BASE))).toEqual([1, 1, 0, 1]);
		consumer.setMemAccess(kvm, BASE, 7);
		expect([0, 1, 2, 3].map((mode) => trackCount(slot, mode, BASE))).toEqual([0, 1, 0, 1]);
		expect(heard).toEqual(['Q18', 'Q18']);
	});

	test('Q18: its one node for all VMs is refused by the second', () => {
		const first = machine();
		const second = machine();
		const { node } = new KvmiConsumer();
		kvmPageTrackRegisterNotifier(first.kvm, node);
		expect(() => kvmPageTrackRegisterNotifier(second.kvm, node)).toThrow(NotifierError);
		expect(second.heard).toEqual(['Q18']);
	});

	test('Q19: on NPT read-protect takes "present" and exec-protect takes "user"', () => {
		const { kvm, heard, slot } = host({ paging: 'npt' });
		fault(kvm, BASE, WRITE);
		expect(entry(kvm, BASE)).toBe('0x1001000c67');
		kvmSlotPageTrackAddPage(kvm, slot, BASE, PREREAD);
		expect(entry(kvm, BASE)).toBe('0x1001000c64');
		kvmSlotPageTrackAddPage(kvm, slot, BASE, PREEXEC);
		expect(entry(kvm, BASE)).toBe('0x1001000c60');
		expect(heard.filter((word) => word === 'Q19')).toHaveLength(2);
	});

	test('Q20: a verdict that stays false live-locks the vCPU, and every round tells all nodes', () => {
		const { kvm, heard, vcpu } = host();
		let calls = 0;
		register(kvm, { trackPrewrite: () => (calls++, true) });
		register(kvm, { trackPrewrite: () => (calls++, false) });
		for (let round = 0; round < 3; round++)
			expect(emulatorWriteEmulated(vcpu, GPA, Uint8Array.of(1), 1)).toBe(X86EMUL_RETRY_INSTR);
		expect(calls).toBe(6);
		expect(heard).toEqual(['Q20', 'Q20']);
	});

	test('Q20: the fetch that every round begins with does not hide the live-lock', () => {
		const { kvm, heard, vcpu } = host();
		register(kvm, { trackPrewrite: () => false, trackPreexec: () => true });
		for (let round = 0; round < 3; round++) {
			kvmFetchGuestVirt(vcpu, GPA + 4096, new Uint8Array(15), 15);
			emulatorWriteEmulated(vcpu, GPA, Uint8Array.of(1), 1);
		}
		expect(heard).toEqual(['Q20', 'Q20']);
	});
});
