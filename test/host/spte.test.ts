import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Kvm } from '#lib/host/kvm.ts';
import { parseSpte, pfnHi, pfnLo, Spte, spteHex, spteToPfn } from '#lib/host/spte.ts';
import { spteExecProtect, spteReadProtect, spteWriteProtect } from '#lib/host/spte-update.ts';

const SPECIAL = 1n << 62n;
const entry = fc.tuple(
	fc.bigInt({ min: 0n, max: 0xfffn }),
	fc.bigInt({ min: 0n, max: (1n << 40n) - 1n }),
	fc.boolean()
);

const toSpte = (value: bigint): Spte =>
	Object.assign(new Spte(0, 1, 0), parseSpte(`0x${value.toString(16)}`));

/** `mmu_spte_update` on whole 64-bit values, for EPT with A/D bits. */
function flushWanted(old: bigint, value: bigint): boolean {
	const present = old !== 0n && !((old & 7n) === 6n && (old & SPECIAL) !== 0n);
	if (!present) return false;
	const ad = (v: bigint) => (v & SPECIAL) === 0n;
	const accessed = (v: bigint) => (ad(v) ? (v & 0x100n) !== 0n : (v & 7n) !== 0n);
	const dirty = (v: bigint) => (ad(v) ? (v & 0x200n) !== 0n : (v & 2n) !== 0n);
	const lockless = (old & 0xc00n) === 0xc00n;
	return (
		(lockless && (value & 2n) === 0n) || (accessed(old) && !accessed(value)) || (dirty(old) && !dirty(value))
	);
}

describe('an entry of two halves', () => {
	test('reads and prints every 64-bit value', () => {
		fc.assert(
			fc.property(fc.bigInt({ min: 0n, max: (1n << 64n) - 1n }), (value) => {
				const text = `0x${value.toString(16)}`;
				const { lo, hi } = parseSpte(text);
				expect(spteHex(lo, hi)).toBe(text);
			})
		);
	});

	test('holds every host page number of 40 bits', () => {
		fc.assert(
			fc.property(fc.integer({ min: 0, max: 2 ** 40 - 1 }), (pfn) => {
				expect(spteToPfn(pfnLo(pfn) | 0xfff, pfnHi(pfn) | (7 << 28))).toBe(pfn);
			})
		);
	});

	test('is protected as whole 64-bit values would be, with the same wish for a flush', () => {
		const kvm = new Kvm();
		const protects = [
			{ run: (s: Spte) => spteReadProtect(kvm, s), change: (v: bigint) => v & ~3n, early: () => false },
			{ run: (s: Spte) => spteExecProtect(kvm, s), change: (v: bigint) => v & ~4n, early: () => false },
			{
				run: (s: Spte) => spteWriteProtect(kvm, s, true),
				change: (v: bigint) => v & ~0x802n,
				early: (v: bigint) => (v & 2n) === 0n && (v & 0xc00n) !== 0xc00n
			},
			{
				run: (s: Spte) => spteWriteProtect(kvm, s, false),
				change: (v: bigint) => v & ~2n,
				early: (v: bigint) => (v & 2n) === 0n
			}
		];
		fc.assert(
			fc.property(entry, fc.constantFrom(...protects), ([low, frame, special], { run, change, early }) => {
				const old = low | (frame << 12n) | (special ? SPECIAL : 0n);
				const wanted = early(old) ? old : change(old);
				const spte = toSpte(old);
				expect(run(spte)).toBe(!early(old) && flushWanted(old, wanted));
				expect(spteHex(spte.lo, spte.hi)).toBe(`0x${wanted.toString(16)}`);
			}),
			{ numRuns: 2000 }
		);
	});
});
