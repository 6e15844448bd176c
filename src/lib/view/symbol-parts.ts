/** `name+0x1f [module]` in parts that shorten each by themselves; absent ones are empty. */
export interface SymbolParts {
	readonly name: string;
	/** `+0x1f`: what tells the instructions of one function apart. */
	readonly offset: string;
	/** ` [module]` */
	readonly module: string;
}

/** The parts of a symbol's text. */
export function symbolParts(text: string): SymbolParts {
	const found = /^(.*?)(\+0x[0-9a-f]+)?( \[[^\]]*\])?$/.exec(text);
	return { name: found?.[1] ?? text, offset: found?.[2] ?? '', module: found?.[3] ?? '' };
}
