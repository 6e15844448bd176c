/** A range of guest memory that QEMU backs by a RAM block; addresses are guest-physical. */
export interface Placement {
	readonly name: string;
	readonly gpa: bigint;
	readonly size: bigint;
	/** Offset in the block of the range's first byte. */
	readonly at: bigint;
}
/** A range that a guest's access reaches. */
export interface FlatRange extends Placement {
	readonly kind: 'ram' | 'rom' | 'romd' | 'ramd';
}

const word = (hex: string | undefined) => BigInt(`0x${hex ?? '0'}`);
const RANGE = '([0-9a-f]{16})-([0-9a-f]{16})';
const FLAT = new RegExp(
	`^ {2}${RANGE} \\(prio -?\\d+, (ram|rom|romd|ramd)\\): (.+?)(?: @([0-9a-f]{16}))?(?: KVM)?$`
);
const NODE = new RegExp(`^( +)${RANGE} \\(prio -?\\d+, ([^)]+)\\): (.+)$`);
const ALIAS = new RegExp(`^alias .+ @(.+) ${RANGE}$`);
const BACKED = /^(ram|rom|romd|ramd)$/;

/** RAM and ROM of the address space "memory" in `info mtree -f`, lowest first. */
export function parseFlatView(text: string): FlatRange[] {
	const view = text.split(/\n\n+/).find((each) => each.includes('AS "memory"')) ?? '';
	return view.split('\n').flatMap((line) => {
		const [, lo, hi, kind, name = '', at] = FLAT.exec(line) ?? [];
		if (lo === undefined) return [];
		return [
			{ kind: kind as FlatRange['kind'], name, gpa: word(lo), size: word(hi) - word(lo) + 1n, at: word(at) }
		];
	});
}

/** Every place of RAM and ROM in `info mtree`, visible or hidden, and where each region lies in its container. */
export interface MemoryTree {
	readonly placements: readonly Placement[];
	readonly offsetInContainer: ReadonlyMap<string, bigint>;
}

/** Reads the address space "memory" of `info mtree`; a part that is switched off counts for nothing. */
export function parseTree(text: string): MemoryTree {
	const placements: Placement[] = [];
	const offsetInContainer = new Map<string, bigint>();
	const section = text.split(/\n\n+/).find((each) => /^address-space: memory$/m.test(each)) ?? '';
	/** Containers around the line at hand, outermost first. */
	const around: { indent: number; gpa: bigint }[] = [];
	for (const line of section.split('\n')) {
		const [, blanks = '', lo, hi, kind = '', rest = ''] = NODE.exec(line) ?? [];
		if (lo === undefined || rest.endsWith('[disabled]')) continue;
		while ((around.at(-1)?.indent ?? -1) >= blanks.length) around.pop();
		const [gpa, size] = [word(lo), word(hi) - word(lo) + 1n];
		const container = around.at(-1)?.gpa ?? 0n;
		around.push({ indent: blanks.length, gpa });
		if (!BACKED.test(kind)) continue;
		const [, target, from] = ALIAS.exec(rest) ?? [];
		placements.push({ name: target ?? rest, gpa, size, at: word(from) });
		if (target === undefined) offsetInContainer.set(rest, gpa - container);
	}
	return { placements, offsetInContainer };
}

/**
 * Offsets of the RAM blocks in `info ramblock`, by the region's name (a device's block is called
 * `0000:00:02.0/vga.vram`). Two blocks whose regions have the same name cannot be told apart: neither is given.
 */
export function parseRamBlocks(text: string): Map<string, bigint> {
	const offsets = new Map<string, bigint>();
	const twice = new Set<string>();
	for (const [, block = '', offset] of text.matchAll(/^ *(\S+) +\d+ \S+ +0x([0-9a-f]+) /gm)) {
		const name = block.replace(/^[0-9a-f:.]+\//, '');
		if (offsets.has(name)) twice.add(name);
		offsets.set(name, word(offset));
	}
	for (const name of twice) offsets.delete(name);
	return offsets;
}
