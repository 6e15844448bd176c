import { expect, test } from 'vitest';
import { csvLine, EVENT_COLUMNS, eventCell, tsvLine } from '#lib/domain/event-columns.ts';
import { DEFAULT_COLUMNS, parseColumns, shownCell, tableTracks } from '#lib/view/table-columns.ts';

const event = {
	seq: 1234,
	t: 12_204_551_873,
	c: 1,
	k: 'preread',
	a: '0x1234008',
	n: 8,
	ip: '0xffffffff81000000',
	odd: [1]
};

test('a row loses nothing of its event', () => {
	const cells = Object.fromEntries(EVENT_COLUMNS.map((column) => [column, eventCell(event, column)]));
	expect(cells).toEqual({
		...{
			seq: '1234',
			time_ns: '12204551873',
			vcpu: '1',
			kind: 'preread',
			slot: '',
			gfn: '0x1234',
			offset: '8'
		},
		...{ gpa: '0x1234008', bytes: '8', rip: '0xffffffff81000000', gva: '', mode: '', npages: '', node: '' },
		...{ verdict: '', ready: '', level: '', detail: '{"odd":[1]}' }
	});
});

test('the table shows numbers with separators and every nanosecond', () => {
	expect(shownCell(event, 'time_ns', 'ns')).toBe('12.204\u202f551\u202f873\u202fs');
	expect(shownCell(event, 'offset', 'ns')).toBe('0x8');
	expect(shownCell({ seq: 1, t: 0, k: 'mark' }, 'offset', 'ns')).toBe('');
});

test('texts that would break a line are quoted in CSV and flattened in TSV', () => {
	expect(csvLine(['a', 'b,c', 'say "x"', 'two\nlines'])).toBe('a,"b,c","say ""x""","two\nlines"');
	expect(tsvLine(['a\tb', 'two\r\nlines'])).toBe('a b\ttwo lines');
});

test('columns come in the table’s order, seq always among them', () => {
	expect(parseColumns('gva,kind,sneeze')).toEqual(['seq', 'kind', 'gva']);
	expect(parseColumns('sneeze')).toBeNull();
	expect(parseColumns(null)).toBeNull();
	expect(tableTracks(['seq', 'vcpu'])).toEqual({
		tracks: 'minmax(62px, 78px) 32px',
		least: 10 + 62 + 8 + 32 + 10
	});
	// the table of a screen 1,024 pixels wide has 672, 15 of them for the scrollbar
	expect(tableTracks(DEFAULT_COLUMNS).least).toBeLessThanOrEqual(657);
});
