import {
	dropFragments,
	letThrough,
	refuse,
	X86EMUL_CONTINUE,
	X86EMUL_IO_NEEDED,
	X86EMUL_RETRY_INSTR,
	X86EMUL_UNHANDLEABLE
} from './emul-result.ts';
import {
	kvmPageTrackPreexec,
	kvmPageTrackPreread,
	kvmPageTrackPrewrite,
	kvmPageTrackWrite
} from './fan-out.ts';
import { gpaToGfn, kvmVcpuReadGuest, kvmVcpuWriteGuest, PAGE_SIZE } from './guest-access.ts';
import type { KvmVcpu } from './kvm.ts';
import { kvmVcpuGfnToMemslot } from './memslots.ts';
import { tellQuirk } from './quirks.ts';

/*
 * The emulator's memory accesses of arch/x86/kvm/x86.c with RFC v4 11/18, which calls the notifiers around them. Guest
 * virtual is guest physical here. Buffers hold their bytes from index 0.
 */

/**
 * One write within a page: prewrite, store, write. CONTINUE, RETRY_INSTR with nothing stored, or UNHANDLEABLE where
 * there is no memory to write. Follows `emulator_write_phys` (arch/x86/kvm/x86.c, RFC v4 11/18).
 */
export function emulatorWritePhys(vcpu: KvmVcpu, gpa: number, data: Uint8Array, bytes: number): number {
	if (!kvmPageTrackPrewrite(vcpu, gpa, data, bytes)) return refuse(vcpu, 'write', gpa);
	letThrough(vcpu, 'write');
	if (kvmVcpuWriteGuest(vcpu, gpa, data, bytes) < 0) return X86EMUL_UNHANDLEABLE;
	kvmPageTrackWrite(vcpu, gpa, data, bytes);
	return X86EMUL_CONTINUE;
}

/**
 * One read within a page: preread, then the buffer as the nodes filled it if they say it is ready, else memory.
 * Follows `emulator_read_phys` (RFC v4 11/18).
 */
export function emulatorReadPhys(vcpu: KvmVcpu, gpa: number, buf: Uint8Array, bytes: number): number {
	if (!kvmPageTrackPreread(vcpu, gpa, buf, bytes, vcpu.ready)) return refuse(vcpu, 'read', gpa);
	letThrough(vcpu, 'read');
	if (vcpu.ready.dataReady) return X86EMUL_CONTINUE;
	return kvmVcpuReadGuest(vcpu, gpa, buf, bytes) < 0 ? X86EMUL_UNHANDLEABLE : X86EMUL_CONTINUE;
}

type PhysAccess = (vcpu: KvmVcpu, gpa: number, buf: Uint8Array, bytes: number) => number;

/** What memory cannot serve is left to userspace. Follows `emulator_read_write_onepage` (arch/x86/kvm/x86.c). */
function onePage(access: PhysAccess, vcpu: KvmVcpu, gpa: number, buf: Uint8Array, bytes: number): number {
	const rc = access(vcpu, gpa, buf, bytes);
	if (rc !== X86EMUL_UNHANDLEABLE) return rc;
	vcpu.mmioFragments.push({ gpa, bytes });
	return X86EMUL_CONTINUE;
}

/** Splits an access at a page border into two independent ones. Follows `emulator_read_write`. */
function emulatorReadWrite(
	access: PhysAccess,
	vcpu: KvmVcpu,
	gpa: number,
	buf: Uint8Array,
	bytes: number
): number {
	if (vcpu.mmioFragments.length > 0) vcpu.mmioFragments = [];
	const now = PAGE_SIZE - (gpa % PAGE_SIZE);
	if (bytes <= now) return onePage(access, vcpu, gpa, buf, bytes);
	const rc = onePage(access, vcpu, gpa, buf, now);
	if (rc !== X86EMUL_CONTINUE) return rc;
	return onePage(access, vcpu, gpa + now, buf.subarray(now), bytes - now);
}

/**
 * A guest write. CONTINUE also when userspace must do it (see `vcpu.mmioFragments`); RETRY_INSTR when a node refused;
 * the first page of two may be written all the same (Q14). Follows `emulator_write_emulated`.
 */
export function emulatorWriteEmulated(vcpu: KvmVcpu, gpa: number, data: Uint8Array, bytes: number): number {
	const rc = emulatorReadWrite(emulatorWritePhys, vcpu, gpa, data, bytes);
	if (rc === X86EMUL_RETRY_INSTR) {
		const gfn = gpaToGfn(gpa);
		const refusedFirst = vcpu.refusedGpa === gpa;
		if (!refusedFirst) tellQuirk(vcpu.kvm, 'Q14', kvmVcpuGfnToMemslot(vcpu, gfn), gfn);
		dropFragments(vcpu);
	}
	return rc;
}

/**
 * A guest read into `buf`. CONTINUE, RETRY_INSTR when a node refused, or IO_NEEDED when userspace must supply bytes.
 * Bytes no node and no memory filled keep what the buffer held (Q16). Follows `emulator_read_emulated`.
 */
export function emulatorReadEmulated(vcpu: KvmVcpu, gpa: number, buf: Uint8Array, bytes: number): number {
	const rc = emulatorReadWrite(emulatorReadPhys, vcpu, gpa, buf, bytes);
	if (rc === X86EMUL_RETRY_INSTR) dropFragments(vcpu);
	return rc === X86EMUL_CONTINUE && vcpu.mmioFragments.length > 0 ? X86EMUL_IO_NEEDED : rc;
}

/**
 * Fetches one chunk of an instruction, at most 15 bytes: preexec, then what is left of the page. CONTINUE, RETRY_INSTR,
 * or IO_NEEDED without memory. Follows `kvm_fetch_guest_virt` (arch/x86/kvm/x86.c, RFC v4 11/18).
 */
export function kvmFetchGuestVirt(vcpu: KvmVcpu, gpa: number, buf: Uint8Array, bytes: number): number {
	if (!kvmPageTrackPreexec(vcpu, gpa)) {
		const gfn = gpaToGfn(gpa);
		tellQuirk(vcpu.kvm, 'Q17', kvmVcpuGfnToMemslot(vcpu, gfn), gfn);
		return refuse(vcpu, 'fetch', gpa);
	}
	letThrough(vcpu, 'fetch');
	const inPage = Math.min(bytes, PAGE_SIZE - (gpa % PAGE_SIZE));
	return kvmVcpuReadGuest(vcpu, gpa, buf, inPage) < 0 ? X86EMUL_IO_NEEDED : X86EMUL_CONTINUE;
}
