import { parseIomem, type IomemMap } from '#lib/domain/iomem.ts';
import { lookUp, parseSymbols, symbolText, type SymbolTable } from '#lib/domain/symbols.ts';
import type { SessionFile, SessionFileKind, TraceStore } from '../store/store.ts';

/** Parsed texts kept for each store. */
const KEPT = 4;

interface Parsed {
	symbols: SymbolTable;
	iomem: IomemMap;
}
type Entry = { readonly file: SessionFile; readonly parsed: Parsed[SessionFileKind] };
const cache = new WeakMap<TraceStore, Map<string, Entry>>();

/** What a text says. @throws {UnusableTextError} */
const PARSERS: { readonly [K in SessionFileKind]: (file: SessionFile) => Parsed[K] } = {
	symbols: ({ text, options }) => {
		const slide = options.slide ?? '0';
		return parseSymbols(text, slide.startsWith('-') ? -BigInt(slide.slice(1)) : BigInt(slide));
	},
	iomem: ({ text }) => parseIomem(text)
};

/** Parses a text and keeps it beside the session, in place of the former one. @throws {UnusableTextError} */
export async function loadNames<K extends SessionFileKind>(
	store: TraceStore,
	id: string,
	file: SessionFile & { readonly kind: K }
): Promise<Parsed[K]> {
	const parsed = PARSERS[file.kind](file);
	await store.putFile(id, file);
	cache.get(store)?.clear();
	return parsed;
}

/** A session's text of a kind, parsed; null if it has none. */
export async function namesOf<K extends SessionFileKind>(
	store: TraceStore,
	id: string,
	kind: K
): Promise<{ readonly file: SessionFile; readonly parsed: Parsed[K] } | null> {
	const { createdMs } = await store.getSession(id);
	let entries = cache.get(store);
	if (!entries) cache.set(store, (entries = new Map<string, Entry>()));
	const key = `${kind} ${createdMs} ${id}`;
	let entry = entries.get(key);
	if (!entry) {
		const file = await store.getFile(id, kind);
		if (!file) return null;
		entries.set(key, (entry = { file, parsed: PARSERS[kind](file) }));
		for (const oldest of entries.keys()) {
			if (entries.size <= KEPT) break;
			entries.delete(oldest);
		}
	}
	return entry as { file: SessionFile; parsed: Parsed[K] }; // the key names the kind
}

/** Takes a session's text away; false if it had none. */
export async function dropNames(store: TraceStore, id: string, kind: SessionFileKind): Promise<boolean> {
	cache.get(store)?.clear();
	return store.dropFile(id, kind);
}

/** Names instruction addresses (`0x…`) by the session's symbols; null for an address that none holds. */
export async function symbolizer(
	store: TraceStore,
	id: string
): Promise<(rip: string | null) => string | null> {
	const names = await namesOf(store, id, 'symbols');
	return (rip) => {
		const hit = names && rip !== null ? lookUp(names.parsed, BigInt(rip)) : null;
		return hit && symbolText(hit);
	};
}
