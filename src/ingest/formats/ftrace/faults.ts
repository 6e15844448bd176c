import type { FaultCode } from '#lib/domain/fault-code.ts';
import { skipped } from '../text-scanner.ts';
import { OTHER, vcpuOf, type EventLine, type Handler, type TraceContext } from './context.ts';
import { asPlace, asVcpu, Fields, hexWord } from './fields.ts';

const OLD = /^address (?:0x)?([\da-f]+) error_code (?:0x)?([\da-f]+)\s*$/;
const NEW = /^vcpu (\d+) rip 0x([\da-f]+) address 0x([\da-f]+) error_code 0x([\da-f]+)\s*$/;

interface Fault {
	readonly gpa: bigint;
	readonly code: bigint;
	readonly vcpu?: number;
	readonly rip?: bigint;
	readonly gva?: bigint;
	/** What the code means, where it is not what the session's codes mean. */
	readonly meaning?: FaultCode;
}

/** Writes a page fault. */
export function pageFault({ tsNs, thread }: EventLine, context: TraceContext, fault: Fault): 'event' {
	const place = asPlace(fault.gpa);
	context.closeFault(thread, tsNs);
	context.openFault(thread, fault.code, place, fault.meaning);
	if (fault.vcpu !== undefined) context.runs(thread, fault.vcpu, tsNs);
	else if (thread.vcpuId >= 0) context.runs(thread, thread.vcpuId, tsNs, true);
	context.emit({
		kind: 'page_fault',
		tsNs,
		...vcpuOf(thread),
		...place,
		errorCode: fault.code,
		...(fault.rip !== undefined && { rip: fault.rip }),
		...(fault.gva !== undefined && { gva: fault.gva }),
		...(fault.meaning && { extra: { fault_code: fault.meaning } })
	});
	return 'event';
}

const VIRTUAL = skipped(
	'virtual-address',
	'the VM runs with shadow paging: the fault is about a virtual address, its page cannot be told'
);

/** `kvm_page_fault` (arch/x86/kvm/trace.h). */
export const kvmPageFault: Handler = (line, context) => {
	context.faultsFromExit = false;
	if (context.virtualFaults) return VIRTUAL;
	const { body } = line;
	const old = OLD.exec(body);
	if (old) return pageFault(line, context, { gpa: hexWord(old[1] ?? ''), code: hexWord(old[2] ?? '') });
	const found = NEW.exec(body);
	if (found) {
		const [, vcpu = '', rip = '', gpa = '', code = ''] = found;
		return pageFault(line, context, {
			...{ vcpu: asVcpu(vcpu), rip: hexWord(rip), gpa: hexWord(gpa), code: hexWord(code) }
		});
	}
	const raw = new Fields(body);
	const gpa = raw.hex(context.rawHex, 'fault_address');
	const code = raw.hex(context.rawHex, 'error_code');
	if (gpa === undefined || code === undefined) return null;
	const vcpu = raw.word('vcpu_id');
	const rip = raw.word('guest_rip');
	return pageFault(line, context, {
		...{ gpa, code },
		...(vcpu !== undefined && { vcpu: asVcpu(vcpu) }),
		...(rip !== undefined && { rip })
	});
};

const GUEST =
	/^ipa (?:0x)?([\da-f]+),? hsr (?:0x)?([\da-f]+),? hxfar (?:0x)?([\da-f]+),? pc (?:0x)?([\da-f]+)\s*$/;

/**
 * arm64 `kvm_guest_fault` (arch/arm64/kvm/trace_arm.h): the IPA has no low bits, KVM takes them from the virtual
 * address (kvm_handle_guest_abort).
 */
export const kvmGuestFault: Handler = (line, context) => {
	const found = GUEST.exec(line.body);
	const raw = found ? null : new Fields(line.body);
	const ipa = found ? hexWord(found[1] ?? '') : raw?.word('ipa');
	const code = found ? hexWord(found[2] ?? '') : raw?.word('hsr');
	const gva = found ? hexWord(found[3] ?? '') : raw?.word('hxfar');
	const rip = found ? hexWord(found[4] ?? '') : raw?.word('vcpu_pc');
	if (ipa === undefined || code === undefined || gva === undefined || rip === undefined) return null;
	const gpa = (ipa & 4095n) === 0n ? ipa | (gva & 4095n) : ipa;
	return pageFault(line, context, { gpa, code, gva, rip });
};

const INSN =
	/^[\da-f]+:\s?([\da-f]+):.*?\((?:real|vm16|prot16|prot32|prot64|[\w ?]+)\)(\s+failed|\s+FAIL)?\s*$/;

/** `kvm_emulate_insn`: an instruction is emulated because of the open fault; what follows decides. */
export const kvmEmulateInsn: Handler = ({ body, thread }) => {
	const found = INSN.exec(body.slice(0, 400));
	const raw = found ? null : new Fields(body);
	if (!found && raw?.text('csbase') === undefined) return null;
	const failed = found ? found[2] !== undefined : raw?.word('failed') === 1n;
	if (failed) thread.kind = null;
	else thread.emulated = thread.kind !== null;
	return OTHER;
};

/** `kvm_mmio`: the emulated access went to a device, not to tracked memory. */
export const kvmMmio: Handler = ({ thread }) => {
	thread.kind = null;
	return OTHER;
};
