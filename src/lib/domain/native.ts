import type { JsonObject, JsonValue, TraceEvent } from './events.ts';
import { MODES, type Mode } from './kinds.ts';
import { GFN_LIMIT, NPAGES_LIMIT, VCPU_LIMIT } from './units.ts';

/** Version of the native format, as in the session line. */
export const NATIVE_VERSION = 1;

/** Why a line is no event; `reason` is one of few words that diagnostics are counted by. */
export class NativeError extends Error {
	readonly reason: string;
	constructor(reason: string, message: string) {
		super(message);
		this.name = 'NativeError';
		this.reason = reason;
	}
}

type Fields = Record<string, JsonValue | undefined>;

const hexOf = (value: bigint | undefined) => (value === undefined ? undefined : '0x' + value.toString(16));
const gpaOf = (gfn: number, offset = 0) => '0x' + (BigInt(gfn) * 4096n + BigInt(offset)).toString(16);

/** Place of an event: `a` is a byte address, `g` a page whose byte nobody knows. */
function place(event: { gfn?: number; offset?: number }): Fields {
	if (event.gfn === undefined) return {};
	if (event.offset === undefined) return { g: '0x' + event.gfn.toString(16) };
	return { a: gpaOf(event.gfn, event.offset) };
}

/** What a kind's line has between `k` and the common fields; undefined values are left out. */
function body(event: TraceEvent): Fields {
	switch (event.kind) {
		case 'session':
			return event.attributes;
		case 'memslot_create':
		case 'memslot_delete':
		case 'memslot_move':
		case 'memslot_flags':
		case 'create_slot':
		case 'flush_slot':
			return {
				id: event.slotId,
				a: gpaOf(event.baseGfn),
				npages: event.npages,
				flags: event.flags,
				name: event.name,
				ua: hexOf(event.userspaceAddr),
				node: 'nodeId' in event ? event.nodeId : undefined
			};
		case 'register':
			return { node: event.nodeId, name: event.name, callbacks: event.callbacks as JsonValue | undefined };
		case 'unregister':
			return { node: event.nodeId };
		case 'track_add':
		case 'track_remove':
			return {
				mode: event.mode,
				...place(event),
				npages: event.npages,
				id: event.slotId,
				node: event.nodeId
			};
		case 'account_shadowed':
		case 'unaccount_shadowed':
			return { ...place(event), npages: event.npages, level: event.level, id: event.slotId };
		case 'preread':
		case 'prewrite':
		case 'write':
		case 'preexec':
			return {
				...place(event),
				n: event.bytes,
				ip: hexOf(event.rip),
				gva: hexOf(event.gva),
				npages: event.npages,
				node: event.nodeId,
				verdict: event.verdict,
				ready: event.dataReady
			};
		case 'page_fault':
			return {
				...place(event),
				error: hexOf(event.errorCode),
				ip: hexOf(event.rip),
				gva: hexOf(event.gva),
				npages: event.npages
			};
		case 'spte_protect':
			return {
				...place(event),
				npages: event.npages,
				protect: event.protect,
				level: event.level,
				spte: hexOf(event.spte),
				flush: event.flush
			};
		case 'anomaly':
			return { quirk: event.quirk, text: event.text, ...place(event), npages: event.npages };
		case 'loss':
			return { count: event.count, from: event.startNs };
		case 'epoch':
			return { e: event.epoch };
		case 'mark':
			return { phase: event.phase, name: event.name };
		default:
			return {};
	}
}

/** Line names that differ from the kind: a slot that appears or goes is called by its notification. */
const WIRE_KIND: Readonly<Record<string, string>> = {
	memslot_create: 'create_slot',
	memslot_delete: 'flush_slot',
	memslot_move: 'move_slot',
	memslot_flags: 'slot_flags'
};

/** An event as its native line's object, keys in canonical order. */
export function toWire(event: TraceEvent): JsonObject {
	const line: Fields = {
		t: event.tsNs,
		c: event.vcpuId,
		k: WIRE_KIND[event.kind] ?? event.kind,
		...body(event),
		as: event.asId,
		derived: event.derived,
		...event.extra
	};
	for (const key of Object.keys(line)) if (line[key] === undefined) delete line[key];
	return line as JsonObject;
}

/** An event as its native line, without the line's end. */
export const formatLine = (event: TraceEvent): string => JSON.stringify(toWire(event));

/** Reads fields of one line; what was not read in the end is `extra`. */
class Line {
	readonly #fields: Fields;
	readonly #used = new Set(['t', 'c', 'k', 'as', 'derived']);
	constructor(fields: Fields) {
		this.#fields = fields;
	}

