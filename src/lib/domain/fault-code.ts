/**
 * What the `errorCode` of a page fault means, by the session's attribute `fault_code`: a KVM PFERR code (also if the
 * attribute is absent), Intel's EPT exit qualification, or arm64's ESR_EL2. Events keep what the source printed.
 */
export const FAULT_CODES = ['pferr', 'ept', 'esr'] as const;
export type FaultCode = (typeof FAULT_CODES)[number];

/** An access that faulted, in words; null where the code does not say. */
export interface FaultMeaning {
	readonly read: boolean | null;
	readonly write: boolean;
	readonly fetch: boolean;
	/** The page had an entry that forbade the access. */
	readonly present: boolean | null;
	readonly reserved: boolean | null;
	/** The access was to the final page, not made by the guest's table walk. */
	readonly final: boolean | null;
}

const bits = (code: bigint, mask: bigint): boolean => (code & mask) !== 0n;

/** Reads a page fault's error code (PFERR_*: arch/x86/include/asm/kvm_host.h; EPT: Intel SDM, exit qualification). */
export function faultMeaning(code: bigint, meaning: FaultCode): FaultMeaning {
	if (meaning === 'ept')
		return {
			read: bits(code, 1n),
			write: bits(code, 2n),
			fetch: bits(code, 4n),
			present: bits(code, 0x38n),
			reserved: null,
			final: bits(code, 0x80n) ? bits(code, 0x100n) : null
		};
	if (meaning === 'esr') {
		const fetch = code >> 26n === 0x20n || code >> 26n === 0x21n;
		const status = code & 0x3cn;
		const write = !fetch && bits(code, 0x40n);
		return {
			...{ read: !fetch && !write, write, fetch },
			present: status === 0xcn, // permission fault, any level
			...{ reserved: null, final: bits(code, 0x80n) ? false : null }
		};
	}
	const write = bits(code, 2n);
	const fetch = bits(code, 16n);
	return {
		...{ read: !write && !fetch, write, fetch },
		present: bits(code, 1n),
		reserved: bits(code, 8n),
		final: bits(code, 1n << 32n) ? true : bits(code, 1n << 33n) ? false : null
	};
}
