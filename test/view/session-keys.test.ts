import { expect, test } from 'vitest';
import { arrowStep, keyAction } from '#lib/view/session-keys.ts';

test('keys do what the list of keys says, and leave the browser its own', () => {
	const plain = { shiftKey: false, ctrlKey: false, metaKey: false, altKey: false };
	expect(keyAction({ ...plain, key: 'ArrowRight' })).toEqual({ do: 'step', by: 1, over: 'event' });
	expect(keyAction({ ...plain, key: 'ArrowRight', shiftKey: true })).toEqual({
		do: 'step',
		by: 1,
		over: 'change'
	});
	expect(keyAction({ ...plain, key: '3' })).toEqual({ do: 'mode', index: 2 });
	expect(keyAction({ ...plain, key: 't', ctrlKey: true })).toBeNull();
	expect(keyAction({ ...plain, key: 'd' })).toEqual({ do: 'pan', by: 0.25 });
	expect(keyAction({ ...plain, key: 'q' })).toBeNull();
	expect(arrowStep({ ...plain, key: 'ArrowUp' })).toEqual({ columns: 0, rows: 1 });
	expect(arrowStep({ ...plain, key: 'ArrowLeft', ctrlKey: true })).toEqual({ columns: -10, rows: 0 });
	expect(arrowStep({ ...plain, key: 'ArrowLeft', altKey: true })).toBeNull();
	expect(arrowStep({ ...plain, key: 'Enter' })).toBeNull();
});
