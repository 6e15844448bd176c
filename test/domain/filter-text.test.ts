import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { completeFilter } from '#lib/domain/filter-complete.ts';
import { FILTER_FIELDS } from '#lib/domain/filter-fields.ts';
import { filterOf, FilterTextError, parseFilterText } from '#lib/domain/filter-text.ts';
import { kindMask } from '#lib/domain/kinds.ts';

const issues = (text: string) =>
	parseFilterText(text).issues.map(({ column, message }) => `${column}: ${message}`);

describe('a filter text', () => {
	test('joins words by and, values by or', () => {
		expect(filterOf('mode:write,preexec gfn:0x10..0x20,5 vcpu:1,none')).toEqual({
			type: 'all',
			of: [
				{ type: 'mode', modes: 0b1100 },
				{
					type: 'gfn',
					spans: [
						{ from: 16, to: 32 },
						{ from: 5, to: 6 }
					]
				},
				{ type: 'id', field: 'vcpu', ids: [1], none: true }
			]
		});
	});

	test('or binds weaker than and, a minus negates a word or a group', () => {
		const write = { type: 'kind', kinds: kindMask(['write']) };
		const epoch = { type: 'kind', kinds: kindMask(['epoch']) };
		const gfn = { type: 'gfn', spans: [{ from: 7, to: 8 }] };
		expect(filterOf('write 7 or -epoch')).toEqual({
			type: 'any',
			of: [
				{ type: 'all', of: [write, gfn] },
				{ type: 'not', of: epoch }
			]
		});
		expect(filterOf('write !(7 | kind:epoch)')).toEqual({
			type: 'all',
			of: [write, { type: 'not', of: { type: 'any', of: [gfn, epoch] } }]
		});
	});

	test('reads times in their units and ranges open at one end', () => {
		expect(filterOf('time:1.5s..2s')).toEqual({
			type: 'number',
			field: 'time',
			spans: [{ from: 1_500_000_000, to: 2_000_000_000 }]
		});
		expect(filterOf('time:20..1.5')).toEqual({
			type: 'number',
			field: 'time',
			spans: [{ from: 20, to: 1_500_000_000 }]
		});
		expect(filterOf('t:20us.. bytes:..8')).toEqual({
			type: 'all',
			of: [
				{ type: 'number', field: 'time', spans: [{ from: 20_000, to: Infinity }] },
				{ type: 'number', field: 'bytes', spans: [{ from: 0, to: 8 }] }
			]
		});
	});

	test('keeps 64-bit addresses exact', () => {
		expect(filterOf('rip:0xffffffffffffffff')).toEqual({
			type: 'address',
			field: 'rip',
			spans: [{ from: 2n ** 64n - 1n, to: 2n ** 64n }]
		});
	});

	test('an empty text wants everything', () => {
		expect(filterOf('  ')).toEqual({ type: 'all', of: [] });
	});

	test.each([
		['kind:sneeze', '1: there is no kind sneeze'],
		['vcpu:1 gfm:3', '8: there is no field gfm: did you mean gfn?'],
		['gfn:9..3', '1: 9..3 is empty: ranges are FROM..TO with TO left out'],
		['time:soon', '1: soon is no time: write 1.5s, 300ms, 20us or a number of ns'],
		['vcpu:', '1: vcpu: needs a value, like vcpu:0,1'],
		['write or', '9: a condition is missing here'],
		['(write', '1: this "(" has no ")"'],
		['write) 7', '6: there is no "(" before this ")"'],
		['name:"half', '1: this quote has no end'],
		['rip:0x10000000000000000', '1: 0x10000000000000000 has more than 64 bits'],
		['verdict:maybe', '1: maybe is neither true, false nor none'],
		['hello', '1: hello: write FIELD:VALUE, a kind or a gfn']
	])('%s is wrong: %s', (text, issue) => {
		expect(issues(text)).toContain(issue);
		expect(() => filterOf(text)).toThrow(FilterTextError);
	});

	test('any text gives a condition and issues inside the text, never a crash', () => {
		const piece = fc.oneof(
			fc.constantFrom(
				'(',
				')',
				'-',
				'!',
				' or ',
				' and ',
				'not ',
				'"',
				':',
				',',
				'..',
				'gfn:',
				'vcpu:1',
				'0x'
			),
			fc.string()
		);
		fc.assert(
			fc.property(fc.array(piece, { maxLength: 12 }), (pieces) => {
				const text = pieces.join('');
				for (const { start, end } of parseFilterText(text).issues) {
					expect(start).toBeLessThanOrEqual(end);
					expect(end).toBeLessThanOrEqual(text.length);
				}
			}),
			{ numRuns: 400 }
		);
	});

	test('every field’s own example is right', () => {
		for (const { example } of FILTER_FIELDS) expect(issues(example)).toEqual([]);
	});
});

describe('completion', () => {
	const texts = (text: string, cursor = text.length) =>
		completeFilter(text, cursor, {
			vcpus: [0, 1],
			memslots: [
				{ asId: 0, slotId: 3 },
				{ asId: 1, slotId: 3 }
			],
			quirks: ['Q1']
		});

	test('offers fields at a word’s beginning', () => {
		const { from, to, candidates } = texts('write g');
		expect([from, to]).toEqual([6, 7]);
		expect(candidates.slice(0, 3).map((each) => each.text)).toEqual(['gfn:', 'gpa:', 'gva:']);
	});

	test('offers the session’s own values after a colon or a comma', () => {
		expect(texts('vcpu:').candidates.map((each) => each.text)).toEqual(['0', '1', 'none']);
		expect(texts('-slot:3,').candidates.map((each) => each.text)).toEqual(['3', '1:3']);
		expect(texts('kind:track_r').candidates.map((each) => each.text)).toEqual(['track_remove']);
		expect(texts('anomaly:').candidates.map((each) => each.text)).toEqual(['Q1']);
	});

	test('replaces the value under the cursor only', () => {
		expect(texts('mode:wri,preexec', 8)).toMatchObject({ from: 5, to: 8 });
	});
});
