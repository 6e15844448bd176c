import { alignGfn, PT_MAX_HUGEPAGE_LEVEL, PT_PAGE_TABLE_LEVEL } from './levels.ts';
import { Spte } from './spte.ts';

/**
 * The leaf entries of one address space, by level and first gfn; entries that were never set take no memory. Of the
 * tables between only that they are linked is kept. A leaf hides the finer entries below it, which keep their values
 * as a cached page table does.
 */
export class SpteTable {
	readonly asId: number;
	/** Entries and linked tables by level; index 0 is not used. */
	readonly #levels: readonly Map<number, Spte>[] = Array.from(
		{ length: PT_MAX_HUGEPAGE_LEVEL + 1 },
		() => new Map()
	);
	readonly #linked: readonly Set<number>[] = Array.from(
		{ length: PT_MAX_HUGEPAGE_LEVEL + 1 },
		() => new Set()
	);

	constructor(asId: number) {
		this.asId = asId;
	}

	/** Entry of a level that maps a gfn, if it was ever set. */
	find(level: number, gfn: number): Spte | undefined {
		const entries = this.#levels[level];
		return entries && entries.size > 0 ? entries.get(alignGfn(gfn, level)) : undefined;
	}

	/** Entry of a level that maps a gfn, made on demand. */
	entry(level: number, gfn: number): Spte {
		const first = alignGfn(gfn, level);
		const entries = this.#levels[level] as Map<number, Spte>;
		let sptep = entries.get(first);
		if (!sptep) entries.set(first, (sptep = new Spte(this.asId, level, first)));
		return sptep;
	}

	/** The entry the CPU would use for a gfn: the coarsest that is not empty. */
	leaf(gfn: number): Spte | undefined {
		for (let level = PT_MAX_HUGEPAGE_LEVEL; level >= PT_PAGE_TABLE_LEVEL; level--) {
			const sptep = this.find(level, gfn);
			if (sptep && (sptep.lo !== 0 || sptep.hi !== 0)) return sptep;
		}
		return undefined;
	}

	/** Links a finer table in place of the leaf; follows `link_shadow_page`. */
	link(level: number, gfn: number): void {
		this.#linked[level]?.add(alignGfn(gfn, level));
	}

	/** Unlinks a finer table; true if there was one. Follows `drop_parent_pte`. */
	unlink(level: number, gfn: number): boolean {
		return this.#linked[level]?.delete(alignGfn(gfn, level)) ?? false;
	}

	/** All entries that were ever set, then forgets them and the tables. */
	take(): Spte[] {
		const all = this.#levels.flatMap((entries) => [...entries.values()]);
		for (const entries of this.#levels) entries.clear();
		for (const linked of this.#linked) linked.clear();
		return all;
	}
}
