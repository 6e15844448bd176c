import { parseFlatView, parseRamBlocks, parseTree, type FlatRange, type Placement } from './memory-map.ts';

/** Asks QEMU's human monitor. */
export type Monitor = (command: string) => Promise<string>;

/** How `qemu_plugin_hwaddr_phys_addr` names RAM: up to QEMU 8.1 by block, later by guest-physical address. */
export type Addressing = 'block' | 'gpa';

interface Slot {
	readonly id: number;
	readonly range: FlatRange;
	readonly line: string;
}

const hex = (value: bigint) => '0x' + value.toString(16);
const PAGE = 4096n;

/** As KVM's user sets them: 1 log-dirty (QEMU always logs the display's memory), 2 read-only. */
const slotFlags = ({ kind, name }: FlatRange) =>
	kind === 'rom' || kind === 'romd' ? 2 : name === 'vga.vram' ? 1 : 0;
const slotFields = (range: FlatRange) =>
	`${hex(range.gpa)} ${range.size / PAGE} ${slotFlags(range)} ${range.name}`;
const sameSlot = (range: FlatRange) => `${slotFields(range)} ${range.at}`;

/** Follows a guest's memory layout and says what changed as commands of the plugin (capture/qemu/commands.h). */
export class MemoryLayout {
	readonly #monitor: Monitor;
	readonly #addressing: Addressing;
	/** Where each RAM block begins in QEMU's process, once a part of it was visible. */
	readonly #hostBase = new Map<string, bigint>();
	#ram = '';
	#slots = new Map<string, Slot>();

	constructor(monitor: Monitor, addressing: Addressing) {
		this.#monitor = monitor;
		this.#addressing = addressing;
	}

	/**
	 * Commands for what changed since the last call, in order; empty if nothing did. Slots come first: the plugin holds
	 * the guest until the first commit, so that no access precedes its slot's line.
	 */
	async changes(): Promise<string[]> {
		const flat = parseFlatView(await this.#monitor('info mtree -f'));
		const ram = await this.#ramCommands(flat);
		return [...this.#slotCommands(flat), ...ram];
	}

	async #ramCommands(flat: readonly FlatRange[]): Promise<string[]> {
		const tree = parseTree(await this.#monitor('info mtree'));
		const offsets = parseRamBlocks(await this.#monitor('info ramblock'));
		await this.#findHostBases(flat, offsets);
		const commands = distinct([...tree.placements, ...flat]).flatMap((place) => {
			const [offset, base] = [offsets.get(place.name), this.#hostBase.get(place.name)];
			if (offset === undefined || base === undefined) return [];
			const byBlock = offset + place.at + (tree.offsetInContainer.get(place.name) ?? 0n);
			const key = this.#addressing === 'gpa' ? place.gpa : byBlock;
			return [`ram ${hex(place.gpa)} ${hex(place.size)} ${hex(key)} ${hex(base + place.at)}`];
		});
		const text = commands.join('\n');
		if (text === this.#ram) return [];
		this.#ram = text;
		return [...commands, 'commit'];
	}

	async #findHostBases(flat: readonly FlatRange[], offsets: ReadonlyMap<string, bigint>): Promise<void> {
		for (const name of this.#hostBase.keys()) if (!offsets.has(name)) this.#hostBase.delete(name);
		for (const range of flat) {
			if (this.#hostBase.has(range.name) || !offsets.has(range.name)) continue;
			const found = /is 0x([0-9a-f]+)/.exec(await this.#monitor(`gpa2hva ${hex(range.gpa)}`));
			if (found) this.#hostBase.set(range.name, BigInt(`0x${found[1]}`) - range.at);
		}
	}

	/** Ids are handed out as by KVM's user: the lowest free one. */
	#slotCommands(flat: readonly FlatRange[]): string[] {
		const now = new Map(flat.filter(isSlot).map((range) => [sameSlot(range), range]));
		const gone = [...this.#slots].filter(([key]) => !now.has(key));
		for (const [key] of gone) this.#slots.delete(key);
		const used = new Set([...this.#slots.values()].map(({ id }) => id));
		const created = [...now].filter(([key]) => !this.#slots.has(key));
		const lines = created.map(([key, range]) => {
			let id = 0;
			while (used.has(id)) id++;
			used.add(id);
			const line = `${id} ${slotFields(range)}`;
			this.#slots.set(key, { id, range, line });
			return line;
		});
		return [
			...gone.map(([, { line }]) => `flush_slot ${line}`),
			...lines.map((line) => `create_slot ${line}`)
		];
	}
}

const isSlot = ({ gpa, size }: FlatRange) => size > 0n && gpa % PAGE === 0n && size % PAGE === 0n;

/**
 * Placements without those that lie inside another one of the same block at the same distance, the largest first: an
 * address that has several names (a BIOS and its alias below 1 MiB) gets the largest one's.
 */
function distinct(places: readonly Placement[]): Placement[] {
	const kept: Placement[] = [];
	const bySize = [...places].sort((a, b) => Number(b.size - a.size) || Number(a.gpa - b.gpa));
	for (const place of bySize) {
		const inside = kept.some(
			(other) =>
				other.name === place.name &&
				other.gpa - other.at === place.gpa - place.at &&
				other.gpa <= place.gpa &&
				place.gpa + place.size <= other.gpa + other.size
		);
		if (!inside) kept.push(place);
	}
	return kept;
}
