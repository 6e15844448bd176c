import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { replayVector } from '#lib/host/conformance/replay.ts';
import { Kvm } from '#lib/host/kvm.ts';
import { kvmSetMemoryRegion } from '#lib/host/memory-region.ts';
import { kvmPageTrackRegisterNotifier } from '#lib/host/notifier.ts';
import { kvmSlotPageTrackAddPage } from '#lib/host/page-track.ts';
import { emulatorWriteEmulated } from '#lib/host/emulator.ts';
import { HostRecorder } from '#lib/host/recorder.ts';
import { simulationOptions } from '#lib/host/simulation/options.ts';
import { Simulation } from '#lib/host/simulation/simulation.ts';

const VECTORS = join(import.meta.dirname, '../test/vectors/page-track');
const MIB = 2 ** 20;
const gc = (globalThis as { gc?: () => void }).gc ?? (() => {});

/** A measured value and what it must reach. */
interface Bar {
	readonly name: string;
	readonly value: string;
	readonly holds: boolean;
}

/** Runs a workload into batches that nobody keeps; CPU time, so that other work on the machine does not count. */
function simulate(request: { workload: string; events: number; memoryMiB?: number }) {
	const simulation = new Simulation(simulationOptions(request));
	const began = process.cpuUsage();
	const wall = performance.now();
	let peak = 0;
	for (const batch of simulation.batches()) {
		peak = Math.max(peak, process.memoryUsage().rss);
		simulation.recorder.recycle(batch);
	}
	const { user, system } = process.cpuUsage(began);
	const { notifications, events } = simulation.recorder;
	return { notifications, events, cpu: (user + system) / 1e6, wall: (performance.now() - wall) / 1000, peak };
}

function notificationRate(): Bar {
	simulate({ workload: 'introspection', events: 500_000 });
	const { notifications, cpu, wall } = simulate({ workload: 'introspection', events: 6_000_000 });
	const rate = notifications / cpu / 1e6;
	return {
		name: 'recorded notifications, introspection (at least 1.5 M/s of one core)',
		value: `${rate.toFixed(2)} M/s of CPU time, ${(notifications / wall / 1e6).toFixed(2)} M/s of wall clock`,
		holds: rate >= 1.5
	};
}

function conformance(): Bar {
	const files = readdirSync(VECTORS).filter((name) => name.endsWith('.jsonl'));
	const passed = files.filter((name) => !replayVector(readFileSync(join(VECTORS, name), 'utf8')).failure);
	return {
		name: "sequences recorded from the kernel's code",
		value: `${passed.length} of ${files.length}`,
		holds: files.length === 62 && passed.length === 62
	};
}

function flatMemory(): Bar {
	const sizes = [1_000_000, 8_000_000].map((events) => {
		gc();
		return simulate({ workload: 'mixed', events }).peak / MIB;
	});
	const [short = 0, long = 0] = sizes;
	return {
		name: 'peak memory of 1 M and 8 M events, mixed (flat)',
		value: `${short.toFixed(0)} and ${long.toFixed(0)} MiB`,
		holds: long < short * 1.25 + 16
	};
}

function sparseGuest(): Bar {
	gc();
	const { peak, events } = simulate({ workload: 'introspection', events: 1_000_000, memoryMiB: 65_536 });
	return {
		name: 'peak memory of a 64 GiB guest, introspection (less than 200 MB)',
		value: `${(peak / 1e6).toFixed(0)} MB after ${(events / 1e6).toFixed(1)} M events`,
		holds: peak < 200e6
	};
}

function scatteredPages(): Bar {
	const kvm = new Kvm();
	kvmSetMemoryRegion(kvm, {
		...{ id: 0, asId: 0, baseGfn: 2 ** 20, npages: 2 ** 24 },
		...{ userspaceAddr: 2 ** 40, flags: 0 }
	});
	const slot = kvm.memslots[0].search(2 ** 20);
	if (!slot) throw new Error('slot not created');
	gc();
	const before = process.memoryUsage();
	for (let n = 0; n < 10_000; n++) kvmSlotPageTrackAddPage(kvm, slot, 2 ** 20 + n * 1600, 2);
	const after = process.memoryUsage();
	const bytes = after.heapUsed - before.heapUsed + after.arrayBuffers - before.arrayBuffers;
	return {
		name: '10,000 scattered tracked pages of 64 GiB (less than 200 MB)',
		value: `${(bytes / 1e6).toFixed(1)} MB`,
		holds: bytes < 200e6
	};
}

/** The recorder alone: emulated writes that two nodes hear, without faults. */
function recorderRate(): Bar {
	const recorder = new HostRecorder();
	const kvm = new Kvm({ taps: recorder.taps });
	const region = { id: 0, asId: 0, baseGfn: 0, npages: 2 ** 16, userspaceAddr: 2 ** 40, flags: 0 };
	if (kvmSetMemoryRegion(kvm, region) !== 0) throw new Error('slot not created');
	kvmPageTrackRegisterNotifier(kvm, { name: 'bench', trackPrewrite: () => true, trackWrite: () => {} });
	const buf = new Uint8Array(8);
	const vcpu = kvm.vcpu(0);
	const began = process.cpuUsage();
	for (let round = 0; round < 4_000_000; round++) {
		emulatorWriteEmulated(vcpu, ((round * 37) % 4096) * 4096 + (round % 500) * 8, buf, 8);
		if (round % 4096 === 0) recorder.take().forEach((batch) => recorder.recycle(batch));
	}
	const { user, system } = process.cpuUsage(began);
	const rate = recorder.notifications / ((user + system) / 1e6) / 1e6;
	return { name: 'recorded notifications without faults', value: `${rate.toFixed(2)} M/s`, holds: true };
}

const bars = [
	conformance(),
	sparseGuest(),
	flatMemory(),
	scatteredPages(),
	notificationRate(),
	recorderRate()
];
for (const { name, value, holds } of bars) console.log(`${holds ? 'holds ' : 'FAILS '} ${name}: ${value}`);
process.exitCode = bars.every(({ holds }) => holds) ? 0 : 1;
