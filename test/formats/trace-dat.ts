/**
 * Writes files of trace-cmd (version 6, trace-cmd.dat.v6(5)) without a kernel that traces: the formats of a few
 * events as such a kernel prints them under events/, and ring buffer pages with the events that are given.
 */

const PAGE = 4096;
const text = (value: string) => new TextEncoder().encode(value);
const named = (value: string) => Buffer.concat([text(value), Buffer.of(0)]);
const u16 = (value: number) => Buffer.from(Uint16Array.of(value).buffer);
const u32 = (value: number) => Buffer.from(Uint32Array.of(value).buffer);
const u64 = (value: bigint | number) => Buffer.from(BigUint64Array.of(BigInt(value)).buffer);
const sized = (value: string) => Buffer.concat([u64(text(value).length), text(value)]);

const SIZES = {
	...{ 'unsigned int': 4, 'unsigned long': 8, int: 4, u8: 1, u32: 4, u64: 8, bool: 1, 'signed char': 1 }
} as const;
type Type = keyof typeof SIZES;
interface Event {
	readonly id: number;
	readonly system: string;
	readonly fields: Readonly<Record<string, Type>>;
	readonly print: string;
}

/** The text of a shadow page is made by a block of statements, which trace-cmd cannot read. */
const SHADOW_PAGE =
	'({ const char *saved_ptr = trace_seq_buffer_ptr(p); union kvm_mmu_page_role role; role.word = REC->role; trace_seq_printf(p, "sp gen %u gfn %llx l%u", REC->mmu_valid_gen, REC->gfn, role.level); trace_seq_putc(p, 0); saved_ptr; })';

/** Events of arch/x86/kvm/trace.h and include/trace/events/kvm.h (6.1), and a kprobe's. */
const EVENTS: Readonly<Record<string, Event>> = {
	kvm_page_fault: {
		...{ id: 1501, system: 'kvm' },
		fields: { vcpu_id: 'unsigned int', guest_rip: 'unsigned long', fault_address: 'u64', error_code: 'u64' },
		print:
			'"vcpu %u rip 0x%lx address 0x%016llx error_code 0x%llx", REC->vcpu_id, REC->guest_rip, REC->fault_address, REC->error_code'
	},
	kvm_entry: {
		...{ id: 1502, system: 'kvm' },
		fields: { vcpu_id: 'unsigned int', rip: 'unsigned long' },
		print: '"vcpu %u, rip 0x%lx", REC->vcpu_id, REC->rip'
	},
	kvm_exit: {
		...{ id: 1505, system: 'kvm' },
		fields: {
			...{ exit_reason: 'unsigned int', guest_rip: 'unsigned long', isa: 'u32', info1: 'u64', info2: 'u64' },
			...{ intr_info: 'u32', error_code: 'u32', vcpu_id: 'unsigned int' }
		},
		print:
			'"vcpu %u reason %s%s%s rip 0x%lx info1 0x%016llx info2 0x%016llx intr_info 0x%08x error_code 0x%08x", REC->vcpu_id, (REC->isa == 1) ? __print_symbolic(REC->exit_reason & 0xffff, { 12, "HLT" }, { 48, "EPT_VIOLATION" }) : __print_symbolic(REC->exit_reason, { 0x400, "npf" }), (REC->isa == 1 && REC->exit_reason & ~0xffff) ? " " : "", (REC->isa == 1) ? __print_flags(REC->exit_reason & ~0xffff, " ", { 0x80000000, "FAILED_VMENTRY" }) : "", REC->guest_rip, REC->info1, REC->info2, REC->intr_info, REC->error_code'
	},
	kvm_mmu_set_spte: {
		...{ id: 1506, system: 'kvmmmu' },
		fields: { gfn: 'u64', spte: 'u64', sptep: 'u64', level: 'u8', r: 'bool', x: 'bool', u: 'signed char' },
		print:
			'"gfn %llx spte %llx (%s%s%s%s) level %d at %llx", REC->gfn, REC->spte, REC->r ? "r" : "-", REC->spte & (1ULL << 1) ? "w" : "-", REC->x ? "x" : "-", REC->u == -1 ? "" : (REC->u ? "u" : "-"), REC->level, REC->sptep'
	},
	kvm_tdp_mmu_spte_changed: {
		...{ id: 1508, system: 'kvmmmu' },
		fields: { gfn: 'u64', old_spte: 'u64', new_spte: 'u64', level: 'u8', as_id: 'u8' },
		print:
			'"as id %d gfn %llx level %d old_spte %llx new_spte %llx", REC->as_id, REC->gfn, REC->level, REC->old_spte, REC->new_spte'
	},
	kvm_mmu_prepare_zap_page: {
		...{ id: 1509, system: 'kvmmmu' },
		fields: { mmu_valid_gen: 'u8', gfn: 'u64', role: 'u32', root_count: 'u32', unsync: 'bool' },
		print: `"%s", ${'$'}{SHADOW_PAGE}`
	},
	kvm_mmu_get_page: {
		...{ id: 1507, system: 'kvmmmu' },
		fields: {
			...{ mmu_valid_gen: 'u8', gfn: 'u64', role: 'u32', root_count: 'u32', unsync: 'bool', created: 'bool' }
		},
		print: `"%s %s", ${SHADOW_PAGE}, REC->created ? "new" : "existing"`
	},
	kvm_dirty_ring_push: {
		...{ id: 1503, system: 'kvm' },
		fields: { index: 'int', dirty_index: 'u32', reset_index: 'u32', slot: 'u32', offset: 'u64' },
		print:
			'"ring %d: dirty 0x%x reset 0x%x slot %u offset 0x%llx (used %u)", REC->index, REC->dirty_index, REC->reset_index, REC->slot, REC->offset, REC->dirty_index - REC->reset_index'
	},
	kvm_page_track_write: {
		...{ id: 1504, system: 'kprobes' },
		fields: { __probe_ip: 'unsigned long', gpa: 'u64', bytes: 'u32' },
		print: '"(%lx) gpa=0x%Lx bytes=%u", REC->__probe_ip, REC->gpa, REC->bytes'
	}
};

