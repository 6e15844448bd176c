import type { IomemAnswer, LoadedSymbols, NamesAnswer, SymbolLookup } from './names-types.ts';
import { answer, json, send, sessionUrl } from './client.ts';

/** What symbols and memory map a session has. All of these throw `ApiProblem`. */
export const getNames = (id: string) => json<NamesAnswer>(sessionUrl(id, '/names'));
/** Loads a System.map or /proc/kallsyms; `slide` (decimal or `0x…`) is added to each address. */
export const loadSymbols = (id: string, text: File, slide: string) =>
	send<LoadedSymbols>(sessionUrl(id, '/symbols', { name: text.name, slide }), 'PUT', text, 'text/plain');
/** Loads a guest's /proc/iomem. */
export const loadIomem = (id: string, text: File) =>
	send<IomemAnswer>(sessionUrl(id, '/iomem', { name: text.name }), 'PUT', text, 'text/plain');
export const removeNames = (id: string, kind: 'symbols' | 'iomem') =>
	answer(sessionUrl(id, `/${kind}`), { method: 'DELETE' });
/** Symbols of at most 400 addresses (`0x…`; more would make the address too long), in their order. */
export const lookUpSymbols = (id: string, rips: readonly string[]) =>
	json<SymbolLookup>(sessionUrl(id, '/symbols/lookup', { rip: rips.join(',') }));
