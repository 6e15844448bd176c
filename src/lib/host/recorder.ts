import { clearBatch, createBatch, FLAG, type EventBatch } from '#lib/domain/batch.ts';
import { pushEvent } from '#lib/domain/batch-events.ts';
import type { TraceEvent } from '#lib/domain/events.ts';
import { KIND_CODES } from '#lib/domain/kinds.ts';
import { slotKey } from '#lib/domain/state.ts';
import type { KvmVcpu } from './kvm.ts';
import type { KvmMemorySlot, MemslotFields } from './memslot.ts';
import type { NotifierNode } from './notifier.ts';
import type { Quirk } from './quirks.ts';
import type { KvmMmuPage } from './shadow-page.ts';
import type { Spte } from './spte.ts';
import type { HostTaps, MrChange, ProtectKind } from './taps.ts';

/** Events per batch unless told otherwise: one segment of the store. */
export const RECORDER_BATCH = 32_768;

const PAGE = 4096;
const PROTECT_CODES: Readonly<Record<ProtectKind, number>> = { read: 0, write: 1, exec: 2 };
const CALLBACKS = [
	['trackPreread', 'track_preread'],
	['trackPrewrite', 'track_prewrite'],
	['trackWrite', 'track_write'],
	['trackPreexec', 'track_preexec'],
	['trackCreateSlot', 'track_create_slot'],
	['trackFlushSlot', 'track_flush_slot']
] as const;

export interface RecorderOptions {
	/** Events per batch. */
	readonly batchEvents?: number;
	/** Shown name of a slot. */
	readonly slotName?: (slot: MemslotFields) => string | undefined;
}

/**
 * Turns what the simulated host does into domain events, in the order it happens: hand `taps` to the {@link Kvm}. One
 * event is one call of one node's callback, one counter change, one fault, one protected entry … `evolve` over them
 * rebuilds the host's tracking state. Full batches wait in `take`; whoever drains it keeps memory flat.
 */
export class HostRecorder {
	readonly taps: HostTaps;
	/** The recorder's own consumer: hears everything, refuses nothing. Register it where nobody else listens. */
	readonly node: NotifierNode = {
		name: 'pagetrail',
		trackPreread: () => true,
		trackPrewrite: () => true,
		trackWrite: () => {},
		trackPreexec: () => true,
		trackCreateSlot: () => {},
		trackFlushSlot: () => {}
	};
	/** Time of what happens next, ns since the session's start; whoever drives the host moves it on. */
	now = 0;
	/** The instruction that a vCPU is at, as 32-bit halves; recorded while `hasRip`. */
	hasRip = false;
	ripLo = 0;
	ripHi = 0;
	/** Who changes counters now, where known; the host cannot tell. */
	actor: NotifierNode | null = null;
	/** Events so far. */
	events = 0;
	/** Notifications of accesses so far. */
	notifications = 0;
	readonly #capacity: number;
	readonly #slotName: (slot: MemslotFields) => string | undefined;
	/** Nodes by number; few, so that a search is faster than a map. */
	readonly #nodes: NotifierNode[] = [];
	readonly #quirks = new Map<string, string>();
	#batch: EventBatch;
	#full: EventBatch[] = [];
	readonly #spare: EventBatch[] = [];
	/** The entry that the walk now running has changed. */
	#changed: Spte | null = null;

	constructor(options: RecorderOptions = {}) {
		this.#capacity = options.batchEvents ?? RECORDER_BATCH;
		this.#slotName = options.slotName ?? (() => undefined);
		this.#batch = createBatch(this.#capacity);
		this.taps = this.#createTaps();
	}