/** Of 4.19 and 5.4, where they were others. */
const EVENTS_4_19: typeof EVENTS = {
	...EVENTS,
	kvm_page_fault: {
		...{ id: 1501, system: 'kvm' },
		fields: { fault_address: 'unsigned long', error_code: 'unsigned int' },
		print: '"address %lx error_code %x", REC->fault_address, REC->error_code'
	},
	kvm_exit: {
		...{ id: 1505, system: 'kvm' },
		fields: {
			exit_reason: 'unsigned int',
			guest_rip: 'unsigned long',
			isa: 'u32',
			info1: 'u64',
			info2: 'u64'
		},
		print:
			'"reason %s rip 0x%lx info %llx %llx", (REC->isa == 1) ? __print_symbolic(REC->exit_reason, { 12, "HLT" }, { 48, "EPT_VIOLATION" }) : __print_symbolic(REC->exit_reason, { 0x400, "npf" }), REC->guest_rip, REC->info1, REC->info2'
	}
};

/** Where each field lies, after the eight bytes that all events begin with; and the length of all. */
function layout({ fields }: Event) {
	let end = 8;
	const places = Object.entries(fields).map(([name, type]) => {
		const size = SIZES[type];
		const offset = Math.ceil(end / size) * size;
		end = offset + size;
		return { name, type, size, offset };
	});
	return { places, length: Math.ceil(end / 8) * 8 };
}

function formatOf(name: string, event: Event): string {
	const field = (type: string, of: string, offset: number, size: number) =>
		`\tfield:${type} ${of};\toffset:${offset};\tsize:${size};\tsigned:${Number(type === 'int' || type === 'signed char')};\n`;
	const common =
		field('unsigned short', 'common_type', 0, 2) +
		field('unsigned char', 'common_flags', 2, 1) +
		field('unsigned char', 'common_preempt_count', 3, 1) +
		field('int', 'common_pid', 4, 4);
	const own = layout(event).places.map(({ name: of, type, size, offset }) => field(type, of, offset, size));
	return `name: ${name}\nID: ${event.id}\nformat:\n${common}\n${own.join('')}\nprint fmt: ${event.print}\n`;
}

