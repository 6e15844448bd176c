import type { KvmVcpu } from '../kvm.ts';
import { kvmMmuGetPage, kvmMmuPrepareZapPage, type KvmMmuPage } from '../shadow-page.ts';
import { KERNEL_CODE, type Guest } from '../simulation/guest.ts';
import type { Workload } from './workload.ts';

const COPY_PAGE_RANGE = 0x1d4b20;
const HANDLE_MM_FAULT = 0x1d8e60;
const UNMAP_VMAS = 0x1d6f00;

/** Tables of a process by level: one root, one of level 3, two of level 2, six of level 1. */
const SHAPE: readonly number[] = [4, 3, 2, 2, 1, 1, 1, 1, 1, 1];
const MOST_PROCESSES = 12;

interface Table {
	readonly gfn: number;
	readonly level: number;
	/** KVM's copy; null until the process has run. */
	shadow: KvmMmuPage | null;
}

/** Processes of a guest whose page tables KVM shadows. */
class Processes {
	readonly alive: Table[][] = [];
	readonly #guest: Guest;
	readonly #vcpu: KvmVcpu;
	readonly #free: number[];
	readonly #entry = new Uint8Array(8);

	constructor(guest: Guest, vcpu: KvmVcpu) {
		this.#guest = guest;
		this.#vcpu = vcpu;
		const count = (MOST_PROCESSES + 1) * SHAPE.length * 2;
		const first = guest.allocate(count);
		this.#free = Array.from({ length: count }, (_, i) => first + i);
	}

	/** The guest's kernel writes an entry of a table. */
	#write(table: Table, index: number): void {
		this.#guest.write(this.#vcpu, table.gfn * 4096 + index * 8, this.#entry);
	}

	/** Copies the parent's tables and makes the parent's leaf entries read-only for copy-on-write. */
	fork(parent: readonly Table[] | undefined): void {
		const guest = this.#guest;
		guest.at(KERNEL_CODE, COPY_PAGE_RANGE);
		const child = SHAPE.map((level): Table => {
			// the allocator hands out a page that was given back lately
			const at = Math.max(0, this.#free.length - 1 - guest.random.below(24));
			const [gfn = 0] = this.#free.splice(at, 1);
			return { gfn, level, shadow: null };
		});
		for (const table of child) for (let i = 0; i < 6; i++) this.#write(table, guest.random.skewed(512));
		for (const table of parent ?? [])
			for (let i = 0; table.level === 1 && i < 8; i++) this.#write(table, guest.random.skewed(512));
		this.alive.push(child);
		guest.think(40_000);
	}

	/** The process runs: KVM shadows what it has not, root first, and page faults fill the tables. */
	execute(tables: readonly Table[]): void {
		const guest = this.#guest;
		for (const table of tables) table.shadow ??= kvmMmuGetPage(this.#vcpu, table.gfn, table.level);
		guest.at(KERNEL_CODE, HANDLE_MM_FAULT);
		for (let i = 0; i < 20; i++) {
			const table = tables[tables.length - 1 - guest.random.skewed(tables.length)];
			if (table) this.#write(table, guest.random.below(512));
			guest.think(20_000);
		}
	}

	/** The kernel clears the upper tables; KVM drops its copies; the pages are free again. */
	exit(tables: readonly Table[]): void {
		const guest = this.#guest;
		guest.at(KERNEL_CODE, UNMAP_VMAS);
		for (const table of tables) for (let i = 0; table.level > 1 && i < 4; i++) this.#write(table, i * 8);
		for (const { shadow, gfn } of [...tables].reverse()) {
			if (shadow) kvmMmuPrepareZapPage(guest.kvm, shadow);
			this.#free.push(gfn);
		}
		this.alive.splice(this.alive.indexOf(tables as Table[]), 1);
	}
}

/**
 * A guest that forks, runs and exits without pause while KVM shadows its page tables (a nested guest without nested
 * paging). Every table above the leaves is write-tracked from the moment it is shadowed until its process ends; leaf
 * tables go out of sync at their first write and are silent from then on.
 */
export const shadowFork: Workload = {
	name: 'shadow-fork',
	summary: 'KVM shadows the page tables of a guest that forks and exits',
	heatMap:
		'a narrow band of page-table pages; in it short horizontal dashes of pre-writes and writes, one per upper table, that begin with a fork and end with an exit, as pages are used again for the next process',
	memoryMiB: { least: 64, usual: 256 },
	vcpus: { usual: 2 },
	*run(guest) {
		guest.listen();
		// this vCPU runs the nested guest: its MMU shadows tables
		const vcpu = guest.kvm.vcpu(guest.kvm.vcpus.length - 1);
		vcpu.directMap = false;
		const processes = new Processes(guest, vcpu);
		processes.fork(undefined);
		guest.mark('first process');
		for (;;) {
			const { alive } = processes;
			const one = alive[guest.random.below(alive.length)];
			const wish = guest.random.unit();
			if (one && wish < 0.7) processes.execute(one);
			else if (alive.length < 2 || (wish < 0.87 && alive.length < MOST_PROCESSES)) processes.fork(one);
			else if (one) processes.exit(one);
			yield;
		}
	}
};