	#take(key: string): JsonValue | undefined {
		this.#used.add(key);
		const value = this.#fields[key];
		return value === null ? undefined : value;
	}

	has(key: string): boolean {
		return this.#fields[key] !== undefined;
	}

	integer(key: string, limit: number): number | undefined {
		const value = this.#take(key);
		if (value === undefined) return undefined;
		if (typeof value !== 'number' || !Number.isSafeInteger(value) || value < 0 || value >= limit)
			throw new NativeError('bad-value', `${key} ${show(value)} is no whole number below ${limit}`);
		return value;
	}

	/** A 64-bit value: `0x…`, decimal digits, or a number that JSON holds exactly. */
	word(key: string, bits = 64): bigint | undefined {
		const value = this.#take(key);
		if (value === undefined) return undefined;
		const text = typeof value === 'number' && Number.isSafeInteger(value) ? String(value) : value;
		if (typeof text !== 'string' || !/^(0x[0-9a-f]+|\d+)$/i.test(text))
			throw new NativeError('bad-value', `${key} ${show(value)} is no address (0x…)`);
		const word = BigInt(text);
		if (word >> BigInt(bits)) throw new NativeError('bad-value', `${key} ${text} has more than ${bits} bits`);
		return word;
	}

	text(key: string): string | undefined {
		const value = this.#take(key);
		if (value === undefined || typeof value === 'string') return value;
		throw new NativeError('bad-value', `${key} ${show(value)} is no text`);
	}

	flag(key: string): boolean | undefined {
		const value = this.#take(key);
		if (value === undefined || typeof value === 'boolean') return value;
		throw new NativeError('bad-value', `${key} ${show(value)} is neither true nor false`);
	}

	list(key: string): string[] | undefined {
		const value = this.#take(key);
		if (value === undefined) return undefined;
		if (Array.isArray(value) && value.every((each) => typeof each === 'string')) return value;
		throw new NativeError('bad-value', `${key} ${show(value)} is no list of texts`);
	}

	oneOf<T extends string>(key: string, allowed: readonly T[]): T {
		const value = this.#take(key);
		const found = allowed.find((each) => each === value);
		if (found === undefined)
			throw new NativeError('bad-value', `${key} ${show(value)} is none of ${allowed.join(', ')}`);
		return found;
	}

	place(): { gfn?: number; offset?: number; npages?: number } {
		const gpa = this.word('a', 52);
		const npages = this.integer('npages', NPAGES_LIMIT);
		const size = npages === undefined ? {} : { npages };
		if (gpa !== undefined) return { gfn: Number(gpa >> 12n), offset: Number(gpa & 4095n), ...size };
		const gfn = this.word('g', 40);
		return gfn === undefined ? size : { gfn: Number(gfn), ...size };
	}

	rest(): JsonObject | undefined {
		const entries = Object.entries(this.#fields).filter(([key]) => !this.#used.has(key));
		return entries.length ? (Object.fromEntries(entries) as JsonObject) : undefined;
	}

	/** All fields but the common ones. */
	everything(): JsonObject {
		const { t: _, k: __, c: ___, ...attributes } = this.#fields;
		for (const key of Object.keys(attributes)) this.#used.add(key);
		return attributes as JsonObject;
	}
}

const show = (value: JsonValue | undefined) =>
	value === undefined ? '(absent)' : JSON.stringify(value).slice(0, 40);

function need<T>(value: T | undefined, key: string): T {
	if (value === undefined) throw new NativeError('missing-field', `${key} is missing`);
	return value;
}

/** Leaves out absent optional fields, so that equal events are equal objects. */
function present<T extends object>(fields: T): T {
	for (const key of Object.keys(fields) as (keyof T)[]) if (fields[key] === undefined) delete fields[key];
	return fields;
}

function slotFields(line: Line) {
	const base = need(line.word('a', 52), 'a');
	if (base & 4095n) throw new NativeError('bad-value', `a 0x${base.toString(16)} is not page-aligned`);
	const baseGfn = Number(base >> 12n);
	const npages = need(line.integer('npages', NPAGES_LIMIT), 'npages');
	if (npages === 0) throw new NativeError('bad-value', 'npages 0 is no memslot');
	if (baseGfn + npages > GFN_LIMIT) throw new NativeError('bad-value', 'the memslot ends beyond 52 bits');
	return present({
		slotId: need(line.integer('id', 512), 'id'),
		baseGfn,
		npages,
		flags: line.integer('flags', 2 ** 32),
		name: line.text('name'),
		userspaceAddr: line.word('ua'),
		nodeId: line.integer('node', VCPU_LIMIT)
	});
}

const access = (line: Line) => {
	const at = line.place();
	return {
		...at,
		gfn: need(at.gfn, 'a'),
		bytes: line.integer('n', 65_536),
		rip: line.word('ip'),
		gva: line.word('gva'),
		nodeId: line.integer('node', VCPU_LIMIT),
		verdict: line.flag('verdict'),
		dataReady: line.flag('ready')
	};
};

const track = (line: Line) => {
	const { gfn, npages } = line.place();
	return {
		mode: line.oneOf<Mode>('mode', MODES),
		gfn: need(gfn, 'g'),
		npages,
		slotId: line.integer('id', 512),
		nodeId: line.integer('node', VCPU_LIMIT)
	};
};

const shadow = (line: Line) => {
	const { gfn, npages } = line.place();
	const level = need(line.integer('level', 6), 'level');
	if (level === 0) throw new NativeError('bad-value', 'level 0 is no table level (1 to 5)');
	return { gfn: need(gfn, 'g'), npages, level, slotId: line.integer('id', 512) };
};

