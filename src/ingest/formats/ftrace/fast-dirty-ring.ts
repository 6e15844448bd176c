import { FLAG } from '#lib/domain/batch.ts';
import { KIND_CODES } from '#lib/domain/kinds.ts';
import { splitSlot } from '../slot-book.ts';
import { bytesOf } from './cursor.ts';
import type { FastReader } from './fast-line.ts';

const DASH = 45;
const TEXT = {
	RING: bytesOf('ring '),
	DIRTY: bytesOf(': dirty 0x'),
	RESET: bytesOf(' reset 0x'),
	SLOT: bytesOf(' slot '),
	OFFSET: bytesOf(' offset 0x'),
	RET: bytesOf(' ret '),
	USED: bytesOf(' (used '),
	CLOSE: bytesOf(')')
} as const;

/** `kvm_dirty_ring_push`, as `kvmDirtyRingPush` reads it, for slots that are known. */
export const dirtyRingPush: FastReader = (host) => {
	const { cursor } = host;
	if (!cursor.take(TEXT.RING)) return -1;
	const vcpuId = cursor.decimal(4);
	if (vcpuId < 0 || !cursor.take(TEXT.DIRTY) || !cursor.hex64()) return -1;
	if (!cursor.take(TEXT.RESET) || !cursor.hex64() || !cursor.take(TEXT.SLOT)) return -1;
	const slot = cursor.decimal(10);
	if (slot < 0 || !cursor.take(TEXT.OFFSET) || !cursor.page()) return -1;
	const offset = cursor.gfn;
	if (cursor.take(TEXT.RET)) {
		if (cursor.here(DASH)) cursor.at++;
		if (cursor.decimal(10) < 0) return -1;
	}
	if (!cursor.take(TEXT.USED) || cursor.decimal(10) < 0 || !cursor.take(TEXT.CLOSE)) return -1;
	const end = cursor.endOfLine();
	if (end < 0) return -1;
	const { asId, slotId } = splitSlot(slot);
	const region = host.slots.get(asId, slotId);
	if (!region || offset >= region.npages) return -1;
	const i = host.put(KIND_CODES.write, FLAG.place | FLAG.derived | (asId === 1 ? FLAG.smm : 0));
	host.events.vcpu[i] = vcpuId;
	host.events.gfn[i] = region.baseGfn + offset;
	return end;
};
