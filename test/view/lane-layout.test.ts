import { expect, test } from 'vitest';
import { laneHeights, LEAST_HEIGHT } from '#lib/view/lane-layout.ts';

test('main memory gets the room, a quiet slot its least', () => {
	const lanes = [
		{ lane: 0, npages: 160, accesses: 3 },
		{ lane: 1, npages: 65_280, accesses: 1_000_000 }
	];
	expect(laneHeights(lanes, 400)).toEqual([LEAST_HEIGHT, 400 - LEAST_HEIGHT]);
});

test('equal heights share the room, whatever the lanes hold', () => {
	const lanes = [160, 65_280, 16].map((npages, lane) => ({ lane, npages, accesses: lane }));
	expect(laneHeights(lanes, 301, 'equal')).toEqual([100, 100, 100]);
	expect(laneHeights(lanes, 30, 'equal')).toEqual([LEAST_HEIGHT, LEAST_HEIGHT, LEAST_HEIGHT]);
});

test('no lane is lower than its least, even where there is no room', () => {
	const lanes = Array.from({ length: 30 }, (_, lane) => ({ lane, npages: 512, accesses: 10 }));
	expect(laneHeights(lanes, 100).every((height) => height >= LEAST_HEIGHT)).toBe(true);
});
