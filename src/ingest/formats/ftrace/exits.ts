import type { Outcome } from '../text-scanner.ts';
import { OTHER, type EventLine, type Handler, type TraceContext } from './context.ts';
import { pageFault } from './faults.ts';
import { asVcpu, Fields, hexWord } from './fields.ts';

/** 4.x, 5.9 and the plugin: `info <hex> <hex>`; 5.10 and later: `info1 0x… info2 0x…`. */
const EXIT =
	/^(?:vcpu (\d+),? )?reason (.{1,60}?) rip (?:0x)?([\da-f]+)(?: info (?:0x)?([\da-f]+) (?:0x)?([\da-f]+)| info1 0x([\da-f]+) info2 0x([\da-f]+))?/;
const ARM = /^(?:IRQ|TRAP|SError|[\w ]+)?:? ?HSR_EC: 0x[\da-f]+/;
/** KVM's names of SVM's reasons, and those of trace-cmd's plugin, which has VMX's in capitals too. */
const AMD_REASON = /^(?:[a-z]|EXIT_)/;
/** VMX and SVM, and the number of a nested page fault there (`isa` and `exit_reason` of raw lines). */
const VMX = 1n;
const SVM = 2n;
const SVM_NPF = 0x400n;

/**
 * `kvm_exit`: names the vCPU, ends the open fault, tells the vendor by its reason. A
 * nested page fault on AMD carries what a kvm_page_fault would say; it is read if the trace has none of those.
 */
export const kvmExit: Handler = (line, context) => {
	const { body, thread, tsNs } = line;
	const found = EXIT.exec(body);
	const raw = found ? null : new Fields(body);
	const reason = found ? (found[2] ?? '') : (raw?.text('exit_reason') ?? raw?.text('esr_ec'));
	if (reason === undefined) return ARM.test(body) ? armExit(line, context) : null;
	const vcpu = found ? found[1] : raw?.word('vcpu_id');
	const isa = raw?.word('isa');
	const amd = found ? AMD_REASON.test(reason) : isa === SVM;
	const intel = found ? !amd && /^[A-Z]/.test(reason) : isa === VMX;
	if (amd || intel) context.exitOf(amd ? 'amd' : 'intel', tsNs);
	const notified = context.closeFault(thread, tsNs);
	const news = vcpu !== undefined && context.runs(thread, asVcpu(vcpu), tsNs);
	const npf = found ? /^(?:EXIT_NPF|npf)$/.test(reason) : isa === SVM && raw?.word('exit_reason') === SVM_NPF;
	if (npf && context.faultsFromExit) {
		const code = found ? (found[4] ?? found[6]) : raw?.hex(context.rawHex, 'info1');
		const gpa = found ? (found[5] ?? found[7]) : raw?.hex(context.rawHex, 'info2');
		const rip = found ? found[3] : raw?.word('guest_rip');
		const word = (value: string | bigint) => (typeof value === 'string' ? hexWord(value) : value);
		if (code !== undefined && gpa !== undefined)
			return pageFault(line, context, {
				...{ gpa: word(gpa), code: word(code) },
				...(rip !== undefined && { rip: word(rip) })
			});
	}
	return notified || news ? 'event' : OTHER;
};

function armExit({ tsNs }: EventLine, context: TraceContext): Outcome {
	context.exitOf('arm64', tsNs);
	return OTHER;
}

const ENTRY = /^vcpu (\d+)\b/;

/** `kvm_entry`: the guest runs again, so the open fault is over. */
export const kvmEntry: Handler = ({ body, thread, tsNs }, context) => {
	const vcpu = ENTRY.exec(body)?.[1] ?? new Fields(body).word('vcpu_id');
	const notified = context.closeFault(thread, tsNs);
	const news = vcpu !== undefined && context.runs(thread, asVcpu(vcpu), tsNs);
	return notified || news ? 'event' : OTHER;
};
