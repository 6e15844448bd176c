import { emulatorReadEmulated, emulatorWriteEmulated } from '#lib/host/emulator.ts';
import { Kvm } from '#lib/host/kvm.ts';
import { kvmSetMemoryRegion } from '#lib/host/memory-region.ts';
import { kvmPageTrackRegisterNotifier } from '#lib/host/notifier.ts';
import { kvmSlotPageTrackAddPage } from '#lib/host/page-track.ts';

const ROUNDS = 2_000_000;
const BASE_GFN = 2 ** 20;
const NPAGES = 2 ** 24;
const WORKING_SET = 4096;

/** A 64 GiB guest with one node that sees every access, and the count of what it saw. */
function guest(): { kvm: Kvm; seen: { count: number } } {
	const kvm = new Kvm();
	const seen = { count: 0 };
	const region = { id: 0, asId: 0, baseGfn: BASE_GFN, npages: NPAGES, userspaceAddr: 2 ** 40, flags: 0 };
	if (kvmSetMemoryRegion(kvm, region) !== 0) throw new Error('slot not created');
	kvmPageTrackRegisterNotifier(kvm, {
		name: 'bench',
		trackPreread: () => ++seen.count > 0,
		trackPrewrite: () => ++seen.count > 0,
		trackWrite: () => void seen.count++
	});
	return { kvm, seen };
}

const gpaOf = (round: number): number => (BASE_GFN + ((round * 37) % WORKING_SET)) * 4096 + (round % 500) * 8;

function measure(name: string, access: (round: number) => void, seen: { count: number }): void {
	for (let round = 0; round < ROUNDS / 10; round++) access(round);
	seen.count = 0;
	const start = performance.now();
	for (let round = 0; round < ROUNDS; round++) access(round);
	const seconds = (performance.now() - start) / 1000;
	const rate = (count: number) => `${(count / seconds / 1e6).toFixed(2)} M/s`;
	console.log(`${name}: ${rate(ROUNDS)} accesses, ${rate(seen.count)} notifications`);
}

function measureMemory(kvm: Kvm): void {
	const slot = kvm.memslots[0].byId(0);
	if (!slot) throw new Error('slot not found');
	const before = process.memoryUsage();
	for (let n = 0; n < 10_000; n++) kvmSlotPageTrackAddPage(kvm, slot, BASE_GFN + n * 1600, 2);
	const after = process.memoryUsage();
	const bytes = after.heapUsed - before.heapUsed + after.arrayBuffers - before.arrayBuffers;
	console.log(`10,000 scattered tracked pages of 64 GiB: ${(bytes / 2 ** 20).toFixed(1)} MiB`);
}

const { kvm, seen } = guest();
const vcpu = kvm.vcpu(0);
const buf = new Uint8Array(8);
measure('emulated writes', (round) => void emulatorWriteEmulated(vcpu, gpaOf(round), buf, 8), seen);
measure('emulated reads', (round) => void emulatorReadEmulated(vcpu, gpaOf(round), buf, 8), seen);
measureMemory(kvm);
