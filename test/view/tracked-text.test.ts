import { expect, test } from 'vitest';
import { lossText, trackedLines } from '#lib/view/tracked-text.ts';

const cell = { lane: 0, tsNs: 9, gfn: 0, npages: 256, pages: 256, tracked: null, armed: null, silent: null };
const none = { preread: 0, prewrite: 0, write: 0, preexec: 0 };
const all = { preread: 256, prewrite: 256, write: 256, preexec: 256 };

test('a cell says how many of its pages are tracked, by mode', () => {
	expect(trackedLines({ ...cell, tracked: { ...none, prewrite: 4 } })).toEqual([
		'tracked at this column’s end: prewrite 4 of 256 pages'
	]);
	expect(trackedLines({ ...cell, tracked: { ...none, prewrite: 4, write: 256 } })).toEqual([
		'tracked at this column’s end: prewrite 4, write 256 of 256 pages'
	]);
	expect(trackedLines({ ...cell, tracked: none })).toEqual(['tracked at this column’s end: nothing']);
	expect(trackedLines(cell)).toEqual([]);
});

test('armed pages that were notified are silent, the others would notify', () => {
	expect(trackedLines({ ...cell, armed: all, silent: none })).toEqual([
		'would notify at this column’s end: in every mode 256 of 256 pages'
	]);
	expect(trackedLines({ ...cell, armed: all, silent: { ...none, write: 6 } })).toEqual([
		'would notify at this column’s end: preread 256, prewrite 256, write 250, preexec 256 of 256 pages; silent until the next epoch: write 6'
	]);
	expect(trackedLines({ ...cell, armed: { ...none, write: 1 }, silent: { ...none, write: 1 } })).toEqual([
		'would notify at this column’s end: nothing; silent until the next epoch: write 1'
	]);
	expect(trackedLines({ ...cell, armed: all })).toHaveLength(1);
	expect(trackedLines({ ...cell, armed: none, silent: none })).toEqual(['the source arms no page here']);
});

test('a loss is somewhere in its time and in any lane', () => {
	const loss = { startNs: 7_500_000, endNs: 9_000_000, count: 1234, vcpuId: null };
	expect(lossText(loss, 'ns').replaceAll('\u202f', ' ')).toBe(
		'1,234 events lost somewhere in [0.007 500 000 s, 0.009 000 000 s], in any lane'
	);
	expect(
		lossText({ ...loss, count: null, vcpuId: 1, endNs: 7_500_000 }, 'ns').replaceAll('\u202f', ' ')
	).toBe('an unknown number of events of vCPU 1 lost at 0.007 500 000 s, in any lane');
});
