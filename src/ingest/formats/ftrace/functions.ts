import { GENERATION_INFO, modeOfNumber, type Generation } from '#lib/domain/generations.ts';
import { MODES, type Mode } from '#lib/domain/kinds.ts';
import { splitSlot } from '../slot-book.ts';
import { rejected, skipped, type Outcome } from '../text-scanner.ts';
import { vcpuOf, type EventLine, type TraceContext } from './context.ts';
import { pageFault } from './faults.ts';
import { asPage, asPlace, FieldError, Fields } from './fields.ts';

type Read = (line: EventLine, context: TraceContext, args: Fields) => Outcome;

/** The outcome of a call that says only that it happened. */
export const NO_ARGUMENTS = skipped(
	'no-arguments',
	'the call of a page-track function without its arguments: which page it was about cannot be told'
);
const missing = (name: string) => rejected('missing-field', `${name} is missing`);

/** The mode that a kernel of these generations means. @throws {FieldError} if they do not agree on the number */
function modeOf(args: Fields, candidates: readonly Generation[]): Mode {
	const text = args.text('mode');
	const named = MODES.find((mode) => mode === text?.toLowerCase());
	if (named) return named;
	if (text === undefined) {
		const only = candidates.every((label) => GENERATION_INFO[label].modes.length < 2);
		if (only) return 'write';
		throw new FieldError('missing-field', 'mode is missing, and the kernel may know several');
	}
	const number = args.number(256, 'mode') ?? 0;
	const mode = modeOfNumber(candidates, number);
	if (mode) return mode;
	if (candidates.every((label) => !GENERATION_INFO[label].modes[number]))
		throw new FieldError(
			'unknown-mode',
			`mode ${number} is none that ${candidates.join(' or ')} has a name for`
		);
	throw new FieldError(
		'mode-numbering-unknown',
		`mode ${number} means different things in different kernels: say which with --generation`
	);
}

/** With probes on a function and on the one it calls the inner one counts. */
const innerFollows = (inner: string): Outcome =>
	skipped('inner-call-follows', `${inner} is traced too and counts`);

const track =
	({ kind, mode: fixed, inner }: TrackCall): Read =>
	({ tsNs }, context, args) => {
		if (inner !== undefined && context.names(inner)) return innerFollows(inner);
		const gfn = args.word('gfn');
		if (gfn === undefined) return missing('gfn');
		const mode = fixed ?? modeOf(args, context.candidates);
		const slotId = args.number(512, 'slot_id', 'id');
		const asId = args.number(2, 'as_id');
		context.emit({
			...{ kind, tsNs, mode, gfn: asPage(gfn) },
			...(asId && { asId }),
			...(slotId !== undefined && { slotId })
		});
		return 'event';
	};

const notify =
	({ kind, inner }: NotifyCall): Read =>
	({ tsNs, thread }, context, args) => {
		if (inner !== undefined && context.names(inner)) return innerFollows(inner);
		const gpa = args.word('gpa');
		if (gpa === undefined) return missing('gpa');
		const bytes = args.number(65_536, 'bytes', 'len');
		const gva = args.word('gva');
		const rip = args.word('rip');
		context.emit({
			...{ kind, tsNs, ...vcpuOf(thread), ...asPlace(gpa) },
			...(bytes !== undefined && { bytes }),
			...(gva !== undefined && { gva }),
			...(rip !== undefined && { rip })
		});
		return 'event';
	};

const register =
	(kind: 'register' | 'unregister'): Read =>
	({ tsNs }, context, args) => {
		const node = args.text('node', 'n');
		if (node === undefined) return missing('node');
		context.emit({ kind, tsNs, nodeId: context.nodeOf(node) });
		return 'event';
	};

/** Fields of struct kvm_userspace_memory_region, by its names. */
const region: Read = ({ tsNs }, context, args) => {
	const slot = args.number(2 ** 32, 'slot');
	const gpa = args.word('guest_phys_addr', 'gpa');
	const size = args.word('memory_size', 'size');
	if (slot === undefined || gpa === undefined || size === undefined) return missing('slot, gpa or size');
	const flags = args.number(2 ** 32, 'flags');
	const userspaceAddr = args.word('userspace_addr', 'ua');
	const events = context.slots.change(tsNs, {
		...{ ...splitSlot(slot), gpa, size },
		...(flags !== undefined && { flags }),
		...(userspaceAddr !== undefined && { userspaceAddr })
	});
	if (!Array.isArray(events)) return events;
	for (const event of events) context.emit(event);
	return 'event';
};

