import {
	dropFragments,
	letThrough,
	refuse,
	X86EMUL_CMPXCHG_FAILED,
	X86EMUL_CONTINUE
} from './emul-result.ts';
import { emulatorWriteEmulated } from './emulator.ts';
import { kvmPageTrackPrewrite, kvmPageTrackWrite } from './fan-out.ts';
import { gpaToGfn, gpaToHva, markPageDirty, PAGE_SIZE, writableSlot } from './guest-access.ts';
import type { KvmVcpu } from './kvm.ts';
import { tellQuirk } from './quirks.ts';

/** Bytes of a compare-exchange. */
export interface CmpxchgBytes {
	readonly old: Readonly<Uint8Array>;
	readonly new: Uint8Array;
}

/** What became of a compare-exchange. */
export interface CmpxchgResult {
	readonly rc: number;
	/** References to the guest's page that are never given back (Q15). */
	readonly leakedPageRefs: 0 | 1;
}

const scratch = new Uint8Array(8);

/** Exchanges if memory holds `old`; true if it did. */
function cmpxchg(vcpu: KvmVcpu, hva: number, { old, new: value }: CmpxchgBytes): boolean {
	const { memory } = vcpu.kvm;
	memory.read(hva, scratch, 0, old.length);
	for (let i = 0; i < old.length; i++) if (scratch[i] !== old[i]) return false;
	memory.write(hva, value, 0, value.length);
	return true;
}

/**
 * A guest's compare-exchange: prewrite, exchange, and write if it happened. Of another size than 1, 2, 4 or 8 bytes,
 * across pages or outside writable memory it is a plain write and the old value is not compared. Follows
 * `emulator_cmpxchg_emulated` (arch/x86/kvm/x86.c, RFC v4 11/18).
 */
export function emulatorCmpxchgEmulated(vcpu: KvmVcpu, gpa: number, values: CmpxchgBytes): CmpxchgResult {
	const { length: bytes } = values.new;
	const gfn = gpaToGfn(gpa);
	const slot = writableSlot(vcpu, gfn);
	const atomic = bytes <= 8 && (bytes & (bytes - 1)) === 0 && (gpa % PAGE_SIZE) + bytes <= PAGE_SIZE;
	if (!slot || !atomic) return { rc: emulatorWriteEmulated(vcpu, gpa, values.new, bytes), leakedPageRefs: 0 };
	dropFragments(vcpu);
	if (!kvmPageTrackPrewrite(vcpu, gpa, values.new, bytes)) {
		tellQuirk(vcpu.kvm, 'Q15', slot, gfn);
		return { rc: refuse(vcpu, 'write', gpa), leakedPageRefs: 1 };
	}
	letThrough(vcpu, 'write');
	if (!cmpxchg(vcpu, gpaToHva(slot, gpa), values)) {
		if (vcpu.kvm.track.nodes.some((node) => node.trackPrewrite !== undefined))
			tellQuirk(vcpu.kvm, 'Q15', slot, gfn);
		return { rc: X86EMUL_CMPXCHG_FAILED, leakedPageRefs: 0 };
	}
	markPageDirty(slot, gfn);
	kvmPageTrackWrite(vcpu, gpa, values.new, bytes);
	return { rc: X86EMUL_CONTINUE, leakedPageRefs: 0 };
}
