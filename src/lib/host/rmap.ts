import { HostBug } from './errors.ts';
import type { Spte } from './spte.ts';

const NONE: readonly Spte[] = [];

/**
 * Reverse map of one level of a slot: for each index the entries that map it, `struct kvm_rmap_head`
 * (arch/x86/kvm/mmu.c). Only mapped indexes take memory.
 */
export class RmapLevel {
	readonly #heads = new Map<number, Spte[]>();

	/** Entries of an index. */
	get(index: number): readonly Spte[] {
		return this.#heads.get(index) ?? NONE;
	}

	/** Follows `pte_list_add`. */
	add(index: number, sptep: Spte): void {
		const head = this.#heads.get(index);
		if (head) head.push(sptep);
		else this.#heads.set(index, [sptep]);
	}

	/** Follows `pte_list_remove`, whose BUG() on an entry that is not there is thrown. */
	remove(index: number, sptep: Spte): void {
		const head = this.#heads.get(index);
		const at = head?.indexOf(sptep) ?? -1;
		if (!head || at < 0) throw new HostBug('rmap-spte-missing', sptep.gfn);
		head.splice(at, 1);
		if (head.length === 0) this.#heads.delete(index);
	}

	/** All entries of the level, in no particular order. */
	*entries(): Generator<Spte> {
		for (const head of this.#heads.values()) yield* head;
	}
}
