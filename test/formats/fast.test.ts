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
const spte = fc.constantFrom('0', '5a0', '60000012345bf7', '60000012345bf5', '8000000f1234a667', '10af3007');
const pageText = fc
	.tuple(
		fc.constantFrom('kvm_mmu_get_page', 'kvm_mmu_prepare_zap_page', 'kvm_mmu_sync_page'),
		fc.constantFrom('gen 1a ', 'gen 0x1a ', '', 'gen '),
		hex(0xffffff),
		fc.constantFrom('l1', 'l2', '3', 'l9', 'l12', 'l'),
		fc.subarray(['pae', 'q1', 'direct', 'invalid', 'directs', ' ', 'nxe', 'sync', 'existing', 'new'])
	)
	.map(([name, gen, gfn, level, words]) => `${name}: sp ${gen}gfn ${gfn} ${level} ${words.join(' ')}`);
const functionName = fc.constantFrom(
	'kvm_page_track_write',
	'__kvm_page_track_write',
	'kvm_page_track_preread',
	'kvm_slot_page_track_add_page',
	'kvm_slot_page_track_remove_page',
	'__kvm_write_track_add_gfn',
	'kvm_write_track_remove_gfn',
	'kvm_page_track_init',
	'kvm_mmu_page_fault',
	'emulator_write_phys',
	'kvm_vcpu.isra.0',
	'ffffffffc0a1'
);
const fieldsText = fc
	.array(
		fc.constantFrom(
			...['gfn=0x77', 'gfn=119', 'gfn=', 'gfn=0xfffffffffffff', 'gpa=0x77ff8', 'gpa=0x10000000000000'],
			...['bytes=4', 'len=8', 'bytes=70000', 'bytes=-1', 'mode=1', 'mode=2', 'mode=0x3', 'mode=write'],
			...['mode=PreWrite', 'mode=9', 'slot_id=3', 'as_id=1', 'gva=0x10', 'rip=0x1000', 'x=(null)', 'n="a b"'],
			...['a-gfn=3', 'kvm=0xffffc90000a1f000', 'words', 'error_code=0x7', 'cr2_or_gpa=0x5018', 'gfn= 5']
		),
		{ maxLength: 5 }
	)
	.chain((fields) => fc.constantFrom(' ', ', ', ',').map((separator) => fields.join(separator)));