/** kvm_mmu_page_fault gets a PFERR code on every vendor, unlike the tracepoint. */
const mmuPageFault: Read = (line, context, args) => {
	const gpa = args.word('cr2_or_gpa', 'gpa', 'cr2');
	const code = args.word('error_code');
	if (gpa === undefined || code === undefined) return missing('gpa or error_code');
	return pageFault(line, context, { gpa, code, meaning: 'pferr' });
};

const writeProtect: Read = ({ tsNs }, context, args) => {
	const gfn = args.word('gfn');
	if (gfn === undefined) return missing('gfn');
	context.emit({ kind: 'spte_protect', tsNs, gfn: asPage(gfn), protect: 'write' });
	return 'event';
};

const zapAll: Read = ({ tsNs }, context) => {
	context.emit({ kind: 'tlb_flush', tsNs, derived: true });
	return 'event';
};

/** A function that adds or removes a page; `mode`: it knows one only; `inner`: it calls that one, which counts. */
export interface TrackCall {
	readonly kind: 'track_add' | 'track_remove';
	readonly mode?: Mode;
	readonly inner?: string;
}
export const TRACK_CALLS: ReadonlyMap<string, TrackCall> = new Map<string, TrackCall>([
	['kvm_slot_page_track_add_page', { kind: 'track_add' }],
	['kvm_slot_page_track_remove_page', { kind: 'track_remove' }],
	['kvm_write_track_add_gfn', { kind: 'track_add', mode: 'write', inner: '__kvm_write_track_add_gfn' }],
	[
		'kvm_write_track_remove_gfn',
		{ kind: 'track_remove', mode: 'write', inner: '__kvm_write_track_remove_gfn' }
	],
	['__kvm_write_track_add_gfn', { kind: 'track_add', mode: 'write' }],
	['__kvm_write_track_remove_gfn', { kind: 'track_remove', mode: 'write' }]
]);
/** A function that notifies of an access; `inner` as above. */
export interface NotifyCall {
	readonly kind: Mode;
	readonly inner?: string;
}
export const NOTIFY_CALLS: ReadonlyMap<string, NotifyCall> = new Map<string, NotifyCall>([
	['kvm_page_track_preread', { kind: 'preread' }],
	['kvm_page_track_prewrite', { kind: 'prewrite' }],
	['kvm_page_track_write', { kind: 'write', inner: '__kvm_page_track_write' }],
	['__kvm_page_track_write', { kind: 'write' }],
	['kvm_page_track_preexec', { kind: 'preexec' }]
]);

/** What a call of each page-track function means (names of all generations). */
const FUNCTIONS: ReadonlyMap<string, Read> = new Map([
	...[...TRACK_CALLS].map(([name, call]) => [name, track(call)] as const),
	...[...NOTIFY_CALLS].map(([name, call]) => [name, notify(call)] as const),
	['kvm_page_track_register_notifier', register('register')],
	['kvm_page_track_unregister_notifier', register('unregister')],
	['__kvm_set_memory_region', region],
	['kvm_set_memory_region', region],
	['kvm_mmu_page_fault', mmuPageFault],
	['kvm_mmu_slot_gfn_write_protect', writeProtect],
	['kvm_arch_flush_shadow_memslot', zapAll]
]);

/** Page-track functions that are known and say nothing that becomes an event. */
const SILENT = /^(?:__)?kvm_(?:page_track|slot_page_track|write_track|arch_create_memslot)\w*$/;

/** Reads a call of a function with its arguments as `name=value`; null if it is none of page tracking's. */
export function readCall(name: string, args: string, line: EventLine, context: TraceContext): Outcome | null {
	const read = FUNCTIONS.get(name);
	if (!read) return SILENT.test(name) ? NO_ARGUMENTS : null;
	const fields = new Fields(args);
	return fields.size === 0 && read !== zapAll ? NO_ARGUMENTS : read(line, context, fields);
}
