import { createBatch, FLAG, NO_NODE, NO_SLOT, NO_VCPU, type EventBatch } from './batch.ts';
import type { JsonObject, JsonValue, NumberedEvent, TraceEvent } from './events.ts';
import { KIND_CODES, KINDS, MODES, type Mode } from './kinds.ts';
import { slotKey } from './state.ts';

const PROTECT = ['read', 'write', 'exec'] as const;
const LOW32 = 0xffff_ffffn;

/** Fields that live in the payload of a kind, beside `extra`. */
type Payload = { extra?: JsonObject } & { [field: string]: JsonValue | undefined };
/** The payload of most events; compared by identity, because most of the time nothing is to be written. */
const NONE: Payload = {};

function setValue(batch: EventBatch, i: number, value: bigint): void {
	batch.valueLo[i] = Number(value & LOW32);
	batch.valueHi[i] = Number((value >> 32n) & LOW32);
	batch.flags[i] = (batch.flags[i] ?? 0) | FLAG.value;
}

const join64 = (low: number | undefined, high: number | undefined): bigint =>
	(BigInt(high ?? 0) << 32n) | BigInt(low ?? 0);

/** `[from, to)` of an event's optional fields that have a column of their own, for all kinds alike. */
interface Columns {
	gfn?: number;
	baseGfn?: number;
	npages?: number;
	offset?: number;
	bytes?: number;
	nodeId?: number;
	slotId?: number;
	rip?: bigint;
	gva?: bigint;
	userspaceAddr?: bigint;
	verdict?: boolean;
	dataReady?: boolean;
	name?: string;
}

function setColumns(batch: EventBatch, i: number, event: TraceEvent): void {
	const fields: Columns = event as Columns;
	let flags = 0;
	const gfn = fields.gfn ?? fields.baseGfn;
	if (gfn !== undefined) {
		batch.gfn[i] = gfn;
		flags |= FLAG.place;
	}
	if (fields.offset !== undefined) {
		batch.offset[i] = fields.offset;
		flags |= FLAG.offset;
	}
	if (fields.bytes !== undefined) {
		batch.bytes[i] = fields.bytes;
		flags |= FLAG.bytes;
	}
	if (fields.rip !== undefined) {
		batch.ripLo[i] = Number(fields.rip & LOW32);
		batch.ripHi[i] = Number(fields.rip >> 32n);
		flags |= FLAG.rip;
	}
	const gva = fields.gva ?? fields.userspaceAddr;
	if (gva !== undefined) {
		batch.gvaLo[i] = Number(gva & LOW32);
		batch.gvaHi[i] = Number(gva >> 32n);
		flags |= FLAG.gva;
	}
	if (fields.verdict !== undefined) flags |= FLAG.verdictKnown | (fields.verdict ? FLAG.verdict : 0);
	if (fields.dataReady !== undefined) flags |= FLAG.readyKnown | (fields.dataReady ? FLAG.ready : 0);
	if (event.asId === 1) flags |= FLAG.smm;
	if (event.derived) flags |= FLAG.derived;
	batch.npages[i] = fields.npages ?? 1;
	batch.vcpu[i] = event.vcpuId ?? NO_VCPU;
	batch.node[i] = fields.nodeId ?? NO_NODE;
	batch.slot[i] = fields.slotId === undefined ? NO_SLOT : slotKey(event.asId ?? 0, fields.slotId);
	batch.flags[i] = flags;
}

/** Sets what only this kind has; returns the fields that go into the payload. */
function setKind(batch: EventBatch, i: number, event: TraceEvent): Payload {
	switch (event.kind) {
		case 'session':
			return { attributes: event.attributes };
		case 'memslot_create':
		case 'memslot_move':
		case 'memslot_flags':
		case 'memslot_delete':
		case 'create_slot':
		case 'flush_slot':
			if (event.flags !== undefined) setValue(batch, i, BigInt(event.flags));
			return { name: event.name };
		case 'register':
			return { name: event.name, callbacks: event.callbacks as JsonValue | undefined };
		case 'track_add':
		case 'track_remove':
			batch.detail[i] = MODES.indexOf(event.mode);
			return NONE;
		case 'account_shadowed':
		case 'unaccount_shadowed':
			batch.detail[i] = event.level;
			return NONE;
		case 'page_fault':
			setValue(batch, i, event.errorCode);
			return NONE;
		case 'spte_protect':
			batch.detail[i] = PROTECT.indexOf(event.protect) | ((event.level ?? 0) << 2);
			if (event.spte !== undefined) setValue(batch, i, event.spte);
			return event.flush === undefined ? NONE : { flush: event.flush };
		case 'anomaly':
			return { quirk: event.quirk, text: event.text };
		case 'loss':
			if (event.count !== undefined) setValue(batch, i, BigInt(event.count));
			return { startNs: event.startNs };
		case 'epoch':
			setValue(batch, i, BigInt(event.epoch));
			return NONE;
		case 'mark':
			return { name: event.name, phase: event.phase };
		default:
			return NONE;
	}
}

/** Writes an event at the end of a batch that has room. */
export function pushEvent(batch: EventBatch, event: TraceEvent): void {
	const i = batch.length++;
	batch.tsNs[i] = event.tsNs;
	batch.kind[i] = KIND_CODES[event.kind];
	setColumns(batch, i, event);
	const own = setKind(batch, i, event);
	if (own === NONE && event.extra === undefined) return;
	const payload = JSON.stringify({ ...own, extra: event.extra });
	if (payload === '{}') return;
	batch.payload.set(i, payload);
	batch.flags[i] = (batch.flags[i] ?? 0) | FLAG.payload;
}

