import { gpaToGfn } from './guest-access.ts';
import type { KvmVcpu } from './kvm.ts';
import { kvmVcpuGfnToMemslot } from './memslots.ts';
import { tellQuirk } from './quirks.ts';

/** Results of an access (arch/x86/include/asm/kvm_emulate.h). */
export const X86EMUL_CONTINUE = 0;
export const X86EMUL_UNHANDLEABLE = 1;
export const X86EMUL_PROPAGATE_FAULT = 2;
export const X86EMUL_RETRY_INSTR = 3;
export const X86EMUL_CMPXCHG_FAILED = 4;
export const X86EMUL_IO_NEEDED = 5;

/** Results of an instruction; the last is RFC v4 11/18's. */
export const EMULATION_FAILED = -1;
export const EMULATION_OK = 0;
export const EMULATION_USER_EXIT = 3;

/**
 * Result of decoding after a fetch: the fetch's own number is passed on as it is, and RETRY_INSTR happens to be
 * EMULATION_USER_EXIT (Q17). Follows the early return of `x86_decode_insn` (arch/x86/kvm/emulate.c).
 */
export const x86DecodeInsnResult = (rc: number): number => rc;

/** Result of executing an instruction after its accesses. Follows the end of `x86_emulate_insn`, RFC v4 11/18. */
export function x86EmulateInsnResult(rc: number): number {
	if (rc === X86EMUL_RETRY_INSTR) return EMULATION_USER_EXIT;
	return rc === X86EMUL_UNHANDLEABLE ? EMULATION_FAILED : EMULATION_OK;
}

/** Remembers a refusal; the second in a row of the same access is a live-lock (Q20). Returns RETRY_INSTR. */
export function refuse(vcpu: KvmVcpu, kind: KvmVcpu['refusedKind'], gpa: number): number {
	if (vcpu.refusedGpa === gpa && vcpu.refusedKind === kind) {
		const gfn = gpaToGfn(gpa);
		tellQuirk(vcpu.kvm, 'Q20', kvmVcpuGfnToMemslot(vcpu, gfn), gfn);
	}
	vcpu.refusedGpa = gpa;
	vcpu.refusedKind = kind;
	return X86EMUL_RETRY_INSTR;
}

/**
 * An access was let through: a refusal of the same kind is over. One of another kind is not, as the instruction that
 * is refused for ever does its fetch and its reads in every round.
 */
export function letThrough(vcpu: KvmVcpu, kind: KvmVcpu['refusedKind']): void {
	if (vcpu.refusedKind === kind) vcpu.refusedGpa = -1;
}

/** A retried instruction leaves nothing to userspace. */
export function dropFragments(vcpu: KvmVcpu): void {
	if (vcpu.mmioFragments.length > 0) vcpu.mmioFragments = [];
}
