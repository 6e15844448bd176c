import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseIomem } from '#lib/domain/iomem.ts';
import { UnusableTextError } from '#lib/domain/line-issues.ts';
import { lookUp, parseSymbols, symbolText } from '#lib/domain/symbols.ts';

const MAP = [
	'0000000000000000 A fixed_percpu_data',
	'ffffffff81000000 T _text',
	'ffffffff81000000 t startup_64',
	'ffffffff81000140 t secondary',
	'ffffffff81000140 T secondary_startup_64',
	'ffffffff82000000 D _data',
	'ffffffffc0001000 t kvm_exit\t[kvm]',
	''
].join('\n');

describe('symbols', () => {
	const table = parseSymbols(MAP);
	const text = (address: bigint) => {
		const hit = lookUp(table, address);
		return hit && symbolText(hit);
	};

	test('an address is named by the symbol before it, global ones first', () => {
		expect(text(0xffff_ffff_8100_0000n)).toBe('_text');
		expect(text(0xffff_ffff_8100_013fn)).toBe('_text+0x13f');
		expect(text(0xffff_ffff_8100_0150n)).toBe('secondary_startup_64+0x10');
		expect(text(0xffff_ffff_c000_1004n)).toBe('kvm_exit+0x4 [kvm]');
	});

	test('nothing is named before the first and far behind the last', () => {
		expect(text(0x40_0000n)).toBeNull();
		expect(text(0xffff_ffff_80ff_ffffn)).toBeNull();
		expect(text(0xffff_ffff_c001_1000n)).toBeNull();
	});

	test('a slide moves every address', () => {
		const moved = parseSymbols(MAP, 0x1000_0000n);
		expect(lookUp(moved, 0xffff_ffff_9100_0003n)).toMatchObject({ name: '_text', offset: 3 });
	});

	test('bad lines are told with their place, the others count', () => {
		const { issues, names } = parseSymbols(`ffffffff81000000 T é\r\n\nnonsense\n81 T b\n`);
		expect(names).toEqual(['b', 'é']);
		expect(issues.first).toMatchObject([{ line: 3, byte: 24, text: 'nonsense' }]);
	});

	test('hidden addresses and other texts are refused with what to do', () => {
		expect(() => parseSymbols('0000000000000000 T a\n0000000000000000 t b\n')).toThrow(
			/all 2 addresses are 0.*root/
		);
		expect(() => parseSymbols('hello')).toThrow(UnusableTextError);
	});

	test('a lookup equals looking through all symbols', () => {
		const address = fc.bigInt({ min: 1n, max: 4000n });
		fc.assert(
			fc.property(fc.uniqueArray(address, { minLength: 1 }), fc.array(address), (starts, asked) => {
				const made = parseSymbols(starts.map((start) => `${start.toString(16)} T s${start}`).join('\n'));
				for (const each of asked) {
					const before = starts.filter((start) => start <= each).sort((a, b) => Number(b - a))[0];
					expect(lookUp(made, each)?.name).toBe(before === undefined ? undefined : `s${before}`);
				}
			})
		);
	});
});

describe('iomem', () => {
	test('ends are inclusive in the text and left out here; blanks give the depth', () => {
		const { ranges, issues } = parseIomem(
			[
				'00000000-00000fff : Reserved',
				'00100000-3ffdffff : System RAM',
				'  01000000-01e01b41 : Kernel code',
				'fee00000-fee00fff : Local APIC',
				'what',
				'00002000-00001000 : backwards'
			].join('\n')
		);
		expect(ranges).toEqual([
			{ name: 'Reserved', depth: 0, startGpa: 0, endGpa: 0x1000, startGfn: 0, endGfn: 1 },
			{
				name: 'System RAM',
				depth: 0,
				startGpa: 0x10_0000,
				endGpa: 0x3ffe_0000,
				startGfn: 0x100,
				endGfn: 0x3ffe0
			},
			{
				name: 'Kernel code',
				depth: 1,
				startGpa: 0x100_0000,
				endGpa: 0x1e0_1b42,
				startGfn: 0x1000,
				endGfn: 0x1e02
			},
			{
				name: 'Local APIC',
				depth: 0,
				startGpa: 0xfee0_0000,
				endGpa: 0xfee0_1000,
				startGfn: 0xfee00,
				endGfn: 0xfee01
			}
		]);
		expect(issues.first.map(({ line, message }) => [line, message])).toEqual([
			[5, 'is no line "START-END : NAME"'],
			[6, 'its end is before its start']
		]);
	});

	test('a map read without rights is refused with what to do', () => {
		expect(() => parseIomem('00000000-00000000 : System RAM\n')).toThrow(/read \/proc\/iomem as root/);
	});
});
