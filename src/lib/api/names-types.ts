/** Shapes of the answers about symbols and memory maps; addresses are `0x…` strings. */
import type { NamedRange } from '../domain/iomem.ts';
import type { LineIssue } from '../domain/line-issues.ts';
import type { SymbolHit } from '../domain/symbols.ts';

/** A text kept beside a session; lines that were not taken are counted, the first 20 are told. */
export interface LoadedText {
	readonly name: string;
	readonly loadedMs: number;
	/** Symbols or ranges that it gives. */
	readonly entries: number;
	readonly rejectedLines: number;
	readonly issues: readonly LineIssue[];
}
/** Symbols, with the number (decimal or `0x…`, as it was asked) that was added to each address. */
export interface LoadedSymbols extends LoadedText {
	readonly slide: string;
}
export interface SymbolLookup {
	/** In the order asked; null where no symbol holds the address. */
	readonly symbols: readonly (
		| (SymbolHit & {
				readonly rip: string;
				/** `name+0x1f [module]` */
				readonly text: string;
		  })
		| null
	)[];
}
export interface IomemAnswer extends LoadedText {
	/** In the text's order; `depth` says what lies in what. */
	readonly ranges: readonly NamedRange[];
}

/** What names a session has; null where none were loaded. */
export interface NamesAnswer {
	readonly symbols: LoadedSymbols | null;
	readonly iomem: IomemAnswer | null;
}
