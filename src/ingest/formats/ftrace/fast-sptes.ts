import { FLAG } from '#lib/domain/batch.ts';
import { KIND_CODES } from '#lib/domain/kinds.ts';
import { bytesOf } from './cursor.ts';
import type { FastHost, FastReader } from './fast-line.ts';
import { ALL_RIGHTS, NO_LOSS } from './sptes.ts';

const BLANK = 32;
/** Rights as in the batch. */
const READ = 0;
const WRITE = 1;
const EXEC = 2;
/** A leaf above level 1 has this bit. */
const HUGE = 128;
const TEXT = {
	GFN: bytesOf('gfn '),
	SPTE: bytesOf(' spte '),
	OPENING: bytesOf(' ('),
	CLOSED_LEVEL: bytesOf(') level '),
	AS_ID: bytesOf('as id '),
	SPACE_GFN: bytesOf(' gfn '),
	LEVEL: bytesOf(' level '),
	OLD: bytesOf(' old_spte '),
	NEW: bytesOf(' new_spte ')
} as const;

/** The entry that was read last. */
const entry = { gfn: 0, level: 0, asId: 0, low: 0, high: 0 };

/** An entry without a right. */
function protect(host: FastHost, right: number): void {
	const pages = 512 ** (entry.level - 1);
	const flags = FLAG.place | FLAG.value | FLAG.derived | (entry.asId && FLAG.smm);
	const i = host.put(KIND_CODES.spte_protect, flags);
	const { events } = host;
	events.gfn[i] = entry.gfn - (entry.gfn % pages);
	if (pages < 2 ** 31) events.npages[i] = pages;
	events.detail[i] = right | (entry.level << 2);
	events.valueLo[i] = entry.low;
	events.valueHi[i] = entry.high;
}

/** `kvm_mmu_set_spte`, as `kvmMmuSetSpte` reads it. */
export const setSpte: FastReader = (host) => {
	const { cursor } = host;
	if (!cursor.take(TEXT.GFN) || !cursor.page()) return -1;
	entry.gfn = cursor.gfn;
	entry.asId = 0;
	if (!cursor.take(TEXT.SPTE) || !cursor.hex64() || !cursor.take(TEXT.OPENING)) return -1;
	entry.low = cursor.low;
	entry.high = cursor.high;
	const read = cursor.right(114);
	const write = cursor.right(119);
	const exec = cursor.right(120);
	const user = cursor.right(117);
	if (read < 0 || write < 0 || exec < 0 || user < 0 || !cursor.take(TEXT.CLOSED_LEVEL)) return -1;
	entry.level = cursor.decimal(1);
	if (entry.level < 1 || entry.level > 5 || !cursor.here(BLANK)) return -1;
	if (read && write && exec) return host.skip(ALL_RIGHTS);
	const end = cursor.lineEnd();
	if (end < 0) return -1;
	if (!write) protect(host, WRITE);
	if (!read) protect(host, READ);
	if (!exec) protect(host, EXEC);
	return end;
};

/** `kvm_tdp_mmu_spte_changed`, as `kvmTdpMmuSpteChanged` reads it. */
export const spteChanged: FastReader = (host) => {
	const { cursor } = host;
	if (!cursor.take(TEXT.AS_ID)) return -1;
	const asId = cursor.decimal(4);
	if (asId < 0 || !cursor.take(TEXT.SPACE_GFN) || !cursor.page()) return -1;
	entry.gfn = cursor.gfn;
	entry.asId = asId === 1 ? 1 : 0;
	if (!cursor.take(TEXT.LEVEL)) return -1;
	entry.level = cursor.decimal(1);
	if (entry.level < 1 || entry.level > 5 || !cursor.take(TEXT.OLD) || !cursor.hex64()) return -1;
	const old = cursor.low;
	if (!cursor.take(TEXT.NEW) || !cursor.hex64()) return -1;
	const { low } = cursor;
	entry.low = low;
	entry.high = cursor.high;
	const end = cursor.endOfLine();
	if (end < 0) return -1;
	const leaf = entry.level === 1 || (low & HUGE) !== 0;
	const lost = leaf && (low & 7) !== 0 ? old & ~low & (host.vendor.faultCode === 'ept' ? 7 : 2) : 0;
	if (lost === 0) return host.skip(NO_LOSS);
	if (lost & 2) protect(host, WRITE);
	if (lost & 1) protect(host, READ);
	if (lost & 4) protect(host, EXEC);
	return end;
};
