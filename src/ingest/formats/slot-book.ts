import type { TraceEvent } from '#lib/domain/events.ts';
import { slotKey } from '#lib/domain/state.ts';
import { GFN_LIMIT, NPAGES_LIMIT } from '#lib/domain/units.ts';
import { rejected, skipped, type NoEvent } from './text-scanner.ts';

/** Arguments of KVM_SET_USER_MEMORY_REGION. */
export interface RegionChange {
	readonly asId: number;
	readonly slotId: number;
	readonly flags?: number;
	readonly gpa: bigint;
	/** Bytes; 0 deletes the slot. */
	readonly size: bigint;
	readonly userspaceAddr?: bigint;
}
interface Region {
	readonly baseGfn: number;
	readonly npages: number;
	readonly flags: number | undefined;
}
type Shape = Omit<TraceEvent & { kind: 'memslot_create' }, 'kind' | 'tsNs'>;

/** The number that ioctl and tracepoints give a slot: address space in the upper 16 bits, id in the lower. */
export const splitSlot = (slot: number): { asId: number; slotId: number } => ({
	asId: Math.floor(slot / 65536),
	slotId: slot % 65536
});

/** Follows the memslots of a source that only says what was asked of the ioctl. */
export class SlotBook {
	readonly #regions = new Map<number, Region>();

	get(asId: number, slotId: number): Region | undefined {
		return this.#regions.get(slotKey(asId, slotId));
	}

	/**
	 * The events of a change that succeeded (__kvm_set_memory_region, virt/kvm/kvm_main.c): create, move, flags or
	 * delete; or why it changes nothing.
	 */
	change(tsNs: number, change: RegionChange): TraceEvent[] | NoEvent {
		const wrong = check(change);
		if (wrong) return wrong;
		const { asId, slotId, flags, userspaceAddr } = change;
		const key = slotKey(asId, slotId);
		const former = this.#regions.get(key);
		const region = {
			baseGfn: Number(change.gpa >> 12n),
			npages: Number(change.size >> 12n),
			flags
		};
		const shape = (of: Region): Shape => ({
			...(asId && { asId }),
			...{ slotId, baseGfn: of.baseGfn, npages: of.npages },
			...(of.flags !== undefined && { flags: of.flags }),
			...(userspaceAddr !== undefined && { userspaceAddr })
		});
		if (region.npages === 0) {
			if (!former) return skipped('unknown-memslot', `memslot ${slotId} goes, and no line made it`);
			this.#regions.delete(key);
			return [{ kind: 'memslot_delete', tsNs, ...shape(former) }];
		}
		this.#regions.set(key, region);
		if (!former) return [{ kind: 'memslot_create', tsNs, ...shape(region) }];
		if (former.npages !== region.npages)
			return [
				{ kind: 'memslot_delete', tsNs, ...shape(former), derived: true },
				{ kind: 'memslot_create', tsNs, ...shape(region) }
			];
		if (former.baseGfn !== region.baseGfn) return [{ kind: 'memslot_move', tsNs, ...shape(region) }];
		if (former.flags !== region.flags) return [{ kind: 'memslot_flags', tsNs, ...shape(region) }];
		return skipped('no-change', `memslot ${slotId} stays as it is`);
	}
}

function check({ asId, slotId, flags = 0, gpa, size }: RegionChange): NoEvent | null {
	const bad = (message: string) => rejected('bad-value', message);
	if (asId > 1) return bad(`address space ${asId} is neither 0 nor 1`);
	if (slotId >= 512) return bad(`memslot ${slotId} is no whole number below 512`);
	if (flags >= 2 ** 32) return bad(`flags ${flags} have more than 32 bits`);
	if (gpa & 4095n) return bad(`gpa 0x${gpa.toString(16)} is not page-aligned`);
	if (size & 4095n) return bad(`size 0x${size.toString(16)} is not a multiple of the page size`);
	if (size >> 12n >= BigInt(NPAGES_LIMIT)) return bad(`size 0x${size.toString(16)} has too many pages`);
	if ((gpa + size) >> 12n > BigInt(GFN_LIMIT)) return bad('the memslot ends beyond 52 bits');
	return null;
}
