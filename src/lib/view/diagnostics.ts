import { countOf, type DiagnosticInfo } from '#lib/domain/session-info.ts';

export type Severity = DiagnosticInfo['severity'];

/** Worst first; `skipped` lines are no problem. */
export const SEVERITIES = ['rejected', 'adjusted', 'note', 'skipped'] as const satisfies readonly Severity[];

/** What each severity says of a line, for people. */
export const SEVERITY_TEXT: Readonly<Record<Severity, string>> = {
	rejected: 'should have given an event and did not',
	adjusted: 'its event differs from the line',
	note: 'an assumption that was made',
	skipped: 'known to carry no event: a header, another tracepoint'
};

/** Lines (or assumptions) of each severity, those that occur only, worst first. */
export function severityCounts(
	diagnostics: readonly DiagnosticInfo[]
): { readonly severity: Severity; readonly count: number }[] {
	return SEVERITIES.map((severity) => ({ severity, count: countOf(diagnostics, severity) })).filter(
		(each) => each.count > 0
	);
}

/** What to show: problems apart from skipped lines, each worst and most frequent first. */
export interface DiagnosticView {
	readonly problems: readonly DiagnosticInfo[];
	readonly skipped: readonly DiagnosticInfo[];
}

/** Diagnostics that occurred, of a severity (null: any), whose code or message holds the text. */
export function diagnosticView(
	diagnostics: readonly DiagnosticInfo[],
	{ severity, text }: { readonly severity: Severity | null; readonly text: string }
): DiagnosticView {
	const wanted = text.trim().toLowerCase();
	const holds = ({ reason, first }: DiagnosticInfo) =>
		[reason, ...first.map((each) => each.message)].some((each) => each.toLowerCase().includes(wanted));
	const found = diagnostics
		.filter((each) => each.count > 0 && (severity === null || each.severity === severity) && holds(each))
		.sort((a, b) => SEVERITIES.indexOf(a.severity) - SEVERITIES.indexOf(b.severity) || b.count - a.count);
	return {
		problems: found.filter((each) => each.severity !== 'skipped'),
		skipped: found.filter((each) => each.severity === 'skipped')
	};
}
