import { KVM_MEM_READONLY, type MemslotFields } from '../memslot.ts';

/** Pages below the hole for devices, 3 GiB as QEMU's q35 has it; the rest of the memory begins at 4 GiB. */
const BELOW_HOLE = 0xc0000;
const ABOVE_HOLE = 0x100000;
const FIRST_MIB = 0x100;
/** Where the process that owns the VM has mapped its memory; aligned to 1 GiB so that huge pages can be used. */
const RAM_HVA = 0x7000_0000_0000;
const BIOS_HVA = 0x6fff_0000_0000;

/** A memslot and the name it is shown by. */
export interface NamedSlot extends MemslotFields {
	readonly name: string;
}

/**
 * The memslots of a PC with `pages` pages of memory (at least 2 MiB):
 *
 * ```
 * 0      640K   896K  1M            3G        4G
 * | ram  |      |bios | ram         | devices | ram …
 *   id 0          id 1  id 2                    id 3 (if there are more than 3 GiB)
 * ```
 */
export function pcSlots(pages: number): NamedSlot[] {
	const ram = (id: number, baseGfn: number, npages: number, ramPage: number): NamedSlot => ({
		id,
		asId: 0,
		baseGfn,
		npages,
		userspaceAddr: RAM_HVA + ramPage * 4096,
		flags: 0,
		name: 'pc.ram'
	});
	const bios = { userspaceAddr: BIOS_HVA, flags: KVM_MEM_READONLY, name: 'pc.bios' };
	return [
		ram(0, 0, 0xa0, 0),
		{ id: 1, asId: 0, baseGfn: 0xe0, npages: 0x20, ...bios },
		ram(2, FIRST_MIB, Math.min(pages, BELOW_HOLE) - FIRST_MIB, FIRST_MIB),
		...(pages > BELOW_HOLE ? [ram(3, ABOVE_HOLE, pages - BELOW_HOLE, BELOW_HOLE)] : [])
	];
}

/** Gfn of the memory's `page`th page: those beyond 3 GiB lie above 4 GiB. */
export const ramGfn = (page: number): number => (page < BELOW_HOLE ? page : page - BELOW_HOLE + ABOVE_HOLE);

/** First gfn after the memory's last page, aligned to 1 GiB: where more memory can be plugged in. */
export const hotplugGfn = (pages: number): number =>
	Math.max(ABOVE_HOLE, Math.ceil((ramGfn(pages - 1) + 1) / 0x40000) * 0x40000);