/** A batch of just these events. */
export function batchOf(events: readonly TraceEvent[]): EventBatch {
	const batch = createBatch(events.length);
	for (const event of events) pushEvent(batch, event);
	return batch;
}

/** A field only if its flag is set, so that absent fields stay absent. */
const when = <T extends object>(present: number | boolean, field: () => T): Partial<T> =>
	present ? field() : {};

/** Event `i` of a batch, with `seq` as its number. */
export function eventAt(batch: EventBatch, i: number, seq: number): NumberedEvent {
	const kind = KINDS[batch.kind[i] ?? 0] ?? 'anomaly';
	const flags = batch.flags[i] ?? 0;
	const vcpu = batch.vcpu[i] ?? NO_VCPU;
	const payload = (flags & FLAG.payload ? JSON.parse(batch.payload.get(i) ?? '{}') : {}) as Payload;
	const event = {
		seq,
		kind,
		tsNs: batch.tsNs[i] ?? 0,
		...when(vcpu !== NO_VCPU, () => ({ vcpuId: vcpu })),
		...when(flags & FLAG.smm, () => ({ asId: 1 })),
		...kindFields(kind, batch, i, flags),
		...payload,
		...when(flags & FLAG.derived, () => ({ derived: true }))
	};
	return event as unknown as NumberedEvent; // each kind's fields were written by pushEvent or a scanner
}

function kindFields(kind: string, batch: EventBatch, i: number, flags: number): object {
	const value = () => join64(batch.valueLo[i], batch.valueHi[i]);
	switch (kind) {
		case 'memslot_create':
		case 'memslot_move':
		case 'memslot_flags':
		case 'memslot_delete':
		case 'create_slot':
		case 'flush_slot':
			return { ...slotFields(batch, i, flags), ...nodeField(batch, i) };
		case 'track_add':
		case 'track_remove':
			return {
				...place(batch, i, flags),
				mode: MODES[batch.detail[i] ?? 0] as Mode,
				...when(batch.slot[i] !== NO_SLOT, () => ({ slotId: (batch.slot[i] ?? 0) & 0xffff })),
				...nodeField(batch, i)
			};
		case 'account_shadowed':
		case 'unaccount_shadowed':
			return {
				...place(batch, i, flags),
				level: batch.detail[i],
				...when(batch.slot[i] !== NO_SLOT, () => ({ slotId: (batch.slot[i] ?? 0) & 0xffff }))
			};
		case 'preread':
		case 'prewrite':
		case 'write':
		case 'preexec':
			return { ...place(batch, i, flags), ...accessFields(batch, i, flags), ...nodeField(batch, i) };
		case 'page_fault':
			return { ...place(batch, i, flags), errorCode: value(), ...accessFields(batch, i, flags) };
		case 'spte_protect':
			return {
				...place(batch, i, flags),
				protect: PROTECT[(batch.detail[i] ?? 0) & 3],
				...when((batch.detail[i] ?? 0) >> 2, () => ({ level: (batch.detail[i] ?? 0) >> 2 })),
				...when(flags & FLAG.value, () => ({ spte: value() }))
			};
		case 'register':
		case 'unregister':
			return nodeField(batch, i);
		case 'anomaly':
			return place(batch, i, flags);
		case 'loss':
			return when(flags & FLAG.value, () => ({ count: Number(value()) }));
		case 'epoch':
			return { epoch: Number(value()) };
		default:
			return {};
	}
}

const nodeField = (batch: EventBatch, i: number) =>
	when(batch.node[i] !== NO_NODE, () => ({ nodeId: batch.node[i] }));

const place = (batch: EventBatch, i: number, flags: number) => ({
	...when(flags & FLAG.place, () => ({ gfn: batch.gfn[i] })),
	...when(batch.npages[i] !== 1, () => ({ npages: batch.npages[i] })),
	...when(flags & FLAG.offset, () => ({ offset: batch.offset[i] }))
});

const slotFields = (batch: EventBatch, i: number, flags: number) => ({
	slotId: (batch.slot[i] ?? 0) & 0xffff,
	baseGfn: batch.gfn[i],
	npages: batch.npages[i],
	...when(flags & FLAG.value, () => ({ flags: batch.valueLo[i] })),
	...when(flags & FLAG.gva, () => ({ userspaceAddr: join64(batch.gvaLo[i], batch.gvaHi[i]) }))
});

const accessFields = (batch: EventBatch, i: number, flags: number) => ({
	...when(flags & FLAG.bytes, () => ({ bytes: batch.bytes[i] })),
	...when(flags & FLAG.rip, () => ({ rip: join64(batch.ripLo[i], batch.ripHi[i]) })),
	...when(flags & FLAG.gva, () => ({ gva: join64(batch.gvaLo[i], batch.gvaHi[i]) })),
	...when(flags & FLAG.verdictKnown, () => ({ verdict: (flags & FLAG.verdict) !== 0 })),
	...when(flags & FLAG.readyKnown, () => ({ dataReady: (flags & FLAG.ready) !== 0 }))
});
