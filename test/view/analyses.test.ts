import { expect, test } from 'vitest';
import { QUIRK_TEXT } from '#lib/host/quirks.ts';
import { analysisQuestion, mayGrow, roundUp, usualPeriod } from '#lib/view/analysis-query.ts';
import { ANALYSES, DEFAULT_ANALYSIS } from '#lib/view/analysis-view.ts';
import { quirkText } from '#lib/view/quirk-text.ts';
import { DEFAULT_VIEW, formatView, parseView } from '#lib/view/view-state.ts';
import { MODES } from '#lib/domain/kinds.ts';

const asked = {
	analysis: DEFAULT_ANALYSIS,
	time: { from: 1000, to: 3000 },
	modes: MODES,
	filter: '',
	columns: 100
};

test('an analysis and its options come back from the address', () => {
	const analysis = {
		name: 'retry-storms',
		lane: 3,
		filtered: true,
		by: 'lane',
		periodNs: 1_000_000,
		order: 'delay',
		min: 5,
		withinNs: 0
	} as const;
	const view = { ...DEFAULT_VIEW, tab: 'analyses', analysis } as const;
	expect(parseView(new URLSearchParams(formatView(view)))).toEqual(view);
	expect(formatView({ ...DEFAULT_VIEW, tab: 'analyses' })).toBe('?tab=analyses');
});

test('options of an address that make no sense take their defaults', () => {
	const params = new URLSearchParams('analysis=weather&only=-1&by=none&period=0&order=up&min=1&within=x');
	expect(parseView(params).analysis).toEqual(DEFAULT_ANALYSIS);
});

test('all modes are no condition, some are named, none is an obstacle', () => {
	expect(analysisQuestion(asked).query).toEqual({ from: 1000, to: 3000, by: 'mode', columns: 100 });
	expect(analysisQuestion({ ...asked, modes: ['preread', 'write'] }).query).toMatchObject({
		kinds: 'preread,write'
	});
	expect(analysisQuestion({ ...asked, modes: [] }).obstacle).toMatch(/no mode/i);
});

test('the filter counts only where it is asked for', () => {
	const filter = 'vcpu:1';
	expect(analysisQuestion({ ...asked, filter }).query).not.toHaveProperty('q');
	const analysis = { ...DEFAULT_ANALYSIS, filtered: true };
	expect(analysisQuestion({ ...asked, filter, analysis }).query).toMatchObject({ q: 'vcpu:1' });
});

test('a list grows four times with each wish for more, up to 2,000 rows', () => {
	const analysis = { ...DEFAULT_ANALYSIS, name: 'hot-pages' } as const;
	const limits = [0, 1, 2, 3].map((more) => analysisQuestion({ ...asked, analysis, more }).query.limit);
	expect(limits).toEqual([50, 200, 800, 2000]);
	expect([0, 1, 2, 3].map((more) => mayGrow({ analysis, more }))).toEqual([true, true, true, false]);
	expect(mayGrow({ analysis: DEFAULT_ANALYSIS, more: 0 })).toBe(false);
});

test('anomalies have no mode and take the window as a condition', () => {
	const analysis = { ...DEFAULT_ANALYSIS, name: 'anomalies' } as const;
	expect(analysisQuestion({ ...asked, modes: [], analysis })).toEqual({
		query: { time: '1000..3000', limit: 200 },
		obstacle: null
	});
});

test('written, then executed says which mode is missing', () => {
	const analysis = { ...DEFAULT_ANALYSIS, name: 'written-executed' } as const;
	const modes = ['preread', 'write'] as const;
	expect(analysisQuestion({ ...asked, modes, analysis }).obstacle).toContain('preexec');
	expect(analysisQuestion({ ...asked, modes: ['preexec'], analysis }).obstacle).toContain('prewrite');
});

test('rounding up gives 1, 2 or 5 times a power of ten', () => {
	expect([0, 1, 1.5, 3, 5, 6, 10, 11, 4999].map(roundUp)).toEqual([1, 1, 2, 5, 5, 10, 10, 20, 5000]);
	expect(usualPeriod({ from: 0, to: 190_000_000 })).toBe(1_000_000);
});

test('a period that is too short for the window is not asked for', () => {
	const analysis = { ...DEFAULT_ANALYSIS, name: 'offsets', periodNs: 1 } as const;
	expect(analysisQuestion({ ...asked, time: { from: 0, to: 4000 }, analysis }).obstacle).toBeNull();
	expect(analysisQuestion({ ...asked, time: { from: 0, to: 4001 }, analysis }).obstacle).toContain('columns');
});

test('every surprise of the host model is explained', () => {
	for (const quirk of Object.keys(QUIRK_TEXT)) expect(quirkText(quirk), quirk).not.toBeNull();
	expect(quirkText('toString')).toBeNull();
	expect(ANALYSES).toHaveLength(9);
});
