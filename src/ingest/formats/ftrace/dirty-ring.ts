import { splitSlot } from '../slot-book.ts';
import { skipped } from '../text-scanner.ts';
import type { Handler } from './context.ts';
import { asVcpu, FieldError, Fields } from './fields.ts';

const PUSH =
	/^ring (\d+): dirty 0x[\da-f]+ reset 0x[\da-f]+ slot (\d+) offset 0x([\da-f]+)(?: ret -?\d+)? \(used \d+\)\s*$/;

/**
 * `kvm_dirty_ring_push` (include/trace/events/kvm.h): the ring's vCPU wrote the page at this offset of the slot. The
 * gfn can be told only if the trace also said where the slot lies.
 */
export const kvmDirtyRingPush: Handler = ({ body, tsNs }, context) => {
	const found = PUSH.exec(body);
	const raw = found ? null : new Fields(body);
	const ring = found ? found[1] : raw?.word('index');
	const slot = found ? Number(found[2]) : raw?.number(2 ** 32, 'slot');
	const offset = found ? BigInt(`0x${found[3]}`) : raw?.word('offset');
	if (ring === undefined || slot === undefined || offset === undefined) return null;
	const vcpuId = asVcpu(ring);
	const { asId, slotId } = splitSlot(slot);
	const region = context.slots.get(asId, slotId);
	if (!region)
		return skipped(
			'slot-unknown',
			`memslot ${slotId} was not reported: the page at its offset cannot be told`
		);
	if (offset >= BigInt(region.npages))
		throw new FieldError('bad-value', `offset 0x${offset.toString(16)} is beyond memslot ${slotId}`);
	const gfn = region.baseGfn + Number(offset);
	context.emit({ kind: 'write', tsNs, vcpuId, gfn, ...(asId && { asId }), derived: true });
	return 'event';
};