	/** Full batches since the last call, in order. */
	take(): EventBatch[] {
		if (this.#batch.length === this.#capacity) this.#next();
		const full = this.#full;
		if (full.length > 0) this.#full = [];
		return full;
	}

	/** Everything that was not taken yet, an unfinished batch included. */
	flush(): EventBatch[] {
		if (this.#batch.length > 0) this.#next();
		return this.take();
	}

	/** Records an event that the host itself cannot know of (session, vCPUs, marks, the end), at `now`. */
	push(event: TraceEvent): void {
		pushEvent(this.#room(), { ...event, tsNs: this.now });
		this.events++;
	}

	/** Gives a batch back that nobody looks at any more: the next one needs no new memory. */
	recycle(batch: EventBatch): void {
		if (batch.tsNs.length !== this.#capacity || this.#spare.length > 1) return;
		clearBatch(batch);
		this.#spare.push(batch);
	}

	#next(): void {
		this.#full.push(this.#batch);
		this.#batch = this.#spare.pop() ?? createBatch(this.#capacity);
	}

	/** The batch with room for one more event. */
	#room(): EventBatch {
		if (this.#batch.length === this.#capacity) this.#next();
		return this.#batch;
	}

	/** Number of a node, given out in the order of first registration. */
	#nodeId(node: NotifierNode): number {
		const known = this.#nodes.indexOf(node);
		return known >= 0 ? known : this.#nodes.push(node) - 1;
	}

	#createTaps(): HostTaps {
		return {
			registered: (node) => this.#registered(node),
			unregistered: (node) => this.push({ kind: 'unregister', tsNs: 0, nodeId: this.#nodeId(node) }),
			memslotPublished: (change, slot, old) => this.#published(change, slot, old),
			memslotDiscarded: (slot) => this.push({ kind: 'memslot_delete', ...this.#slot(slot) }),
			createSlot: (node, slot) =>
				this.push({ kind: 'create_slot', ...this.#slot(slot), nodeId: this.#nodeId(node) }),
			flushSlot: (node, slot) =>
				this.push({ kind: 'flush_slot', ...this.#slot(slot), nodeId: this.#nodeId(node) }),
			trackAdded: (slot, gfn, mode) => this.#track(KIND_CODES.track_add, slot, gfn, mode),
			trackRemoved: (slot, gfn, mode) => this.#track(KIND_CODES.track_remove, slot, gfn, mode),
			shadowAccounted: (page, slot) => this.#shadow(KIND_CODES.account_shadowed, page, slot),
			shadowUnaccounted: (page, slot) => this.#shadow(KIND_CODES.unaccount_shadowed, page, slot),
			preread: (node, vcpu, gpa, _buf, bytes, verdict, ready) =>
				this.#access(KIND_CODES.preread, node, vcpu, {
					gpa,
					bytes,
					flags: FLAG.bytes | verdictFlags(verdict) | FLAG.readyKnown | (ready ? FLAG.ready : 0)
				}),
			prewrite: (node, vcpu, gpa, _data, bytes, verdict) =>
				this.#access(KIND_CODES.prewrite, node, vcpu, {
					gpa,
					bytes,
					flags: FLAG.bytes | verdictFlags(verdict)
				}),
			write: (node, vcpu, gpa, _data, bytes) =>
				this.#access(KIND_CODES.write, node, vcpu, { gpa, bytes, flags: FLAG.bytes }),
			preexec: (node, vcpu, gpa, verdict) =>
				this.#access(KIND_CODES.preexec, node, vcpu, { gpa, bytes: 0, flags: verdictFlags(verdict) }),
			pageFaultBegan: (vcpu, gpa, errorCode) => this.#fault(vcpu, gpa, errorCode),
			pageFault: () => void (this.#changed = null),
			spteChanged: (spte) => void (this.#changed = spte),
			spteProtect: (kind, slot, gfn, flush) => this.#protected(kind, slot, gfn, flush),
			slotWriteProtected: (slot, flush) => this.#slotProtected(slot, flush),
			tlbFlush: () => void this.#begin(KIND_CODES.tlb_flush),
			tlbRequest: (vcpu) => this.#tlbRequest(vcpu),
			warn: (reason) => this.#anomaly('WARN', `kernel warning: ${reason}`, null, null),
			anomaly: (quirk, slot, gfn, text) => this.#anomaly(quirk, text, slot, gfn)
		};
	}

	/** Begins an event written column by column; returns its index in the present batch. */
	#begin(kind: number): number {
		const batch = this.#room();
		const i = batch.length++;
		batch.tsNs[i] = this.now;
		batch.kind[i] = kind;
		this.events++;
		return i;
	}

	#access(
		kind: number,
		node: NotifierNode,
		vcpu: KvmVcpu,
		{ gpa, bytes, flags }: { gpa: number; bytes: number; flags: number }
	): void {
		const i = this.#begin(kind);
		const batch = this.#batch;
		batch.node[i] = this.#nodeId(node);
		batch.bytes[i] = bytes;
		this.#place(i, vcpu, gpa, flags);
		this.notifications++;
	}

	/** vCPU, place and instruction of an access or a fault. */
	#place(i: number, vcpu: KvmVcpu, gpa: number, flags: number): void {
		const batch = this.#batch;
		const gfn = Math.floor(gpa / PAGE);
		batch.vcpu[i] = vcpu.vcpuId;
		batch.gfn[i] = gfn;
		batch.offset[i] = gpa - gfn * PAGE;
		let known = flags | FLAG.place | FLAG.offset;
		if (vcpu.smm) known |= FLAG.smm;
		if (this.hasRip) {
			batch.ripLo[i] = this.ripLo;
			batch.ripHi[i] = this.ripHi;
			known |= FLAG.rip;
		}
		batch.flags[i] = known;
	}

	#fault(vcpu: KvmVcpu, gpa: number, errorCode: number): void {
		const i = this.#begin(KIND_CODES.page_fault);
		this.#place(i, vcpu, gpa, FLAG.value);
		this.#batch.valueLo[i] = errorCode % 2 ** 32;
		this.#batch.valueHi[i] = Math.floor(errorCode / 2 ** 32);
	}

	/** Page and address space of an event about a slot's page. */
	#page(i: number, slot: KvmMemorySlot, gfn: number): void {
		this.#batch.gfn[i] = gfn;
		this.#batch.flags[i] = FLAG.place | (slot.asId === 1 ? FLAG.smm : 0);
	}

	#track(kind: number, slot: KvmMemorySlot, gfn: number, mode: number): void {
		this.#changed = null;
		const i = this.#begin(kind);
		this.#page(i, slot, gfn);
		this.#batch.slot[i] = slotKey(slot.asId, slot.id);
		this.#batch.detail[i] = mode;
		if (this.actor) this.#batch.node[i] = this.#nodeId(this.actor);
	}

	#shadow(kind: number, { gfn, level }: KvmMmuPage, slot: KvmMemorySlot): void {
		this.#changed = null;
		const i = this.#begin(kind);
		this.#page(i, slot, gfn);
		this.#batch.slot[i] = slotKey(slot.asId, slot.id);
		this.#batch.detail[i] = level;
	}

