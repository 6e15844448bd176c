import { expect, test } from 'vitest';
import { slotName } from '#lib/view/slot-name.ts';

test('slots of the same id in two address spaces have two names', () => {
	expect(slotName({ asId: 0, slotId: 0 })).toBe('slot 0');
	expect(slotName({ asId: 1, slotId: 0 })).toBe('slot 0 (SMM)');
	expect(slotName({ asId: 2, slotId: 7 })).toBe('slot 7 of address space 2');
});
