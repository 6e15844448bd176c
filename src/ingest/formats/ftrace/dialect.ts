import type { FaultCode } from '#lib/domain/fault-code.ts';
import { GENERATIONS, generationOfRelease, type Generation } from '#lib/domain/generations.ts';
import type { SourceHints, Vendor } from '../format.ts';

const MAINLINE: readonly Generation[] = [
	'mainline-write-1',
	'mainline-write-2',
	'mainline-write-3',
	'mainline-external'
];
const KVMI: readonly Generation[] = ['kvmi-v6', 'kvmi-v7', 'kvmi-v12'];
/** A fork is never inferred: it prints what mainline prints, with numbers of its own. */
const ALL = GENERATIONS.filter((label) => label !== 'research-sev-step');
const except = (...labels: Generation[]) => ALL.filter((label) => !labels.includes(label));

/** What a text in a trace says about the kernel. */
const EVIDENCE: readonly (readonly [RegExp, readonly Generation[]])[] = [
	[/kvm_write_track_(?:add|remove)_gfn/, ['mainline-external']],
	[/kvm_page_track_(?:preread|prewrite|preexec)\b/, ['rfc-v4', ...KVMI]],
	[/\bkvmi_(?:set_gfn_access|event_)/, KVMI],
	[/kvm_page_fault:\s+vcpu(?: |_id=)/, ['mainline-write-3', 'mainline-external']],
	[/kvm_page_fault:\s+(?:address |fault_address=)/, except('mainline-external')],
	[/kvm_slot_page_track_(?:add|remove)_page/, except('mainline-external')],
	[/kvm_tdp_mmu_spte_changed:/, except('mainline-write-1', 'rfc-v4', 'kvmi-v6', 'kvmi-v7')],
	[/kvm_mmu_invalidate_zap_all_pages:/, ['mainline-write-1', 'mainline-write-2', 'rfc-v4', 'kvmi-v6']],
	[/kvm_mmu_zap_all_fast:/, except('mainline-write-1', 'rfc-v4')],
	[/: sp gen [\da-f]+ gfn [\da-f]+ \d/, ['mainline-write-1', 'mainline-write-2', 'rfc-v4']]
];
const RELEASE = /(?:os release\s*:\s*|Linux version |kernel[ =:]+)(\d+\.\d+[\w.+-]*)/;

export interface GenerationGuess {
	/** Those that the source may come from; never empty. */
	readonly candidates: readonly Generation[];
	/** `option`: the user said it; `release`: from a kernel release in the source, taken for mainline. */
	readonly from: 'option' | 'release' | 'events';
}

/** Which kernel generations a trace may come from, by its beginning. */
export function guessGeneration(head: string, hints: SourceHints): GenerationGuess {
	if (hints.generation) return { candidates: [hints.generation], from: 'option' };
	let candidates: readonly Generation[] = ALL;
	for (const [pattern, labels] of EVIDENCE)
		if (pattern.test(head)) candidates = candidates.filter((label) => labels.includes(label));
	if (candidates.length === 0) return { candidates: ALL, from: 'events' };
	const release = RELEASE.exec(head);
	const mainline = release && generationOfRelease(release[1] ?? '');
	if (mainline && candidates.includes(mainline) && candidates.some((label) => MAINLINE.includes(label)))
		return { candidates: [mainline], from: 'release' };
	return { candidates, from: 'events' };
}

/**
 * `trace-cmd report -R` of older libtraceevents has decimal numbers and `0x…` for longs. Newer ones (1.7.1 does) print
 * each field as the event's text has it, `gfn=3ab` where that has `gfn %llx`, and `0x…` for other fields than longs.
 */
const RAW_HEX =
	/\b(?:gfn|sptep?|(?:old|new)_spte|fault_address|error_code|info[12])=\d*[a-f][\da-f]*\b|\bkvm_(?:exit|page_fault|dirty_ring_push): [^\n]{0,200}?\b(?:info1|error_code|dirty_index)=0x/;

/** Whether raw lines have bare hexadecimal digits, by the trace's beginning. */
export const hasRawHex = (head: string): boolean => RAW_HEX.test(head);

/** A raw line with a field that RAW_HEX is about. */
const RAW =
	/\bkvm_(?:exit|page_fault|mmu_set_spte|tdp_mmu_spte_changed): [^\n]{0,200}?\b(?:info1|error_code|gfn)=/;

/** Whether there are raw lines at the trace's beginning. */
export const hasRawLines = (head: string): boolean => RAW.test(head);

/** Kernel texts print hexadecimal digits, raw ones those too, decimal digits or `0x…`. */
const FIRST_CODE = /kvm_page_fault:[^\n]{1,200}?error_code([ =])((?:0x)?[\da-f]{1,16})\b/;
const hex = (digits: string) => BigInt(`0x${digits.replace('0x', '')}`);

/** Whose CPU a trace comes from, and what its page faults' error codes mean. */
export class VendorGuess {
	vendor: Vendor | null = null;
	faultCode: FaultCode | null = null;
	/** True if only the error codes themselves spoke for it. */
	assumed = false;
	readonly #fixed: boolean;

	constructor(hints: SourceHints, head: string) {
		this.#fixed = hints.vendor !== undefined;
		if (hints.vendor) this.#set(hints.vendor, false);
		else if (/\breason EPT_(?:VIOLATION|MISCONFIG)\b|\bisa=1\b/.test(head)) this.#set('intel', false);
		else if (/\breason (?:EXIT_NPF|npf)\b|\bisa=2\b/.test(head)) this.#set('amd', false);
		else if (/kvm_guest_fault:/.test(head)) this.#set('arm64', false);
		else this.#assumeFirst(head);
	}

	#assumeFirst(head: string): void {
		const found = FIRST_CODE.exec(head);
		if (!found) return;
		const [, sign, digits = '0'] = found;
		this.assume(
			sign === '=' && !digits.startsWith('0x') && !hasRawHex(head)
				? BigInt(`0${digits.replace(/\D.*/, '')}`)
				: hex(digits)
		);
	}

	#set(vendor: Vendor, assumed: boolean): void {
		this.vendor = vendor;
		this.faultCode = { intel: 'ept', amd: 'pferr', arm64: 'esr' }[vendor] as FaultCode;
		this.assumed = assumed;
	}

	/** An exit reason was seen; true if that changes what is known. */
	learn(vendor: Vendor): boolean {
		if (this.#fixed || (this.vendor !== null && !this.assumed)) return false;
		this.#set(vendor, false);
		return true;
	}

	/**
	 * A page fault's code was seen while nothing else spoke; true if that decides it. Bits 7 and 8 are Intel's
	 * "linear address valid" and "final page"; no PFERR code has them, and an exit qualification nearly always does.
	 */
	assume(code: bigint): boolean {
		if (this.faultCode !== null) return false;
		if ((code & 0x180n) !== 0n && code >> 32n === 0n) this.#set('intel', true);
		else {
			this.faultCode = 'pferr'; // AMD, or shadow paging on either
			this.vendor = code >> 32n ? 'amd' : null;
			this.assumed = true;
		}
		return true;
	}
}
