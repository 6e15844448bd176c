import type { KvmVcpu } from '../kvm.ts';
import type { KvmMemorySlot } from '../memslot.ts';
import type { NotifierNode } from '../notifier.ts';
import { KERNEL_CODE, type Code, type Guest } from '../simulation/guest.ts';
import { KVM_PAGE_TRACK_PREEXEC, KVM_PAGE_TRACK_PREWRITE, KVM_PAGE_TRACK_WRITE } from '../track-mode.ts';
import type { Workload } from './workload.ts';

/** SMRAM at its oldest place: 128 KiB that the normal address space does not have (the VGA window is there). */
const SMRAM_GFN = 0xa0;
const SMRAM_PAGES = 0x20;
const SMRAM_HVA = 0x6800_0000_0000;
const HANDLER: Code = { gpa: SMRAM_GFN * 4096 + 0x8000, ripHi: 0, ripLo: 0xa8000 };
const SMI_COMMAND = 0x5c1e80;
const VGA_DRIVER = 0x6a2250;
/** The state a CPU saves on entry, from 0xfc00 of its own SMBASE page run; one page a vCPU. */
const saveState = (vcpuId: number): number => (SMRAM_GFN + 0xf - (vcpuId % 8)) * 4096 + 0xc00;

/** One system management interrupt of a vCPU, and a look at the other side of the same addresses. */
function interrupt(guest: Guest, vcpu: KvmVcpu, state: Uint8Array): void {
	vcpu.smm = true;
	for (let i = 0; i < 6; i++) {
		guest.at(HANDLER, guest.random.skewed(4) * 4096 + guest.random.below(4000));
		guest.execute(vcpu);
		if (i % 2 === 0) guest.write(vcpu, saveState(vcpu.vcpuId) + i * 8, state);
		guest.think(2500);
	}
	vcpu.smm = false;
}

/**
 * System management mode: an interrupt takes a vCPU into address space 1, where SMRAM has a slot of its own at the
 * addresses of the VGA window. A guard tracks writes and execution there, in that address space only. Accesses to the
 * same addresses in normal mode find no memory and go to the device model, yet the nodes hear of them as of any
 * emulated access.
 */
export const smm: Workload = {
	name: 'smm',
	summary: 'interrupts take vCPUs into SMM, whose memory is another address space with its own tracking',
	heatMap:
		'a lane of address space 1 with 32 pages: four rows of pre-execs in the handler, one row of pre-writes and writes per vCPU at its saved state; the same addresses in normal mode are in no lane and count as outside',
	memoryMiB: { least: 64, usual: 128 },
	vcpus: { usual: 4 },
	*run(guest) {
		const node: NotifierNode = {
			name: 'smm-guard',
			trackPrewrite: () => true,
			trackWrite: () => {},
			trackPreexec: () => true
		};
		guest.register(node);
		guest.setRegion({
			...{ id: 0, asId: 1, baseGfn: SMRAM_GFN, npages: SMRAM_PAGES, flags: 0 },
			...{ userspaceAddr: SMRAM_HVA, name: 'smram' }
		});
		const smram = guest.kvm.memslots[1].byId(0) as KvmMemorySlot; // it was created just now
		for (let page = 0; page < SMRAM_PAGES; page++) {
			guest.track(node, SMRAM_GFN + page, KVM_PAGE_TRACK_PREWRITE, smram);
			guest.track(node, SMRAM_GFN + page, KVM_PAGE_TRACK_WRITE, smram);
			if (page >= 8 && page < 12) guest.track(node, SMRAM_GFN + page, KVM_PAGE_TRACK_PREEXEC, smram);
		}
		guest.mark('SMRAM guarded');
		const state = new Uint8Array(8);
		for (;;) {
			const vcpu = guest.anyVcpu();
			guest.at(KERNEL_CODE, SMI_COMMAND);
			interrupt(guest, vcpu, state);
			guest.at(KERNEL_CODE, VGA_DRIVER);
			for (let i = guest.random.below(3); i > 0; i--)
				guest.touch(vcpu, 'write', SMRAM_GFN * 4096 + guest.random.below(SMRAM_PAGES * 512) * 8);
			guest.think(300_000);
			yield;
		}
	}
};
