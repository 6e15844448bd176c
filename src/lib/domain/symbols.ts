import { eachLine, LineIssues, UnusableTextError } from './line-issues.ts';

/** Names of code and data by address, from a System.map or /proc/kallsyms. */
export interface SymbolTable {
	/** Ascending; where several symbols share an address, a global one was chosen, else the first in the text. */
	readonly addresses: BigUint64Array;
	readonly names: readonly string[];
	/** Module of each name; null in the kernel image. */
	readonly modules: readonly (string | null)[];
	readonly issues: LineIssues;
}

export interface SymbolHit {
	readonly name: string;
	readonly module: string | null;
	/** Distance from the symbol's beginning, in bytes. */
	readonly offset: number;
}

/** The last symbol of a region has no end: it reaches this far. */
const LAST_BYTES = 0x1_0000n;
/** Symbols of type A are numbers, not places. */
const LINE = /^\s*(?:0x)?([0-9a-f]{1,16})\s+([A-Za-z?])\s+(\S+)(?:\s+\[([^\]]+)\])?\s*$/;

interface Entry {
	readonly address: bigint;
	readonly name: string;
	readonly module: string | null;
	readonly global: boolean;
}

/**
 * Reads `ffffffff81000000 T _text` lines (kallsyms: `… t name\t[module]`); `slide` is added to each address (a kernel
 * that was moved by KASLR).
 * @throws {UnusableTextError} if no line gives a symbol
 */
export function parseSymbols(text: string, slide = 0n): SymbolTable {
	const issues = new LineIssues();
	const entries: Entry[] = [];
	let zeros = 0;
	eachLine(text, (line, number, byte) => {
		const found = LINE.exec(line);
		const type = found?.[2] ?? '';
		if (!found)
			return issues.add({ line: number, byte, text: line, message: 'is no line "ADDRESS TYPE NAME"' });
		if (type === 'A' || type === 'a') return;
		const address = BigInt(`0x${found[1]}`);
		if (address === 0n) return void zeros++;
		entries.push({
			address: BigInt.asUintN(64, address + slide),
			name: found[3] as string,
			module: found[4] ?? null,
			global: type === type.toUpperCase()
		});
	});
	if (!entries.length) {
		if (zeros)
			throw new UnusableTextError(
				`all ${zeros} addresses are 0: read /proc/kallsyms as root, with kernel.kptr_restrict at most 1`,
				issues.first
			);
		throw new UnusableTextError('no line is a symbol: "ADDRESS TYPE NAME" is expected', issues.first);
	}
	return { ...tableOf(entries), issues };
}

function tableOf(entries: readonly Entry[]): Omit<SymbolTable, 'issues'> {
	const order = entries
		.map((entry, i) => ({ entry, i }))
		.sort((a, b) =>
			a.entry.address === b.entry.address
				? Number(b.entry.global) - Number(a.entry.global) || a.i - b.i
				: a.entry.address < b.entry.address
					? -1
					: 1
		)
		.filter(({ entry }, i, all) => entry.address !== all[i - 1]?.entry.address)
		.map(({ entry }) => entry);
	return {
		addresses: BigUint64Array.from(order, (entry) => entry.address),
		names: order.map((entry) => entry.name),
		modules: order.map((entry) => entry.module)
	};
}

/** The symbol that holds an address; null if none does. */
export function lookUp({ addresses, names, modules }: SymbolTable, address: bigint): SymbolHit | null {
	let low = 0;
	let high = addresses.length;
	while (low < high) {
		const middle = (low + high) >>> 1;
		if ((addresses[middle] as bigint) <= address) low = middle + 1;
		else high = middle;
	}
	const start = addresses[low - 1];
	const name = names[low - 1];
	if (start === undefined || name === undefined) return null;
	const offset = address - start;
	const next = addresses[low];
	// a gap of a gigabyte lies between regions of code, not inside a function
	const open = next === undefined || next - start > 0x4000_0000n;
	if (open && offset >= LAST_BYTES) return null;
	return { name, module: modules[low - 1] ?? null, offset: Number(offset) };
}

/** `name+0x1f [module]` */
export const symbolText = ({ name, module, offset }: SymbolHit): string =>
	name + (offset ? `+0x${offset.toString(16)}` : '') + (module === null ? '' : ` [${module}]`);
