import { expect, test } from 'vitest';
import {
	formatListView,
	type ListView,
	parseListView,
	sessionList,
	tagCounts,
	withTag
} from '#lib/view/session-list.ts';

const session = (name: string, events: number, tags: readonly string[] = []) => ({
	name,
	tags,
	source: 'qemu-tcg',
	createdMs: events,
	events,
	sizeBytes: 1
});
const all = [
	session('boot small', 5, ['linux', 'ci']),
	session('boot large', 9, ['linux']),
	session('idle', 7)
];
const names = (view: Partial<ListView>) =>
	sessionList(all, { search: '', order: 'name', tags: [], ...view }).map((each) => each.name);

test('the sessions list keeps what holds every word, in the order asked for', () => {
	expect(names({ search: 'BOOT qemu', order: 'events' })).toEqual(['boot large', 'boot small']);
	expect(names({})).toEqual(['boot large', 'boot small', 'idle']);
});

test('every tag chosen must be there, and words find tags too', () => {
	expect(names({ tags: ['linux'] })).toEqual(['boot large', 'boot small']);
	expect(names({ tags: ['linux', 'ci'] })).toEqual(['boot small']);
	expect(names({ search: 'ci' })).toEqual(['boot small']);
});

test('tags are counted by sessions', () => {
	expect(tagCounts(all)).toEqual([
		['ci', 1],
		['linux', 2]
	]);
});

test('an address gives back the view it was made of', () => {
	const view: ListView = { search: 'a & b', order: 'size', tags: ['x y', 'ü'] };
	expect(parseListView(new URLSearchParams(formatListView(view)))).toEqual(view);
	expect(formatListView({ search: '', order: 'newest', tags: [] })).toBe('');
	expect(parseListView(new URLSearchParams('sort=colour')).order).toBe('newest');
});

test('a tag is added once, without the blanks around it', () => {
	expect(withTag(['a'], ' b ')).toEqual(['a', 'b']);
	expect(withTag(['a'], ' a')).toEqual(['a']);
	expect(withTag(['a'], '  ')).toEqual(['a']);
});
