import { expect, test } from 'vitest';
import { trackedOutline, trackedOutlines } from '#lib/view/tracked-outline.ts';

test('the outline of tracked cells goes once around them', () => {
	const edges = trackedOutline({ columns: 3, rows: 2, cells: Uint8Array.of(0, 1, 0, 0, 2, 5) });
	expect(edges.filter((edge) => edge.across)).toEqual([
		{ x: 1, y: 0, length: 1, across: true },
		{ x: 2, y: 1, length: 1, across: true },
		{ x: 1, y: 2, length: 2, across: true }
	]);
	expect(edges.filter((edge) => !edge.across)).toEqual([
		{ x: 1, y: 0, length: 2, across: false },
		{ x: 2, y: 0, length: 1, across: false },
		{ x: 3, y: 1, length: 1, across: false }
	]);
});

test('an outline says what share of the cells’ pages is tracked', () => {
	// rows of 4 pages from 0x10 on, of which the lane has the last 2, 4 and 1
	const grid = {
		...{ startNs: 0, columnNs: 1, columns: 3, startGfn: 0x10, rowPages: 4, rows: 3, max: 4, total: 9 },
		cells: Uint8Array.of(...[1, 2, 0], ...[1, 2, 4], ...[0, 0, 1])
	};
	const levels = trackedOutlines(grid, { from: 0x12, to: 0x19 });
	const area = (cells: number[]) => trackedOutline({ columns: 3, rows: 3, cells: Uint8Array.from(cells) });
	expect(levels).toEqual([
		{ share: 'some', edges: area([...[1, 1, 0], ...[1, 1, 1], ...[0, 0, 1]]) },
		{ share: 'half', edges: area([...[1, 1, 0], ...[0, 1, 1], ...[0, 0, 1]]) },
		{ share: 'all', edges: area([...[0, 1, 0], ...[0, 0, 1], ...[0, 0, 1]]) }
	]);
	expect(trackedOutlines({ ...grid, cells: new Uint8Array(9) }, { from: 0, to: 99 })).toEqual([]);
});
