import { expect, test } from 'vitest';
import { filterConditions, lanesFilter } from '#lib/view/lanes-filter.ts';

test('lanes go by a filter that is switched on and has no mistakes', () => {
	const filter = ' vcpu:1 mode:write';
	expect(lanesFilter({ filter, filterLanes: true })).toBe('vcpu:1 mode:write');
	expect(filterConditions({ filter, filterLanes: true })).toEqual(['filter vcpu:1 mode:write']);
	for (const view of [
		{ filter, filterLanes: false },
		{ filter: ' ', filterLanes: true },
		{ filter: 'vcpu:', filterLanes: true }
	]) {
		expect(lanesFilter(view)).toBeUndefined();
		expect(filterConditions(view)).toEqual([]);
	}
});