/** A kind's own fields, from its line. */
const READERS: Readonly<Record<string, (line: Line) => { kind: string } & object>> = {
	session: (line) => ({ kind: 'session', attributes: line.everything() }),
	vcpu: () => ({ kind: 'vcpu' }),
	create_slot: (line) => ({ kind: line.has('node') ? 'create_slot' : 'memslot_create', ...slotFields(line) }),
	flush_slot: (line) => ({ kind: line.has('node') ? 'flush_slot' : 'memslot_delete', ...slotFields(line) }),
	move_slot: (line) => ({ kind: 'memslot_move', ...slotFields(line) }),
	slot_flags: (line) => ({ kind: 'memslot_flags', ...slotFields(line) }),
	register: (line) => ({
		kind: 'register',
		nodeId: need(line.integer('node', VCPU_LIMIT), 'node'),
		name: line.text('name'),
		callbacks: line.list('callbacks')
	}),
	unregister: (line) => ({ kind: 'unregister', nodeId: need(line.integer('node', VCPU_LIMIT), 'node') }),
	track_add: (line) => ({ kind: 'track_add', ...track(line) }),
	track_remove: (line) => ({ kind: 'track_remove', ...track(line) }),
	account_shadowed: (line) => ({ kind: 'account_shadowed', ...shadow(line) }),
	unaccount_shadowed: (line) => ({ kind: 'unaccount_shadowed', ...shadow(line) }),
	preread: (line) => ({ kind: 'preread', ...access(line) }),
	prewrite: (line) => ({ kind: 'prewrite', ...access(line) }),
	write: (line) => ({ kind: 'write', ...access(line) }),
	preexec: (line) => ({ kind: 'preexec', ...access(line) }),
	page_fault: (line) => {
		const at = line.place();
		return {
			kind: 'page_fault',
			...at,
			gfn: need(at.gfn, 'a'),
			errorCode: need(line.word('error'), 'error'),
			rip: line.word('ip'),
			gva: line.word('gva')
		};
	},
	spte_protect: (line) => {
		const at = line.place();
		return {
			kind: 'spte_protect',
			...at,
			gfn: need(at.gfn, 'a'),
			protect: line.oneOf('protect', ['read', 'write', 'exec']),
			level: line.integer('level', 64),
			spte: line.word('spte'),
			flush: line.flag('flush')
		};
	},
	tlb_flush: () => ({ kind: 'tlb_flush' }),
	anomaly: (line) => ({
		kind: 'anomaly',
		quirk: need(line.text('quirk'), 'quirk'),
		text: line.text('text'),
		...line.place()
	}),
	loss: (line) => ({
		kind: 'loss',
		count: line.integer('count', 2 ** 53),
		startNs: line.integer('from', 2 ** 53)
	}),
	epoch: (line) => ({ kind: 'epoch', epoch: need(line.integer('e', 2 ** 53), 'e') }),
	mark: (line) => ({
		kind: 'mark',
		name: need(line.text('name'), 'name'),
		phase: line.integer('phase', 2 ** 53)
	}),
	end: () => ({ kind: 'end' })
};

/**
 * The event of a native line's object.
 * @throws {NativeError} with the reason: `not-an-object`, `unknown-kind`, `missing-field`, `bad-value`
 */
export function fromWire(value: unknown): TraceEvent {
	if (typeof value !== 'object' || value === null || Array.isArray(value))
		throw new NativeError('not-an-object', 'the line is no JSON object');
	const line = new Line(value as Fields);
	const kind = line.text('k');
	const read = kind === undefined ? undefined : Object.hasOwn(READERS, kind) ? READERS[kind] : undefined;
	if (!read) {
		if (kind === undefined) throw new NativeError('missing-field', 'k is missing');
		throw new NativeError('unknown-kind', `kind ${show(kind)} is not in version ${NATIVE_VERSION}`);
	}
	const tsNs = need(line.integer('t', 2 ** 53), 't');
	const vcpuId = line.integer('c', VCPU_LIMIT);
	if (kind === 'vcpu') need(vcpuId, 'c');
	const common = { asId: line.integer('as', 2) || undefined, derived: line.flag('derived') || undefined };
	const event = { ...read(line), tsNs, vcpuId, ...common, extra: line.rest() };
	return present(event) as TraceEvent; // READERS gives each kind the fields it must have
}

/** Parses a native line; integers beyond 2^53 become decimal texts, so that none is rounded. */
export function parseLine(text: string): TraceEvent {
	let value: unknown;
	try {
		value = /\d{16}/.test(text) ? (JSON.parse(text, exactInteger as never) as unknown) : JSON.parse(text);
	} catch {
		throw new NativeError('not-json', 'the line is no JSON');
	}
	return fromWire(value);
}

const exactInteger = (_: string, value: unknown, context: { source?: string }): unknown =>
	typeof value === 'number' && !Number.isSafeInteger(value) && /^\d+$/.test(context.source ?? '')
		? context.source
		: value;
