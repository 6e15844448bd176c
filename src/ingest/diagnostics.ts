import { countOf, type DiagnosticExample, type DiagnosticInfo } from '#lib/domain/session-info.ts';

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

type Severity = DiagnosticInfo['severity'];
interface Entry {
	readonly severity: Severity;
	count: number;
	readonly first: DiagnosticExample[];
}

/** Counts what was wrong by reason and keeps the first examples of each. */
export class Diagnostics {
	readonly #byReason = new Map<string, Entry>();
	constructor(former: readonly DiagnosticInfo[] = []) {
		for (const { reason, severity, count, first } of former)
			this.#byReason.set(reason, { severity, count, first: [...first] });
	}

	add(severity: Severity, reason: string, message: string, where: Where): void {
		if (!this.tally(severity, reason)) this.example(reason, message, where);
	}

	/** Counts one more; false if its example is wanted too (`example`), for callers to whom a message costs. */
	tally(severity: Severity, reason: string): boolean {
		let entry = this.#byReason.get(reason);
		if (!entry) this.#byReason.set(reason, (entry = { severity, count: 0, first: [] }));
		entry.count++;
		return entry.first.length >= EXAMPLES;
	}

	/** The example that `tally` asked for. */
	example(reason: string, message: string, { line, byte, text }: Where): void {
		this.#byReason.get(reason)?.first.push({ line, byte, message, text: excerpt(text) });
	}

	list(): DiagnosticInfo[] {
		return [...this.#byReason].map(([reason, { severity, count, first }]) => ({
			reason,
			severity,
			count,
			first: [...first]
		}));
	}
}

/** What became of a source's lines: each gave an event, was skipped or was rejected. */
export function lineSums(lines: number, diagnostics: readonly DiagnosticInfo[]) {
	const skippedLines = countOf(diagnostics, 'skipped');
	const rejectedLines = countOf(diagnostics, 'rejected');
	return { lines, eventLines: lines - skippedLines - rejectedLines, skippedLines, rejectedLines };
}
