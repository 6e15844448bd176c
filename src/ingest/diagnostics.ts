import type { DiagnosticInfo } from '#lib/domain/session-info.ts';

/** Examples kept of each reason. */
const EXAMPLES = 5;
const TEXT_LENGTH = 120;

/** Where something was wrong. */
export interface Where {
	readonly line: number;
	readonly byte: number;
	readonly text: string;
}

// eslint-disable-next-line no-control-regex -- control characters of a trace must not reach a terminal
const CONTROL = /[\u0000-\u001f\u007f-\u009f]/g;

/** Beginning of a line, safe to print. */
export const excerpt = (text: string): string => text.slice(0, TEXT_LENGTH).replace(CONTROL, '\u00b7');

/** Counts what was wrong by reason and keeps the first examples of each. */
export class Diagnostics {
	readonly #byReason = new Map<string, DiagnosticInfo>();
	constructor(former: readonly DiagnosticInfo[] = []) {
		for (const each of former) this.#byReason.set(each.reason, each);
	}

	add(severity: DiagnosticInfo['severity'], reason: string, message: string, where: Where): void {
		const former = this.#byReason.get(reason) ?? { reason, severity, count: 0, first: [] };
		const { line, byte, text } = where;
		const first =
			former.first.length < EXAMPLES
				? [...former.first, { line, byte, message, text: excerpt(text) }]
				: former.first;
		this.#byReason.set(reason, { ...former, count: former.count + 1, first });
	}

	list(): DiagnosticInfo[] {
		return [...this.#byReason.values()];
	}

	/** The first rejected or adjusted line; undefined if there is none. */
	worst(): (DiagnosticInfo & { readonly severity: 'rejected' | 'adjusted' }) | undefined {
		return this.list().find((each) => each.severity !== 'note') as never;
	}
}
