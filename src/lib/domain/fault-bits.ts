import { type BitRule, type BitWord, hasBit, maskOf, unnamedBits, wordsOf } from './bit-words.ts';
import type { FaultCode } from './fault-code.ts';
import { hex } from './units.ts';

/** PFERR_* (arch/x86/include/asm/kvm_host.h). */
const PFERR: readonly BitRule[] = [
	{
		...{ bit: 0, name: 'PRESENT', set: 'an entry was there and forbade the access' },
		clear: 'no entry was there'
	},
	{ bit: 1, name: 'WRITE', set: 'the access was a write' },
	{
		...{ bit: 2, name: 'USER', set: 'made with user rights; every guest access counts so on NPT' },
		clear: 'made with supervisor rights'
	},
	{ bit: 3, name: 'RSVD', set: 'a reserved bit was set in an entry' },
	{ bit: 4, name: 'FETCH', set: 'the access was an instruction fetch' },
	{ bit: 5, name: 'PK', set: 'a protection key forbade it' },
	{ bit: 6, name: 'SS', set: 'a shadow-stack access' },
	{ bit: 15, name: 'SGX', set: 'SGX forbade it' },
	{ bit: 31, name: 'GUEST_RMP', set: 'the reverse map table (SEV-SNP) forbade it' },
	{ bit: 32, name: 'GUEST_FINAL', set: 'the access was to the final page' },
	{ bit: 33, name: 'GUEST_PAGE', set: 'the guest’s own page-table walk made the access' },
	{ bit: 34, name: 'GUEST_ENC', set: 'the guest used an encrypted page' },
	{ bit: 35, name: 'GUEST_SIZEM', set: 'page sizes of the two tables differ (SEV-SNP)' },
	{ bit: 36, name: 'GUEST_VMPL', set: 'the guest’s privilege level forbade it (SEV-SNP)' },
	{ bit: 48, name: 'IMPLICIT_ACCESS', set: 'the CPU made the access by itself' }
];

/** The same where KVM makes the code from an EPT violation (handle_ept_violation, arch/x86/kvm/vmx.c): bit 2 is a data read. */
const PFERR_OF_EPT: readonly BitRule[] = PFERR.map((rule) =>
	rule.bit === 2 ? { bit: 2, name: 'USER', set: 'on EPT: the access was a data read' } : rule
);

/** Exit qualification of an EPT violation (Intel SDM volume 3, table “Exit Qualification for EPT Violations”). */
const EPT: readonly BitRule[] = [
	{ bit: 0, name: 'read', set: 'the access was a read' },
	{ bit: 1, name: 'write', set: 'the access was a write' },
	{ bit: 2, name: 'fetch', set: 'the access was an instruction fetch' },
	{ bit: 3, name: 'readable', set: 'the entry allowed reads', clear: 'the entry allowed no reads' },
	{ bit: 4, name: 'writable', set: 'the entry allowed writes', clear: 'the entry allowed no writes' },
	{ bit: 5, name: 'executable', set: 'the entry allowed fetches', clear: 'the entry allowed no fetches' },
	{ bit: 6, name: 'user-executable', set: 'the entry allowed fetches in user mode' },
	{
		...{ bit: 7, name: 'linear address valid', set: 'a guest virtual address belongs to it' },
		clear: 'no guest virtual address belongs to it'
	}
];
/** Says something only while bit 7 is set. */
const EPT_FINAL: BitRule = {
	...{ bit: 8, name: 'final page', set: 'the access was to the final page' },
	clear: 'the guest’s own page-table walk made the access'
};
const EPT_MORE: readonly BitRule[] = [
	{ bit: 9, name: 'user-mode address', set: 'the virtual address is one of user mode' },
	{ bit: 10, name: 'guest writable', set: 'the guest’s own tables allow writes' },
	{ bit: 11, name: 'guest execute-disable', set: 'the guest’s own tables forbid fetches' },
	{ bit: 12, name: 'NMI unblocking', set: 'IRET had unblocked NMIs' },
	{ bit: 13, name: 'shadow stack', set: 'a shadow-stack access' },
	{ bit: 16, name: 'asynchronous', set: 'not made by the instruction itself' }
];

/** ESR_EL2 of an abort from the guest (Arm ARM, ISS encoding for data and instruction aborts). */
const ESR_STATUS: Readonly<Record<string, string>> = {
	'0': 'address size fault',
	'1': 'translation fault: no entry was there',
	'2': 'access flag fault',
	'3': 'permission fault: an entry was there and forbade the access'
};

function esrWords(code: bigint): BitWord[] {
	const ec = Number((code >> 26n) & 0x3fn);
	const fetch = ec === 0x20 || ec === 0x21;
	const status = Number(code & 0x3fn);
	const text = status < 0x10 ? ESR_STATUS[String(status >> 2)] : undefined;
	const words: BitWord[] = [
		{
			...{ bit: 26, name: 'EC' },
			meaning: fetch
				? 'instruction abort'
				: ec === 0x24 || ec === 0x25
					? 'data abort'
					: `exception class ${hex(ec)}`
		},
		{
			...{ bit: 0, name: fetch ? 'IFSC' : 'DFSC' },
			meaning: text ? `${text}, level ${status & 3}` : `fault status ${hex(status)}`
		}
	];
	if (!fetch)
		words.push({
			...{ bit: 6, name: 'WnR' },
			meaning: hasBit(code, 6) ? 'the access was a write' : 'the access was a read'
		});
	if (hasBit(code, 7))
		words.push({ bit: 7, name: 'S1PTW', meaning: 'the guest’s own page-table walk made the access' });
	return words;
}

/**
 * Every set bit of a page fault's error code in words, and those whose absence says something. `fromEpt`: a PFERR code
 * that KVM made from an EPT violation.
 */
export function faultBits(code: bigint, meaning: FaultCode, { fromEpt = false } = {}): BitWord[] {
	if (meaning === 'esr') return esrWords(code);
	if (meaning === 'pferr') {
		const words = wordsOf(code, fromEpt ? PFERR_OF_EPT : PFERR);
		// neither a write nor a fetch: no bit says "read"
		if (!hasBit(code, 1) && !hasBit(code, 4) && !(fromEpt && hasBit(code, 2)))
			words.splice(1, 0, { bit: 1, name: 'WRITE, FETCH', meaning: 'neither: the access was a read' });
		return [...words, ...unnamedBits(code, maskOf(PFERR))];
	}
	const final = hasBit(code, 7) ? wordsOf(code, [EPT_FINAL]) : [];
	const named = maskOf([...EPT, EPT_FINAL, ...EPT_MORE]);
	return [...wordsOf(code, EPT), ...final, ...wordsOf(code, EPT_MORE), ...unnamedBits(code, named)];
}
