import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { MemoryLayout, type Addressing } from '#ingest/capture/memory-layout.ts';
import { parseFlatView, parseRamBlocks, parseTree } from '#ingest/capture/memory-map.ts';

/** What QEMU 7.2's monitor said of `-M pc -m 4G,slots=4,maxmem=8G` with a 512 MiB DIMM, before the first instruction. */
const sample = (name: string) => readFileSync(`test/samples/qemu-monitor/pc-4g-dimm.${name}.txt`, 'utf8');

/** Where the blocks begin in the process: made up, one after another. */
const HOST_BASES: Readonly<Record<string, bigint>> = {
	'0x0': 0x7f00_0000_0000n,
	'0xc0000': 0x7e00_0000_0000n,
	'0xe0000': 0x7d00_0002_0000n, // the alias begins 128 KiB into pc.bios
	'0xfffc0000': 0x7d00_0000_0000n,
	'0x140000000': 0x7c00_0000_0000n
};
function monitor(flat: () => string) {
	return (command: string): Promise<string> => {
		if (command === 'info mtree') return Promise.resolve(sample('mtree'));
		if (command === 'info mtree -f') return Promise.resolve(flat());
		if (command === 'info ramblock') return Promise.resolve(sample('ramblock'));
		const base = HOST_BASES[command.replace('gpa2hva ', '')];
		return Promise.resolve(`Host virtual address for … (x) is 0x${(base ?? 0n).toString(16)}\n`);
	};
}
const layout = (addressing: Addressing = 'block') =>
	new MemoryLayout(
		monitor(() => sample('flat')),
		addressing
	);

test('RAM below and above 4 GiB, a DIMM and both places of the BIOS are found with their keys', async () => {
	const commands = await layout().changes();
	// offsets of the blocks: pc.ram 0x20000000, m1 0, pc.bios 0x120000000, pc.rom 0x120040000
	expect(commands.filter((each) => each.startsWith('ram '))).toEqual([
		'ram 0x0 0xc0000000 0x20000000 0x7f0000000000',
		'ram 0x100000000 0x40000000 0xe0000000 0x7f00c0000000', // 3 GiB into pc.ram
		'ram 0x140000000 0x20000000 0x0 0x7c0000000000', // m1 lies at 0 of the container device-memory
		'ram 0xfffc0000 0x40000 0x21ffc0000 0x7d0000000000', // pc.bios at 0xfffc0000 of the container pci
		'ram 0xc0000 0x20000 0x120100000 0x7e0000000000',
		'ram 0xe0000 0x20000 0x21ffe0000 0x7d0000020000'
	]);
});

test('a QEMU that names RAM by guest-physical address gets those as keys', async () => {
	const commands = await layout('gpa').changes();
	expect(commands).toContain('ram 0x140000000 0x20000000 0x140000000 0x7c0000000000');
});

test('slots are the page-aligned ranges of the flat view, with the lowest free ids; nothing new says nothing', async () => {
	let flat = sample('flat');
	const follow = new MemoryLayout(
		monitor(() => flat),
		'block'
	);
	const first = await follow.changes();
	expect(first.slice(0, 7)).toEqual([
		'create_slot 0 0x0 160 0 pc.ram',
		'create_slot 1 0xc0000 32 2 pc.rom',
		'create_slot 2 0xe0000 32 2 pc.bios',
		'create_slot 3 0x100000 786176 0 pc.ram',
		'create_slot 4 0xfffc0000 64 2 pc.bios',
		'create_slot 5 0x100000000 262144 0 pc.ram',
		'create_slot 6 0x140000000 131072 0 m1'
	]);
	expect(first.at(-1)).toBe('commit');
	expect(await follow.changes()).toEqual([]);
	// the BIOS copies itself into RAM: the ROM's range becomes RAM
	flat = flat.replace('(prio 0, rom): pc.bios @0000000000020000', '(prio 0, ram): pc.ram @00000000000e0000');
	expect(await follow.changes()).toEqual([
		'flush_slot 2 0xe0000 32 2 pc.bios',
		'create_slot 2 0xe0000 32 0 pc.ram'
	]);
});

test('a part of the tree that is switched off, and its address, counts for nothing', () => {
	const tree = parseTree(
		[
			'address-space: memory',
			'  0000000000000000-ffffffffffffffff (prio 0, i/o): system',
			'    0000000000000000-000000000fffffff (prio 0, ram): alias ram-below-4g @pc.ram 0000000000000000-000000000fffffff',
			'    00000000000c0000-00000000000c3fff (prio 1, ram): alias pam-ram @pc.ram 00000000000c0000-00000000000c3fff [disabled]',
			''
		].join('\n')
	);
	expect(tree.placements).toEqual([{ name: 'pc.ram', gpa: 0n, size: 0x1000_0000n, at: 0n }]);
	expect(tree.offsetInContainer.size).toBe(0);
});

test('two blocks of the same name are left out, for nobody can tell which is which', () => {
	const line = (block: string, offset: string) =>
		`   ${block}    4 KiB  0x${offset} 0x0000000001000000 0x0000000001000000\n`;
	const text =
		'  Block Name    PSize   Offset   Used   Total\n' +
		line('pc.ram', '0000000000000000') +
		line('0000:00:02.0/vga.vram', '0000000010080000') +
		line('0000:00:03.0/vga.vram', '0000000011080000');
	expect([...parseRamBlocks(text)]).toEqual([['pc.ram', 0n]]);
});

test('what is no view of the address space "memory" has no ranges', () => {
	expect(parseFlatView('FlatView #0\n AS "I/O", root: io\n  No rendered FlatView\n')).toEqual([]);
	expect(parseTree('')).toEqual({ placements: [], offsetInContainer: new Map() });
});
