import { skipped, type Outcome } from '../text-scanner.ts';
import type { EventLine, Handler, TraceContext } from './context.ts';
import { asLevel, asPage, Fields, hexWord } from './fields.ts';

const SET = /^gfn (?:0x)?([\da-f]+) spte (?:0x)?([\da-f]+) \(([r-])([w-])([x-])([u-]?)\) level (\d+)/;
const CHANGED =
	/^as id (\d+) gfn (?:0x)?([\da-f]+) level (\d+) old_spte (?:0x)?([\da-f]+) new_spte (?:0x)?([\da-f]+)\s*$/;
/** The outcome of an entry that forbids nothing. */
export const ALL_RIGHTS = skipped('all-rights', 'the entry has all rights: nothing is protected by it');
/** The outcome of a change that forbids nothing new. */
export const NO_LOSS = skipped('no-right-lost', 'the entry lost no right, or is no longer there');

type Protect = 'read' | 'write' | 'exec';
interface Entry {
	readonly gfn: number;
	readonly level: number;
	readonly spte: bigint;
	readonly asId?: number;
}

/** An entry without a right: why it has none nobody says (tracking, dirty logging, a read-only slot …). */
function protect(
	{ tsNs }: EventLine,
	context: TraceContext,
	{ gfn, level, spte, asId }: Entry,
	missing: readonly Protect[]
): Outcome {
	const pages = 512 ** (level - 1);
	for (const right of missing)
		context.emit({
			...{ kind: 'spte_protect', tsNs, gfn: gfn - (gfn % pages), protect: right, level, spte },
			...(pages > 1 && pages < 2 ** 31 && { npages: pages }),
			...(asId && { asId }),
			derived: true
		});
	return 'event';
}

/** `kvm_mmu_set_spte`: a leaf entry is written; its rights are in letters; `u` repeats R on EPT. */
export const kvmMmuSetSpte: Handler = (line, context) => {
	const found = SET.exec(line.body);
	const raw = found ? null : new Fields(line.body);
	const gfn = found ? hexWord(found[1] ?? '') : raw?.hex(context.rawHex, 'gfn');
	const spte = found ? hexWord(found[2] ?? '') : raw?.hex(context.rawHex, 'spte');
	const level = found ? found[7] : raw?.word('level');
	if (gfn === undefined || spte === undefined || level === undefined) return null;
	const has = (letter: string, at: number, name: string) =>
		found ? found[at] === letter : raw?.text(name) === undefined || raw.word(name) === 1n;
	const write = found ? found[4] === 'w' : (spte & 2n) !== 0n; // raw lines have no field for W
	const missing: Protect[] = [];
	if (!write) missing.push('write');
	if (!has('r', 3, 'r')) missing.push('read');
	if (!has('x', 5, 'x')) missing.push('exec');
	if (missing.length === 0) return ALL_RIGHTS;
	return protect(line, context, { gfn: asPage(gfn), spte, level: asLevel(level) }, missing);
};

const R = 1n;
const W = 2n;
const X = 4n;
/** A leaf above level 1 has this bit; a table has not. */
const HUGE = 128n;

/**
 * `kvm_tdp_mmu_spte_changed`: what a leaf lost against its former value. R and X are EPT's bits; on AMD bits 0 and 2
 * mean something else, so that only W is looked at.
 */
export const kvmTdpMmuSpteChanged: Handler = (line, context) => {
	const found = CHANGED.exec(line.body);
	const raw = found ? null : new Fields(line.body);
	const asId = found ? BigInt(found[1] ?? 0) : raw?.word('as_id');
	const gfn = found ? hexWord(found[2] ?? '') : raw?.hex(context.rawHex, 'gfn');
	const level = found ? found[3] : raw?.word('level');
	const old = found ? hexWord(found[4] ?? '') : raw?.hex(context.rawHex, 'old_spte');
	const spte = found ? hexWord(found[5] ?? '') : raw?.hex(context.rawHex, 'new_spte');
	if (gfn === undefined || level === undefined || old === undefined || spte === undefined) return null;
	const entry = { gfn: asPage(gfn), level: asLevel(level), spte, asId: asId === 1n ? 1 : 0 };
	const leaf = entry.level === 1 || (spte & HUGE) !== 0n;
	if (!leaf || (spte & (R | W | X)) === 0n) return NO_LOSS;
	const lost = old & ~spte;
	const ept = context.vendor.faultCode === 'ept';
	const missing: Protect[] = [];
	if (lost & W) missing.push('write');
	if (ept && lost & R) missing.push('read');
	if (ept && lost & X) missing.push('exec');
	return missing.length ? protect(line, context, entry, missing) : NO_LOSS;
};