	/** A walk that found nothing to take is no event. */
	#protected(kind: ProtectKind, slot: KvmMemorySlot, gfn: number, flush: boolean): void {
		const spte = this.#changed;
		this.#changed = null;
		if (!spte && !flush) return;
		const i = this.#begin(KIND_CODES.spte_protect);
		this.#page(i, slot, gfn);
		const batch = this.#batch;
		batch.detail[i] = PROTECT_CODES[kind];
		let flags = (batch.flags[i] ?? 0) | FLAG.payload;
		if (spte) {
			batch.detail[i] = PROTECT_CODES[kind] | (spte.level << 2);
			batch.valueLo[i] = spte.lo;
			batch.valueHi[i] = spte.hi;
			flags |= FLAG.value;
		}
		batch.flags[i] = flags;
		batch.payload.set(i, flush ? '{"flush":true}' : '{"flush":false}');
	}

	#slotProtected(slot: KvmMemorySlot, flush: boolean): void {
		this.push({
			kind: 'spte_protect',
			tsNs: 0,
			...(slot.asId === 1 ? { asId: 1 } : {}),
			gfn: slot.baseGfn,
			npages: slot.npages,
			protect: 'write',
			flush
		});
	}

	#tlbRequest(vcpu: KvmVcpu): void {
		const i = this.#begin(KIND_CODES.tlb_flush);
		this.#batch.vcpu[i] = vcpu.vcpuId;
	}

	#anomaly(quirk: Quirk | 'WARN', text: string, slot: KvmMemorySlot | null, gfn: number | null): void {
		const i = this.#begin(KIND_CODES.anomaly);
		const batch = this.#batch;
		let payload = this.#quirks.get(quirk + text);
		if (payload === undefined) this.#quirks.set(quirk + text, (payload = JSON.stringify({ quirk, text })));
		batch.payload.set(i, payload);
		const at = gfn ?? slot?.baseGfn;
		if (at !== undefined) batch.gfn[i] = at;
		if (gfn === null && slot) batch.npages[i] = slot.npages;
		batch.flags[i] = FLAG.payload | (at === undefined ? 0 : FLAG.place) | (slot?.asId === 1 ? FLAG.smm : 0);
	}

	#registered(node: NotifierNode): void {
		const callbacks = CALLBACKS.flatMap(([member, name]) => (node[member] ? [name] : []));
		this.push({ kind: 'register', tsNs: 0, nodeId: this.#nodeId(node), name: node.name, callbacks });
	}

	#published(change: MrChange, slot: KvmMemorySlot | null, old: KvmMemorySlot | null): void {
		this.#changed = null;
		const shape = slot ?? old;
		if (shape) this.push({ kind: `memslot_${change}`, ...this.#slot(shape) });
	}

	/** Fields of a memslot event. */
	#slot(slot: KvmMemorySlot) {
		const name = this.#slotName(slot);
		return {
			tsNs: 0,
			...(slot.asId === 1 ? { asId: 1 } : {}),
			slotId: slot.id,
			baseGfn: slot.baseGfn,
			npages: slot.npages,
			flags: slot.flags,
			...(name === undefined ? {} : { name }),
			userspaceAddr: BigInt(slot.userspaceAddr)
		};
	}
}

const verdictFlags = (verdict: boolean): number => FLAG.verdictKnown | (verdict ? FLAG.verdict : 0);