const HEADER_PAGE =
	'\tfield: u64 timestamp;\toffset:0;\tsize:8;\tsigned:0;\n' +
	'\tfield: local_t commit;\toffset:8;\tsize:8;\tsigned:1;\n' +
	'\tfield: int overwrite;\toffset:8;\tsize:1;\tsigned:1;\n' +
	`\tfield: char data;\toffset:16;\tsize:${PAGE - 16};\tsigned:0;\n`;
const HEADER_EVENT =
	'# compressed entry header\n\ttype_len    :    5 bits\n\ttime_delta  :   27 bits\n\tarray       :   32 bits\n\n' +
	'\tpadding     : type == 29\n\ttime_extend : type == 30\n\ttime_stamp : type == 31\n\tdata max type_len  == 28\n';

/** An event of a CPU: `ns` on its clock, the thread's pid, the fields by name. */
export interface DatEvent {
	readonly ns: number;
	readonly cpu: number;
	readonly pid: number;
	readonly name: string;
	readonly fields: Readonly<Record<string, bigint | number>>;
}

function eventBytes(event: Event, { pid, fields }: DatEvent): Buffer {
	const { places, length } = layout(event);
	const bytes = Buffer.alloc(length);
	bytes.writeUInt16LE(event.id, 0);
	bytes.writeInt32LE(pid, 4);
	for (const { name: of, size, offset } of places) {
		const value = BigInt.asUintN(size * 8, BigInt(fields[of] ?? 0));
		if (size === 8) bytes.writeBigUInt64LE(value, offset);
		else bytes.writeUIntLE(Number(value), offset, size);
	}
	return bytes;
}

/** The ring buffer page of one CPU's events, which must be in order and fit. */
function page(formats: typeof EVENTS, events: readonly DatEvent[]): Buffer {
	const first = events[0]?.ns ?? 0;
	let former = first;
	const records = events.map((event) => {
		const bytes = eventBytes(formats[event.name] as Event, event);
		const head = u32(((event.ns - former) << 5) | (bytes.length / 4));
		former = event.ns;
		return Buffer.concat([head, bytes]);
	});
	const data = Buffer.concat(records);
	return Buffer.concat([u64(first), u64(data.length), data, Buffer.alloc(PAGE - 16 - data.length)]);
}

/** The file of these events, which kernel 6.1 or 4.19 wrote; `threads` names the pids. */
export function traceDat(
	kernel: '6.1' | '4.19',
	events: readonly DatEvent[],
	threads: Readonly<Record<number, string>>
): Buffer {
	const formats = kernel === '6.1' ? EVENTS : EVENTS_4_19;
	const systems = Map.groupBy(Object.entries(formats), ([, { system }]) => system);
	const cpus = Math.max(...events.map(({ cpu }) => cpu)) + 1;
	const head = Buffer.concat([
		Buffer.of(0x17, 0x08, 0x44),
		...[text('tracing'), named('6'), Buffer.of(0, 8), u32(PAGE)],
		...[named('header_page'), sized(HEADER_PAGE), named('header_event'), sized(HEADER_EVENT)],
		...[u32(0), u32(systems.size)],
		...[...systems].flatMap(([system, of]) => [
			...[named(system), u32(of.length)],
			...of.map(([name, event]) => sized(formatOf(name, event)))
		]),
		...[u32(0), u32(0)],
		sized(
			Object.entries(threads)
				.map(([pid, comm]) => `${pid} ${comm}\n`)
				.join('')
		),
		...[u32(cpus), named('options  '), u16(0), named('flyrecord')]
	]);
	const begin = Math.ceil((head.length + cpus * 16) / PAGE) * PAGE;
	const places = Array.from({ length: cpus }, (_, cpu) => [u64(begin + cpu * PAGE), u64(PAGE)]).flat();
	const pages = Array.from({ length: cpus }, (_, cpu) =>
		page(
			formats,
			events.filter((event) => event.cpu === cpu)
		)
	);
	const padding = Buffer.alloc(begin - head.length - cpus * 16);
	return Buffer.concat([head, ...places, padding, ...pages]);
}
