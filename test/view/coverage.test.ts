import { expect, test } from 'vitest';
import { coverageText, isDoubtful, uncovered } from '#lib/view/coverage.ts';
import { formatShare } from '#lib/view/format.ts';

test('rejected lines stand beside the share that does not count them', () => {
	expect(coverageText({ coverage: 1, rejectedLines: 9 })).toBe(`${formatShare(1)}, 9 lines rejected`);
	expect(coverageText({ coverage: null, rejectedLines: 1 })).toBe('unknown, 1 line rejected');
	expect(coverageText({ coverage: 0.5, rejectedLines: 0 })).toBe(formatShare(0.5));
});

test('a session is doubtful if events were lost or lines rejected', () => {
	expect(isDoubtful({ coverage: 1, rejectedLines: 0 })).toBe(false);
	expect(isDoubtful({ coverage: 1, rejectedLines: 1 })).toBe(true);
	expect(isDoubtful({ coverage: 0.9, rejectedLines: 0 })).toBe(true);
	expect(isDoubtful({ coverage: null, rejectedLines: 0 })).toBe(true);
});

test('a lane is not covered before its first memslot, between two and after the last', () => {
	const slots = [
		{ lane: 0, createdNs: 10, deletedNs: 20 },
		{ lane: 0, createdNs: 15, deletedNs: 30 },
		{ lane: 0, createdNs: 50, deletedNs: 60 },
		{ lane: 1, createdNs: 0, deletedNs: null }
	];
	expect(uncovered(slots, 0, { from: 0, to: 100 })).toEqual([
		{ from: 0, to: 10 },
		{ from: 30, to: 50 },
		{ from: 60, to: 100 }
	]);
	expect(uncovered(slots, 1, { from: 0, to: 100 })).toEqual([]);
	expect(uncovered(slots, 2, { from: 0, to: 100 })).toEqual([{ from: 0, to: 100 }]);
});
