import { expect, test } from 'vitest';
import type { DiagnosticInfo } from '#lib/domain/session-info.ts';
import { diagnosticView, severityCounts } from '#lib/view/diagnostics.ts';

const made = (
	reason: string,
	severity: DiagnosticInfo['severity'],
	count: number,
	message = ''
): DiagnosticInfo => ({ reason, severity, count, first: [{ line: 1, byte: 0, message, text: '' }] });
const all = [
	made('header', 'skipped', 900),
	made('assumed-vendor', 'note', 1),
	made('unknown-kind', 'rejected', 2, 'k is "sneeze"'),
	made('never', 'rejected', 0),
	made('bad-number', 'rejected', 7),
	made('time-back', 'adjusted', 9)
];
const reasons = (list: readonly DiagnosticInfo[]) => list.map((each) => each.reason);

test('skipped lines are apart from problems, the worst and most frequent first', () => {
	const { problems, skipped } = diagnosticView(all, { severity: null, text: '' });
	expect(reasons(problems)).toEqual(['bad-number', 'unknown-kind', 'time-back', 'assumed-vendor']);
	expect(reasons(skipped)).toEqual(['header']);
});

test('a severity and a text narrow them; the text is sought in messages too', () => {
	expect(reasons(diagnosticView(all, { severity: 'rejected', text: '' }).problems)).toEqual([
		'bad-number',
		'unknown-kind'
	]);
	expect(reasons(diagnosticView(all, { severity: null, text: ' SNEEZE ' }).problems)).toEqual([
		'unknown-kind'
	]);
	expect(diagnosticView(all, { severity: 'note', text: 'header' })).toEqual({ problems: [], skipped: [] });
});

test('severities are counted by lines, not by reasons', () => {
	expect(severityCounts(all)).toEqual([
		{ severity: 'rejected', count: 9 },
		{ severity: 'adjusted', count: 9 },
		{ severity: 'note', count: 1 },
		{ severity: 'skipped', count: 900 }
	]);
});
