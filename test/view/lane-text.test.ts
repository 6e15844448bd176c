import { expect, test } from 'vitest';
import { drawnText, laneSummary, sizeText } from '#lib/view/lane-text.ts';

test('a lane’s accesses are told apart from those that are drawn', () => {
	expect(drawnText(1_225_680, 1_225_680)).toBe('1,225,680 accesses');
	expect(drawnText(1_225_680, 129)).toBe('129 of 1,225,680 accesses drawn');
	expect(drawnText(1, 0)).toBe('0 of 1 access drawn');
	expect(drawnText(7, null)).toBe('… of 7 accesses drawn');
	const lane = { lane: 0, asId: 0, baseGfn: 0x10, npages: 2, accesses: 7, slotIds: [3], names: ['rom'] };
	expect(laneSummary(lane)).toBe('rom, slot 3: gfns 0x10 to 0x11, 2 pages (8\u202fKiB), 7 accesses');
	expect(laneSummary(lane, 2)).toContain('2 of 7 accesses drawn');
});

test('a rectangle’s size is pages by time, in the session’s clock', () => {
	const size = { time: { from: 500, to: 1_230_500 }, gfns: { from: 0x100, to: 0x280 } };
	expect(sizeText(size, 'ns')).toBe('384 pages × 1.23\u202fms');
	expect(sizeText({ ...size, gfns: { from: 7, to: 8 } }, 'instructions')).toBe('1 page × 1.23\u202fM insns');
});
