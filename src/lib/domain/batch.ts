/** Bits of a batch's `flags` column: which optional fields an event has. */
export const FLAG = {
	rip: 1,
	gva: 2,
	bytes: 4,
	verdictKnown: 8,
	verdict: 16,
	readyKnown: 32,
	ready: 64,
	/** The address space is 1 (SMM). */
	smm: 128,
	derived: 256,
	/** `value` holds something. */
	value: 512,
	/** `gfn` holds something. */
	place: 1024,
	/** `offset` holds something. */
	offset: 2048,
	/** The event has an entry in `payload`. */
	payload: 4096
} as const;

export const NO_VCPU = 0xffff;
export const NO_NODE = 0xffff;
export const NO_SLOT = 0xffff_ffff;

/**
 * Events as a struct of arrays; every array has `length` entries in use, in event order. 64-bit values are two
 * 32-bit halves so that none passes through a floating-point number. What a kind puts where:
 *
 * - `gfn`, `npages`, `offset`: the place; memslot kinds: base gfn and size
 * - `slot`: KVM's number, address space in the upper 16 bits (memslot kinds, slot notifications, track events)
 * - `node`: the notifier; `detail`: mode (track), protect kind + 4 x level (spte_protect), level (shadow)
 * - `value`: error code, SPTE, memslot flags, loss count, epoch number; `gva`: also a memslot's userspace address
 * - `payload`: JSON text of all fields without a column, by index
 */
export interface EventBatch {
	length: number;
	readonly tsNs: Float64Array;
	readonly kind: Uint8Array;
	readonly vcpu: Uint16Array;
	readonly flags: Uint16Array;
	readonly gfn: Float64Array;
	readonly npages: Uint32Array;
	readonly offset: Uint16Array;
	readonly bytes: Uint16Array;
	readonly detail: Uint8Array;
	readonly node: Uint16Array;
	readonly slot: Uint32Array;
	readonly ripLo: Uint32Array;
	readonly ripHi: Uint32Array;
	readonly gvaLo: Uint32Array;
	readonly gvaHi: Uint32Array;
	readonly valueLo: Uint32Array;
	readonly valueHi: Uint32Array;
	readonly payload: Map<number, string>;
}

/** Names of the array columns, in the order of their stored ids: never reorder, only add at the end. */
export const COLUMNS = [
	'tsNs',
	'kind',
	'vcpu',
	'flags',
	'gfn',
	'npages',
	'offset',
	'bytes',
	'detail',
	'node',
	'slot',
	'ripLo',
	'ripHi',
	'gvaLo',
	'gvaHi',
	'valueLo',
	'valueHi'
] as const satisfies readonly (keyof EventBatch)[];
export type ColumnName = (typeof COLUMNS)[number];

/** Value of a column where an event says nothing. */
export const COLUMN_DEFAULTS: Readonly<Record<ColumnName, number>> = {
	tsNs: 0,
	kind: 0,
	vcpu: NO_VCPU,
	flags: 0,
	gfn: 0,
	npages: 1,
	offset: 0,
	bytes: 0,
	detail: 0,
	node: NO_NODE,
	slot: NO_SLOT,
	ripLo: 0,
	ripHi: 0,
	gvaLo: 0,
	gvaHi: 0,
	valueLo: 0,
	valueHi: 0
};

/** An empty batch with room for `capacity` events, defaults filled in. */
export function createBatch(capacity: number): EventBatch {
	return {
		length: 0,
		tsNs: new Float64Array(capacity),
		kind: new Uint8Array(capacity),
		vcpu: new Uint16Array(capacity).fill(NO_VCPU),
		flags: new Uint16Array(capacity),
		gfn: new Float64Array(capacity),
		npages: new Uint32Array(capacity).fill(1),
		offset: new Uint16Array(capacity),
		bytes: new Uint16Array(capacity),
		detail: new Uint8Array(capacity),
		node: new Uint16Array(capacity).fill(NO_NODE),
		slot: new Uint32Array(capacity).fill(NO_SLOT),
		ripLo: new Uint32Array(capacity),
		ripHi: new Uint32Array(capacity),
		gvaLo: new Uint32Array(capacity),
		gvaHi: new Uint32Array(capacity),
		valueLo: new Uint32Array(capacity),
		valueHi: new Uint32Array(capacity),
		payload: new Map()
	};
}

/** Empties a batch for another use, so that it is as `createBatch` made it. */
export function clearBatch(batch: EventBatch): void {
	for (const name of COLUMNS) batch[name].fill(COLUMN_DEFAULTS[name], 0, batch.length);
	batch.payload.clear();
	batch.length = 0;
}

/** The buffers of a batch, to hand it to another thread without copying; the batch is unusable here afterwards. */
export const batchBuffers = (batch: EventBatch): ArrayBuffer[] =>
	COLUMNS.map((name) => batch[name].buffer as ArrayBuffer);

/** Copies events `[from, to)` of `source` to the end of `target`, which must have room. */
export function copyEvents(target: EventBatch, source: EventBatch, from: number, to: number): void {
	const at = target.length;
	for (const name of COLUMNS) target[name].set(source[name].subarray(from, to), at);
	for (const [i, text] of source.payload) if (i >= from && i < to) target.payload.set(i - from + at, text);
	target.length += to - from;
}

/** Events `[from, to)` as a batch of their own. */
export function sliceBatch(source: EventBatch, from: number, to: number): EventBatch {
	const target = createBatch(to - from);
	copyEvents(target, source, from, to);
	return target;
}

/** Copies what a batch holds into one that is no larger than needed, and empties it. */
export function takeBatch(source: EventBatch): EventBatch {
	const taken = sliceBatch(source, 0, source.length);
	for (const name of COLUMNS) source[name].fill(COLUMN_DEFAULTS[name], 0, source.length);
	source.payload.clear();
	source.length = 0;
	return taken;
}
