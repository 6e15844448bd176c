import { expect, test } from 'vitest';
import { scaleOf } from '#lib/view/range.ts';
import { dragged, gripKind, isClick } from '#lib/view/window-grip.ts';

const { invert } = scaleOf({ from: 0, to: 1000 }, 100);
const time = { from: 200, to: 500 };

test('the edges take hold from a few pixels away, the window between them, else a new one begins', () => {
	expect([10, 15, 35, 47, 55, 56].map((x) => gripKind(x, 20, 50))).toEqual([
		'new',
		'from',
		'move',
		'to',
		'to',
		'new'
	]);
});

test('a window is moved, begun anew, or one of its edges goes, past the other one too', () => {
	expect(dragged({ kind: 'move', x: 30, time }, 40, invert)).toEqual({ from: 300, to: 600 });
	expect(dragged({ kind: 'new', x: 90, time }, 60, invert)).toEqual({ from: 600, to: 900 });
	expect(dragged({ kind: 'from', x: 20, time }, 60, invert)).toEqual({ from: 500, to: 600 });
	expect(dragged({ kind: 'to', x: 50, time }, 70, invert)).toEqual({ from: 200, to: 700 });
	expect([isClick({ kind: 'to', x: 50, time }, 52), isClick({ kind: 'to', x: 50, time }, 53)]).toEqual([
		true,
		false
	]);
});
