import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { TraceFormat } from '#ingest/formats/format.ts';
import { FtraceScanner } from '#ingest/formats/ftrace/scanner.ts';
import { ftrace } from '#ingest/formats/ftrace.ts';
import { bytesOf, report, scan } from './scan.ts';

/** The same format without the reading of bytes: what the fast one must equal. */
const slow: TraceFormat = { ...ftrace, create: (options) => new FtraceScanner(options, 'ftrace') };
const both = (text: Uint8Array, chunk?: number) => {
	const size = chunk === undefined ? {} : { chunk };
	return [report(scan(text, { format: ftrace, ...size })), report(scan(text, { format: slow }))] as const;
};

test.each(['ftrace', 'perf', 'damon'])(
	'the bytes of every %s sample give what their texts give',
	(folder) => {
		for (const file of readdirSync(path.join('test/samples', folder)).filter((name) =>
			name.endsWith('.txt')
		)) {
			const [fast, expected] = both(readFileSync(path.join('test/samples', folder, file)));
			expect(fast).toBe(expected);
		}
	}
);

const hex = (max: number) => fc.nat(max).map((value) => value.toString(16));
const vcpu = fc.constantFrom('0', '1', '1', '70000');
const code = fc.constantFrom(
	'181',
	'182',
	'1aa',
	'184',
	'4',
	'6',
	'7',
	'15',
	'500000004',
	'1000000000000000'
);
const rights = fc
	.tuple(...['r', 'w', 'x', 'u'].map((letter) => fc.constantFrom(letter, '-')))
	.map((all) => all.join(''));
const text = fc.oneof(
	fc.tuple(hex(0xffffff), code).map(([a, e]) => `kvm_page_fault: address ${a} error_code ${e}`),
	fc
		.tuple(vcpu, hex(0xffffff), code)
		.map(
			([c, a, e]) =>
				`kvm_page_fault: vcpu ${c} rip 0xffffffff81${a} address 0x${a.padStart(16, '0')} error_code 0x${e}`
		),
	fc
		.tuple(vcpu, fc.constantFrom('EPT_VIOLATION', 'npf', 'HLT', 'UNKNOWN (77)', 'hlt'))
		.map(
			([c, r]) =>
				`kvm_exit: vcpu ${c} reason ${r} rip 0xffffffff81000000 info1 0x0000000000000182 info2 0x0000000000001000`
		),
	fc.constantFrom(
		'kvm_exit: reason EPT_VIOLATION rip 0x1000 info 182 0',
		'kvm_exit: reason EPT_VIOLATION rip',
		'kvm_exit: reason  rip 0x1',
		'kvm_entry: vcpu 0, rip 0x1000',
		'kvm_entry: vcpu 1',
		'kvm_entry: vcpu 1x',
		'kvm_emulate_insn: 0:ffffffff81000000:89 03 (prot64)',
		'kvm_emulate_insn: 0:ffffffff81000000:89 03 (prot64) failed',
		'kvm_emulate_insn: 0:ffffffff81000000: 89 03 (prot64)',
		'kvm_emulate_insn: 0:ffffffff81000000:89 03',
		'kvm_mmio: mmio write len 4 gpa 0xfee000b0 val 0x1',
		'kvm_apic: apic_write APIC_EOI = 0x0',
		'kvm:kvm_msr: msr_read 174 = 0x10',
		'a:b:c: x',
		'kvm_cr:',
		'kvm_cr: (x',
		'probe: (kvm_page_track_write+0x0/0x10 [kvm]) gpa=0x1010 bytes=4',
		'kvm_mmu_get_page: sp gen 1 gfn 1f2 l2 8-byte q1 wux nxe ad root 0 sync new',
		'kvm_page_track_write <-emulator_write_phys'
	),
	fc
		.tuple(hex(0xffffff), hex(0x7fffffff), rights, fc.constantFrom('1', '2', '3', '4', '5', '9'))
		.map(([g, s, r, l]) => `kvm_mmu_set_spte: gfn ${g} spte ${s} (${r}) level ${l} at 10fa9b2a8`)
);
const head = fc.constantFrom(
	' CPU 0/KVM-10  [000] d..1',
	' CPU 1/KVM-11  [001] ....',
	' CPU 1/KVM-12  [001]',
	'  <...>-13     [002] d..1.',
	' a [1] b-14 [003] ....',
	' CPU 0/KVM  10 [000]',
	' x 10/11 [000]',
	' CPU 0/KVM-10 (  9) [000] ....',
	'trace-guest.dat: cat-5 [000]',
	'> cat-6 [00x]'
);
const stamp = fc.tuple(fc.nat(3), fc.constantFrom('000000', '000001', '5', '000001999', '123456789'));
const end = fc.constantFrom('\n', '\n', '\n', '\r\n', ' \n', ' x\n');
const line = fc.tuple(head, stamp, text, end).map(([h, [s, f], t, e]) => `${h} ${50 + s}.${f}: ${t}${e}`);
const anyLine = fc.oneof(
	{ weight: 20, arbitrary: line },
	fc.constantFrom('CPU:0 [LOST 5 EVENTS]\n', '\n', '# tracer: nop\n', ' a-1 [000] .... 5.0\n', 'rest\n')
);

test('reading bytes gives exactly what reading texts gives', () => {
	fc.assert(
		fc.property(
			fc.array(anyLine, { minLength: 1, maxLength: 60, size: 'max' }),
			fc.integer({ min: 7, max: 999 }),
			(lines, chunk) => {
				const [fast, expected] = both(bytesOf(lines.join('')), chunk);
				expect(fast).toBe(expected);
			}
		),
		{ numRuns: Number(process.env.FUZZ_RUNS ?? 150) }
	);
});
