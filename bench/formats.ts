import { readFileSync } from 'node:fs';
import { Diagnostics } from '#ingest/diagnostics.ts';
import { formatByName } from '#ingest/formats/registry.ts';

/** Rates are per second of processor time, so that other work on the machine counts less; best but one of four. */
const LINES = 1_000_000;
const CHUNK = 1 << 20;

const stamp = (i: number) => `${(5000 + i / 1e6).toFixed(6)}`;
const hex = (value: number, digits = 0) => value.toString(16).padStart(digits, '0');

/** A busy two-vCPU guest as `trace-cmd report -N` prints it on a 5.10 host: exits, faults, SPTEs, entries. */
function ftraceText(lines: number): string {
	const text: string[] = ['# tracer: nop\n', '#\n'];
	for (let i = 0; text.length < lines;) {
		const vcpu = i % 2;
		const head = (step: number) => ` CPU ${vcpu}/KVM-${4000 + vcpu}  [00${vcpu}] d..1 ${stamp(i + step)}: `;
		const gfn = (i * 37) % 65536;
		const rip = `0xffffffff81${hex(i % 0xffffff, 6)}`;
		text.push(
			`${head(0)}kvm_exit: vcpu ${vcpu} reason EPT_VIOLATION rip ${rip} info1 0x0000000000000182 info2 0x0000000000000000 intr_info 0x00000000 error_code 0x00000000\n`,
			`${head(1)}kvm_page_fault: address ${hex(gfn)}038 error_code 182\n`,
			`${head(2)}kvm_mmu_set_spte: gfn ${hex(gfn)} spte 6000003ad15f75 (${i % 8 ? 'rwxu' : 'r-xu'}) level 1 at 10fa9b2a8\n`,
			`${head(3)}kvm_entry: vcpu ${vcpu}, rip ${rip}\n`
		);
		i += 4;
	}
	return text.join('');
}

/** Lines of one kind each, whose rates differ, by what they hold. */
const KINDS: Readonly<Record<string, (gfn: string) => string>> = {
	'page faults': (gfn) => `kvm_page_fault: address ${gfn}038 error_code 182`,
	'shadow pages': (gfn) => `kvm_mmu_get_page: sp gen 1a gfn ${gfn} l2 pae q1 wux nxe !ad root 0 sync new`,
	'shadow pages gone': (gfn) =>
		`kvm_mmu_prepare_zap_page: sp gen 1a gfn ${gfn} l2 pae q1 wux nxe !ad root 0 sync`,
	'TDP entries': (gfn) =>
		`kvm_tdp_mmu_spte_changed: as id 0 gfn ${gfn} level 1 old_spte 60000012345bf7 new_spte 60000012345bf5`,
	'probes: notifications': (gfn) => `w: (kvm_page_track_write+0x0/0x110 [kvm]) gpa=0x${gfn}ff8 bytes=8`,
	'probes: tracked pages': (gfn) =>
		`add: (kvm_slot_page_track_add_page+0x0/0x180 [kvm]) gfn=0x${gfn} mode=write`,
	'function tracer': () => 'vmx_vcpu_run <-vcpu_enter_guest',
	'raw fields, read as text': (gfn) => `kvm_page_fault: fault_address=0x${gfn}038 error_code=386`
};
const linesOf = (text: (gfn: string) => string, lines: number) =>
	'# tracer: nop\n CPU 1/KVM-3021  [001] .... 4999.000000: kvm_exit: reason EPT_VIOLATION rip 0x1000 info 182 0\n' +
	' CPU 1/KVM-3021  [001] .... 4999.000000: kvm_entry: vcpu 1\n' +
	Array.from(
		{ length: lines },
		(_, i) => ` CPU 1/KVM-3021  [001] .... ${stamp(i)}: ${text(hex((i * 37) % 65536))}\n`
	).join('');

const csvText = (lines: number) =>
	't,k,c,a,n,ip\n' +
	Array.from(
		{ length: lines },
		(_, i) => `${i},write,${i % 2},0x${hex(i % 1e6)}8,8,0xffffffff81000000\n`
	).join('');

const repeated = (file: string, lines: number) => {
	const text = readFileSync(file, 'utf8');
	return text.repeat(Math.ceil(lines / text.split('\n').length));
};

function measure(name: string, format: string, text: string): void {
	const bytes = new TextEncoder().encode(text);
	const rates: number[] = [];
	let events = 0;
	let lines = 0;
	for (let round = 0; round < 4; round++) {
		events = 0;
		const scanner = formatByName(format).create({
			diagnostics: new Diagnostics(),
			head: bytes.subarray(0, CHUNK),
			onBytes: () => {},
			onBatch: (batch) => void (events += batch.length)
		});
		const began = process.cpuUsage();
		for (let at = 0; at < bytes.length; at += CHUNK) scanner.push(bytes.subarray(at, at + CHUNK));
		scanner.finish();
		({ lines } = scanner);
		const { user, system } = process.cpuUsage(began);
		rates.push(lines / (user + system));
	}
	const rate = rates.sort((a, b) => a - b).at(-2) ?? 0;
	const megabytes = ((rate * bytes.length) / lines).toFixed(0);
	console.log(
		`${name}: ${rate.toFixed(2)} M lines/s of processor time (${megabytes} MB/s), ${events.toLocaleString('en')} events from ${lines.toLocaleString('en')} lines`
	);
}

measure('ftrace (exits, faults, SPTEs, entries)', 'ftrace', ftraceText(LINES));
for (const [name, text] of Object.entries(KINDS))
	measure(`ftrace (${name})`, 'ftrace', linesOf(text, LINES / 2));
measure('lackey', 'lackey', repeated('test/samples/lackey/true.txt', LINES / 10));
measure('csv', 'csv', csvText(LINES / 10));
