/** A source that cannot be loaded; `line` and `byte` say where, if it is about a place. */
export class IngestError extends Error {
	readonly source: string;
	readonly line: number | null;
	readonly byte: number | null;
	constructor(source: string, reason: string, where: { line?: number; byte?: number } = {}) {
		const at = where.line === undefined ? '' : `:${where.line} (byte ${where.byte ?? 0})`;
		super(`${source}${at}: ${reason}`);
		this.name = 'IngestError';
		this.source = source;
		this.line = where.line ?? null;
		this.byte = where.byte ?? null;
	}
}