const callText = fc
	.tuple(
		fc.nat(8),
		functionName,
		fieldsText,
		fc.constantFrom('+0x0/0x110 [kvm]', '+0x1', '', ' [kvm.x]', ' [other]')
	)
	.map(([shape, name, fields, place]) => {
		if (shape < 3) return `probe: (${name}${place}) ${fields}`;
		if (shape === 3) return `ret: (x${place} <- ${name}) ${fields}`;
		if (shape === 4) return `${name}_0: (ffffffffc0a1b2c3) ${fields}`;
		if (shape === 5) return `function: ${name} <-- caller`;
		return shape === 6 ? `${name} <-caller` : `${name}(${fields}) <-caller`;
	});
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
		'kvm_emulate_insn: 0:ffffffff81000000:89 03 (-rot64)',
		'kvm_emulate_insn: 0:ffffffff81000000:89 03 (a.b)',
		'kvm_emulate_insn: 0:ffffffff81000000:89 03 (real)',
		'kvm_emulate_insn: 0:ffffffff81000000:89 03 (a) (?)',
		'kvm_emulate_insn: 0:ffffffff81000000:89 03 ()',
		'kvm_mmio: mmio write len 4 gpa 0xfee000b0 val 0x1',
		'kvm_apic: apic_write APIC_EOI = 0x0',
		'kvm:kvm_msr: msr_read 174 = 0x10',
		'a:b:c: x',
		'kvm_cr:',
		'PERF_RECORD_LOST: lost 5',
		'region: (__kvm_set_memory_region+0x0/0x700 [kvm]) slot=1 flags=1 gpa=0x100000 size=0x30000 ua=0x7f0000000000',
		'kvm_mmu_get_page: new sp gfn 3ab 2/1 q0 wux !pge nxe root 0 sync',
		'kvm_mmu_get_page: new sp gfn 3ac 2/9 q0 wux !pge nxe root 0 sync',
		'kvm_mmu_get_page: existing sp gfn 3ac 2/1 q0 wux',
		'kvm_mmu_get_page: existing sp gfn 3ac 2/ q0 wux',
		'kvm_mmu_get_page: new sp gfn 3ab 2 q0 wux !pae !nxe !wp root 0 sync',
		'kvm_mmu_get_page: new sp gfn 3ab 2 q1 direct wux !pae !nxe !wp root 0 sync',
		'kvm_mmu_get_page: new sp gfn 3ab 2 q1 directs wux',
		'kvm_mmu_prepare_zap_page: 2 q0 wux !pae !nxe !wp root 0 sync',
		'kvm_exit: reason EXIT_NPF rip 0x1000 info 100000006 12345678',
		'kvm_exit: vcpu 0 reason EXIT_NPF rip 0x1000 info1 0x0000000100000006 info2 0x0000000000005678',
		'kvm_page_track_write: __probe_ip=ffffffffc0a1b2c3 gpa=0x77ff8 bytes=8',
		'kvm_mmu_set_spte: gfn=12345 spte=6000003ad15f75 sptep=10fa9b2a8 level=1 r=1 x=0 u=-1',
		'kvm_mmu_prepare_zap_page: 2/1 q0 wux !pge nxe root 0 sync',
		'kvm_mmu_prepare_zap_page: 2/1 x',
		'kvm_exit: TRAP: HSR_EC: 0x0024 (DABT_LOW), PC: 0x00000000802c21c8',
		'kvm_guest_fault: ipa 0x1c010000, hsr 0x93800046, hxfar 0xf80100a8, pc 0x802c21c8',
		'kvm_cr: (x',
		'probe: (kvm_page_track_write+0x0/0x10 [kvm]) gpa=0x1010 bytes=4',
		'kvm_mmu_get_page: sp gen 1 gfn 1f2 l2 8-byte q1 wux nxe ad root 0 sync new',
		'kvm_page_track_write <-emulator_write_phys'
	),
	pageText,
	callText,
	fc
		.tuple(
			fc.constantFrom('0', '1', '2'),
			hex(0xffffff),
			fc.constantFrom('1', '2', '4', '5', '6'),
			spte,
			spte
		)
		.map(
			([as, g, l, from, to]) =>
				`kvm_tdp_mmu_spte_changed: as id ${as} gfn ${g} level ${l} old_spte ${from} new_spte ${to}`
		),
	fc
		.tuple(vcpu, fc.constantFrom('0', '1', '65537', '9'), hex(0x40), fc.constantFrom('', ' ret 0', ' ret -1'))
		.map(
			([c, slot, at, ret]) =>
				`kvm_dirty_ring_push: ring ${c}: dirty 0x37f reset 0x1c0 slot ${slot} offset 0x${at}${ret} (used 447)`
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
/** Most lines are in order: `@` becomes a time that follows from the line's place. */
const time = fc.oneof(
	{ weight: 12, arbitrary: fc.constant('@') },
	stamp.map(([seconds, fraction]) => `${50 + seconds}.${fraction}`)
);
const line = fc.tuple(head, time, text, end).map(([h, at, t, e]) => `${h} ${at}: ${t}${e}`);
/** A line with one byte of it another one, or with a piece taken out. */
const damaged = fc
	.tuple(
		line,
		fc.nat(200),
		fc.constantFrom(
			...['', '0', 'f', 'g', 'X', ' ', '  ', '=', ')', '(', '-', ':', '\t', '\r', ' \t', '\n'],
			...['\u00a0', '\u00e9', '\u2028', '\0']
		)
	)
	.map(
		([whole, at, byte]) =>
			`${whole.slice(0, at % whole.length)}${byte}${whole.slice((at % whole.length) + 1)}`
	);
const anyLine = fc.oneof(
	{ weight: 20, arbitrary: line },
	{ weight: 4, arbitrary: damaged },
	fc.constantFrom('CPU:0 [LOST 5 EVENTS]\n', '\n', '# tracer: nop\n', ' a-1 [000] .... 5.0\n', 'rest\n')
);

const inOrder = (text: string, i: number) => text.replace('@', `53.${String(500_000 + i)}`);

test('a line is counted in characters where its length decides what the next one is', () => {
	const record = ' CPU 0/KVM-10  [000] d..1 53.500000: kvm_entry: vcpu 1, rip 0x1000 \u00e9\u00e9\u00e9';
	for (const length of [59, 60, 90, 91]) {
		const lines = ` CPU 0/KVM-10  [000] d..1 53.4: kvm_entry: vcpu 1\n${record.padEnd(length)}\nthe rest\n`;
		const [fast, expected] = both(bytesOf(lines));
		expect(fast).toBe(expected);
		expect(fast.includes('skipped wrapped x1')).toBe(record.padEnd(length).length <= 90);
	}
});

test('reading bytes gives exactly what reading texts gives', () => {
	fc.assert(
		fc.property(
			fc.array(anyLine, { minLength: 1, maxLength: 60, size: 'max' }),
			fc.integer({ min: 7, max: 999 }),
			(lines, chunk) => {
				const [fast, expected] = both(bytesOf(lines.map(inOrder).join('')), chunk);
				expect(fast).toBe(expected);
			}
		),
		{ numRuns: Number(process.env.FUZZ_RUNS ?? 600) }
	);
});
