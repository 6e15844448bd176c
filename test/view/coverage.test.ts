import { expect, test } from 'vitest';
import { coverageText, isDoubtful } from '#lib/view/coverage.ts';
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
