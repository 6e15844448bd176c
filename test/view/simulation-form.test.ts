import { describe, expect, test } from 'vitest';
import { NO_TEXTS, rangeOf, readForm, usualOf } from '#lib/view/simulation-form.ts';

const ranges = {
	seed: { from: 0, to: 9, usual: 1 },
	vcpus: { from: 1, to: 256, usual: 2 },
	memory: { from: 64, to: 4_194_304, usual: 512 },
	events: { from: 100, to: 1e9, usual: 200_000 },
	duration: { from: 1e6, to: 86_400e9, usual: null },
	rate: { from: 1, to: 1e7, usual: null }
};
const read = (texts: Partial<typeof NO_TEXTS>) => readForm({ ...NO_TEXTS, ...texts }, ranges);

describe('the start form', () => {
	test('leaves out what nobody typed', () => {
		expect(read({ seed: '  ' })).toEqual({ options: {}, errors: {} });
	});

	test('takes both ends of a range, separators between digits, and a duration with or without a unit', () => {
		expect(read({ seed: '0', vcpus: '256', events: '1,000,000', duration: '2.5' })).toEqual({
			options: { seed: 0, vcpus: 256, events: 1_000_000, duration: 2.5e9 },
			errors: {}
		});
		expect(read({ duration: '300 ms' }).options).toEqual({ duration: 3e8 });
	});

	test('tells the allowed values at the field that is wrong, and keeps the others', () => {
		expect(read({ seed: '10', vcpus: 'two', events: '99', duration: '1us', rate: '5' })).toEqual({
			options: { rate: 5 },
			errors: {
				seed: 'A whole number, 0 to 9.',
				vcpus: 'A whole number, 1 to 256.',
				events: 'A whole number, 100 to 1,000,000,000.',
				duration: `A time, ${rangeOf('duration', ranges.duration)}.`
			}
		});
	});

	test('says what an empty field means', () => {
		expect(usualOf('events', ranges.events)).toBe('200,000');
		expect(usualOf('rate', ranges.rate)).toBe('as fast as it goes');
		expect(usualOf('duration', ranges.duration)).toBe('no limit');
	});
});
