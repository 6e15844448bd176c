import { describe, expect, test } from 'vitest';
import {
	EMULATION_FAILED,
	EMULATION_OK,
	EMULATION_USER_EXIT,
	X86EMUL_CONTINUE,
	X86EMUL_IO_NEEDED,
	X86EMUL_RETRY_INSTR,
	X86EMUL_UNHANDLEABLE,
	x86EmulateInsnResult
} from '#lib/host/emul-result.ts';
import { emulatorCmpxchgEmulated } from '#lib/host/emulator-cmpxchg.ts';
import { emulatorReadEmulated, emulatorWriteEmulated, kvmFetchGuestVirt } from '#lib/host/emulator.ts';
import { kvmVcpuReadGuest, kvmVcpuWriteGuest } from '#lib/host/guest-access.ts';
import { kvmSetMemoryRegion } from '#lib/host/memory-region.ts';
import { BASE, createSlot, machine, region, register } from './machine.ts';

const GPA = BASE * 4096;
const END = GPA + 1024 * 4096;

function host() {
	const { kvm } = machine();
	createSlot(kvm);
	const vcpu = kvm.vcpu(0);
	const calls: string[] = [];
	register(kvm, {
		trackPreread: () => calls.push('preread') > 0,
		trackPrewrite: () => calls.push('prewrite') > 0,
		trackWrite: () => void calls.push('write'),
		trackPreexec: () => calls.push('preexec') > 0
	});
	const memory = (gpa: number, bytes: number) => {
		const out = new Uint8Array(bytes);
		kvmVcpuReadGuest(vcpu, gpa, out, bytes);
		return [...out];
	};
	return { kvm, vcpu, calls, memory };
}

describe('an emulated access', () => {
	test('of writing tells prewrite, stores and tells write', () => {
		const { vcpu, calls, memory } = host();
		expect(emulatorWriteEmulated(vcpu, GPA + 8, Uint8Array.of(1, 2, 3), 2)).toBe(X86EMUL_CONTINUE);
		expect(calls).toEqual(['prewrite', 'write']);
		expect(memory(GPA + 8, 3)).toEqual([1, 2, 0]);
	});

	test('of writing where there is no memory leaves it to userspace and does not tell write', () => {
		const { vcpu, calls } = host();
		expect(emulatorWriteEmulated(vcpu, END - 2, Uint8Array.of(1, 2, 3, 4), 4)).toBe(X86EMUL_CONTINUE);
		expect(calls).toEqual(['prewrite', 'write', 'prewrite']);
		expect(vcpu.mmioFragments).toEqual([{ gpa: END, bytes: 2 }]);
		emulatorWriteEmulated(vcpu, GPA, Uint8Array.of(1), 1);
		expect(vcpu.mmioFragments).toEqual([]);
	});

	test('of reading where there is no memory needs userspace after preread was told', () => {
		const { vcpu, calls } = host();
		expect(emulatorReadEmulated(vcpu, END, new Uint8Array(4), 4)).toBe(X86EMUL_IO_NEEDED);
		expect(calls).toEqual(['preread']);
	});

	test('of fetching tells preexec once and stops at the end of the page', () => {
		const { vcpu, calls } = host();
		kvmVcpuWriteGuest(vcpu, GPA + 4094, Uint8Array.of(0x89, 0x03, 0x90), 3);
		const buf = new Uint8Array(15);
		expect(kvmFetchGuestVirt(vcpu, GPA + 4094, buf, 15)).toBe(X86EMUL_CONTINUE);
		expect([...buf.subarray(0, 4)]).toEqual([0x89, 0x03, 0, 0]);
		expect(calls).toEqual(['preexec']);
	});

	test.each([
		['of 16 bytes', GPA, 16],
		['across pages', GPA + 4095, 2]
	])('of compare-exchange %s is a plain write that does not compare', (_what, gpa, bytes) => {
		const { vcpu, memory } = host();
		const values = { old: new Uint8Array(bytes).fill(9), new: new Uint8Array(bytes).fill(5) };
		expect(emulatorCmpxchgEmulated(vcpu, gpa, values).rc).toBe(X86EMUL_CONTINUE);
		expect(memory(gpa, bytes)).toEqual(Array(bytes).fill(5));
	});

	test('of a read-only slot leaves the memory as it is', () => {
		const { kvm, vcpu, calls, memory } = host();
		createSlot(kvm, { id: 2, baseGfn: 0x9000, flags: 2 });
		emulatorWriteEmulated(vcpu, 0x9000 * 4096, Uint8Array.of(1), 1);
		expect(memory(0x9000 * 4096, 1)).toEqual([0]);
		expect(calls).toEqual(['prewrite']);
		expect(vcpu.mmioFragments).toEqual([{ gpa: 0x9000 * 4096, bytes: 1 }]);
	});

	test('finds its bytes again after the slot has moved: they belong to userspace', () => {
		const { kvm, vcpu, memory } = host();
		emulatorWriteEmulated(vcpu, GPA + 5, Uint8Array.of(42), 1);
		kvmSetMemoryRegion(kvm, region({ baseGfn: 0x8000 }));
		expect(memory(0x8000 * 4096 + 5, 1)).toEqual([42]);
	});

	test('that is retried ends the instruction and re-enters the guest', () => {
		expect(x86EmulateInsnResult(X86EMUL_RETRY_INSTR)).toBe(EMULATION_USER_EXIT);
		expect(x86EmulateInsnResult(X86EMUL_UNHANDLEABLE)).toBe(EMULATION_FAILED);
		expect(x86EmulateInsnResult(X86EMUL_CONTINUE)).toBe(EMULATION_OK);
	});
});
