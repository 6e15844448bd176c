/** Guest frame number: a guest physical address shifted right by 12; at most 2^40 - 1 (a gpa has 52 bits). */
export type Gfn = number & { readonly __unit: 'gfn' };
/** Nanoseconds (or instructions, see the session's clock) since the session's start; a safe integer. */
export type TsNs = number & { readonly __unit: 'tsNs' };
/** An event's number in its session, from 0 without gaps. */
export type Seq = number & { readonly __unit: 'seq' };

export const PAGE_SHIFT = 12;
export const PAGE_SIZE = 4096;
/** One past the largest gfn of a 52-bit guest physical address. */
export const GFN_LIMIT = 2 ** 40;
/** One past the largest number of pages of a memslot (KVM_MEM_MAX_NR_PAGES, virt/kvm/kvm_main.c). */
export const NPAGES_LIMIT = 2 ** 31;
/** vCPU ids below this are accepted; 0xffff stands for "no vCPU" in a batch. */
export const VCPU_LIMIT = 0xffff;

/** A value outside its unit's range; `unit` names the unit, `value` is what came in. */
export class UnitError extends Error {
	readonly unit: string;
	readonly value: unknown;
	constructor(unit: string, value: unknown) {
		super(`${String(value)} is no ${unit}`);
		this.name = 'UnitError';
		this.unit = unit;
		this.value = value;
	}
}

function integer(unit: string, value: number, limit: number): number {
	if (!Number.isSafeInteger(value) || value < 0 || value >= limit) throw new UnitError(unit, value);
	return value;
}

/** @throws {UnitError} if not an integer in [0, 2^40) */
export const asGfn = (value: number): Gfn => integer('gfn', value, GFN_LIMIT) as Gfn;
/** @throws {UnitError} if not an integer in [0, 2^53) */
export const asTsNs = (value: number): TsNs => integer('time in ns', value, 2 ** 53) as TsNs;
/** @throws {UnitError} if not an integer in [0, 2^53) */
export const asSeq = (value: number): Seq => integer('seq', value, 2 ** 53) as Seq;

/** Lower-case hex with `0x`, no leading zeros, as all addresses and 64-bit values are written. */
export const hex = (value: number | bigint): string => '0x' + value.toString(16);
