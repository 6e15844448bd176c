import { type BitRule, type BitWord, hasBit, maskOf, unnamedBits, wordsOf } from './bit-words.ts';
import { hex } from './units.ts';

/** Whose format a page-table entry has: Intel's EPT; or AMD's NPT, which KVM's shadow tables share. */
export type EntryFormat = 'ept' | 'npt';

const FRAME = 0x000f_ffff_ffff_f000n;
const EPT_TYPE = 0x38n;
const SPECIAL = 1n << 62n;

const EPT_RIGHTS: readonly BitRule[] = [
	{ bit: 0, name: 'R', set: 'reads allowed', clear: 'no reads' },
	{ bit: 1, name: 'W', set: 'writes allowed', clear: 'no writes' },
	{ bit: 2, name: 'X', set: 'fetches allowed', clear: 'no fetches' }
];
const EPT_REST: readonly BitRule[] = [
	{ bit: 6, name: 'ignore PAT', set: 'the guest’s own memory type does not count' },
	{ bit: 7, name: 'huge', set: 'maps a huge page' }
];
const EPT_AD: readonly BitRule[] = [
	{ bit: 8, name: 'accessed', set: 'was used', clear: 'not used yet' },
	{ bit: 9, name: 'dirty', set: 'was written through', clear: 'not written through yet' }
];
/** Without A/D bits KVM keeps R and X here while it waits for an access. */
const EPT_SAVED: readonly BitRule[] = [
	{ bit: 52, name: 'saved R', set: 'reads come back at the next access' },
	{ bit: 54, name: 'saved X', set: 'fetches come back at the next access' }
];
const NPT: readonly BitRule[] = [
	{ bit: 0, name: 'P', set: 'present', clear: 'not present' },
	{ bit: 1, name: 'W', set: 'writes allowed', clear: 'no writes' },
	{ bit: 2, name: 'U', set: 'user rights suffice', clear: 'supervisor only' },
	{ bit: 3, name: 'PWT', set: 'write-through' },
	{ bit: 4, name: 'PCD', set: 'not cached' },
	{ bit: 5, name: 'accessed', set: 'was used', clear: 'not used yet' },
	{ bit: 6, name: 'dirty', set: 'was written through', clear: 'not written through yet' },
	{ bit: 7, name: 'huge', set: 'maps a huge page' },
	{ bit: 63, name: 'NX', set: 'no fetches', clear: 'fetches allowed' }
];
/** Software bits of KVM up to 5.12 (later kernels put them elsewhere in EPT entries). */
const SOFTWARE: readonly BitRule[] = [
	{
		...{ bit: 10, name: 'HOST_WRITEABLE', set: 'the host’s own page is writable' },
		clear: 'the host’s own page is not writable'
	},
	{
		...{ bit: 11, name: 'MMU_WRITEABLE', set: 'KVM’s MMU would let it be written' },
		clear: 'KVM’s MMU keeps it write-protected'
	}
];
const MEMORY_TYPES: Readonly<Record<number, string>> = {
	0: 'uncacheable',
	1: 'write-combining',
	4: 'write-through',
	5: 'write-protected',
	6: 'write-back'
};

/**
 * A shadow page-table entry in words, by the layout of arch/x86/kvm/mmu.c up to 5.12: rights, accessed and dirty (or
 * that the entry has none of both), what KVM notes in bits 10, 11 and 62, the frame. An entry that KVM itself would
 * take for one of MMIO, or that has no right at all, is called so.
 */
export function spteBits(spte: bigint, format: EntryFormat): BitWord[] {
	if (spte === 0n) return [{ bit: 0, name: 'empty', meaning: 'nothing is mapped' }];
	return format === 'ept' ? eptWords(spte) : nptWords(spte);
}

function eptWords(spte: bigint): BitWord[] {
	const noAd = hasBit(spte, 62);
	if (noAd && (spte & 7n) === 6n)
		return [{ bit: 62, name: 'MMIO', meaning: 'the pattern that KVM writes for device memory' }];
	const rules = [...EPT_RIGHTS, ...EPT_REST, ...(noAd ? EPT_SAVED : EPT_AD), ...SOFTWARE];
	const type = Number((spte & EPT_TYPE) >> 3n);
	const words = wordsOf(spte, rules);
	words.splice(3, 0, {
		...{ bit: 3, name: 'memory type' },
		meaning: MEMORY_TYPES[type] ?? `reserved (${type})`
	});
	if (noAd)
		words.push({ bit: 62, name: 'special', meaning: 'no accessed and dirty bits: KVM counts by rights' });
	return [
		...words,
		frame(spte),
		...locklessly(spte),
		...(spte & 7n
			? (spte & 3n) === 2n
				? [{ bit: 0, name: 'illegal', meaning: 'EPT forbids write without read: a misconfiguration exit' }]
				: []
			: [{ bit: 0, name: 'no rights', meaning: 'the CPU takes it for not present, KVM for mapped' }]),
		...unnamedBits(spte, maskOf(rules) | EPT_TYPE | FRAME | SPECIAL)
	];
}

function nptWords(spte: bigint): BitWord[] {
	const named = maskOf([...NPT, ...SOFTWARE]) | FRAME;
	return [
		...wordsOf(spte, [...NPT, ...SOFTWARE]),
		frame(spte),
		...locklessly(spte),
		...unnamedBits(spte, named)
	];
}

const frame = (spte: bigint): BitWord => ({
	...{ bit: 12, name: 'frame' },
	meaning: `host page ${hex((spte & FRAME) >> 12n)}`
});

/** spte_can_locklessly_be_made_writable: both software bits set while W is not. */
const locklessly = (spte: bigint): BitWord[] =>
	(spte & 0xc02n) === 0xc00n
		? [{ bit: 10, name: 'fast path', meaning: 'a write fault may give W back without the MMU lock' }]
		: [];
