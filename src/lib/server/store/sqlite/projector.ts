import { eventAt } from '#lib/domain/batch-events.ts';
import { FLAG, type EventBatch } from '#lib/domain/batch.ts';
import type { NumberedEvent } from '#lib/domain/events.ts';
import { evolve } from '#lib/domain/evolve.ts';
import { changesState, FIRST_ACCESS, LAST_ACCESS } from '#lib/domain/kinds.ts';
import {
	findMemslot,
	formatState,
	initialState,
	type MemslotState,
	type TrackingState
} from '#lib/domain/state.ts';
import { NO_LANE } from '../store.ts';
import { compress } from './codec.ts';
import { HeatBuilder } from './heat-builder.ts';

/** A snapshot is due at each multiple of this seq if the state changed since the last one … */
export const SNAPSHOT_SEQS = 32_768;
/** … and after this many state-changing events. */
const SNAPSHOT_CHANGES = 4096;

/** Totals of a session, kept as JSON. */
export interface Summary {
	attributes: NonNullable<TrackingState['session']>;
	/** By kind code. */
	kinds: number[];
	vcpus: number[];
	/** By lane. */
	laneAccesses: number[];
	lanes: TrackingState['lanes'];
	outside: number;
	startNs: number;
	endNs: number;
	lost: { events: number; count: number; unknown: boolean };
	ended: boolean;
}

export const emptySummary = (): Summary => ({
	attributes: {},
	kinds: new Array<number>(32).fill(0),
	vcpus: [],
	laneAccesses: [],
	lanes: [],
	outside: 0,
	startNs: 0,
	endNs: 0,
	lost: { events: 0, count: 0, unknown: false },
	ended: false
});

export interface MemslotRow {
	createdSeq: number;
	createdNs: number;
	asId: number;
	slotId: number;
	baseGfn: number;
	npages: number;
	flags: number;
	name: string | null;
	lane: number;
}
export interface MomentRow {
	seq: number;
	kind: 'mark' | 'loss';
	tsNs: number;
	name: string | null;
	startNs: number | null;
	count: number | null;
	vcpu: number | null;
}

/** Where projections go: the database while appending, memory while comparing. */
export interface ProjectionSink {
	snapshot(seq: number, data: Buffer): void;
	tile(lane: number, shift: number, tile: number, data: Buffer): void;
	/** Levels finer than `shift` are gone. */
	dropTiles(shift: number): void;
	openMemslot(row: MemslotRow): void;
	memslotFlags(createdSeq: number, flags: number): void;
	closeMemslot(createdSeq: number, seq: number, tsNs: number): void;
	moment(row: MomentRow): void;
}

/**
 * Turns events, in order, into everything the store derives from them. What comes out depends on the events alone,
 * never on how they were cut into batches; `rebuild` relies on that.
 */
export class Projector {
	readonly state: TrackingState;
	readonly summary: Summary;
	readonly #sink: ProjectionSink;
	readonly heat: HeatBuilder;
	/** State-changing events since the last snapshot. */
	changes = 0;
	/** Seq at which each living memslot's row was opened, by slot key. */
	readonly #rows = new Map<number, { seq: number; slot: MemslotState; base: number; flags: number }>();
	#dropped = 0;

	constructor(sink: ProjectionSink, state = initialState(), summary = emptySummary()) {
		this.#sink = sink;
		this.state = state;
		this.summary = summary;
		this.heat = new HeatBuilder(
			(lane, shift, tile, data) => sink.tile(lane, shift, tile, data),
			summary.laneAccesses
		);
		for (const lane of state.lanes) this.heat.addLane(lane);
		if (summary.kinds.some((n) => n > 0)) this.heat.advance(summary.endNs);
		this.#dropped = this.heat.finest;
	}

	/** Tells which row each living memslot has (after loading from the database). */
	resumeMemslots(rows: ReadonlyMap<number, number>): void {
		for (const [key, slot] of this.state.memslots) {
			const seq = rows.get(key);
			if (seq !== undefined) this.#rows.set(key, { seq, slot, base: slot.baseGfn, flags: slot.flags });
		}
	}

	/** Takes in a batch whose first event is `firstSeq`; returns the lane of each event. */
	take(batch: EventBatch, firstSeq: number): Uint16Array {
		const n = batch.length;
		const lanes = new Uint16Array(n).fill(NO_LANE);
		if (n === 0) return lanes;
		const { kind: kinds, gfn: gfns, flags, npages, tsNs } = batch;
		this.#advance(firstSeq === 0 ? (tsNs[0] as number) : null, tsNs[n - 1] as number);
		const counts = new Uint32Array(32);
		let nextSnapshot = Math.ceil(firstSeq / SNAPSHOT_SEQS) * SNAPSHOT_SEQS - firstSeq;
		let slot: MemslotState | null = null;
		let low = 0;
		let high = -1;
		let outside = 0;
		for (let i = 0; i < n; i++) {
			if (i === nextSnapshot) {
				nextSnapshot += SNAPSHOT_SEQS;
				if (this.changes > 0) this.#snapshot(firstSeq + i, tsNs[i] as number);
			}
			const kind = kinds[i] as number;
			counts[kind] = (counts[kind] as number) + 1;
			if (kind < FIRST_ACCESS || kind > LAST_ACCESS) {
				if (!changesState(kind)) continue;
				this.#change(eventAt(batch, i, firstSeq + i));
				high = -1;
				continue;
			}
			const gfn = gfns[i] as number;
			const smm = (flags[i] as number) & FLAG.smm;
			if (gfn < low || gfn >= high || smm) {
				slot = findMemslot(this.state, smm ? 1 : 0, gfn);
				low = slot ? slot.baseGfn : 0;
				high = slot && !smm ? this.#limit(slot) : -1;
			}
			if (!slot) {
				outside++;
				continue;
			}
			lanes[i] = slot.lane;
			const pages = npages[i] as number;
			const inSlot = pages === 1 ? 1 : Math.min(pages, slot.baseGfn + slot.npages - gfn);
			this.heat.add(slot.lane, tsNs[i] as number, kind - FIRST_ACCESS, gfn, inSlot);
		}
		this.summary.outside += outside;
		for (let kind = 0; kind < 32; kind++)
			if (counts[kind])
				this.summary.kinds[kind] = (this.summary.kinds[kind] as number) + (counts[kind] as number);
		this.heat.drain();
		this.state.seq = firstSeq + n;
		this.state.tsNs = tsNs[n - 1] as number;
		return lanes;
	}

	/** End of the slot if no other slot overlaps it, -1 (do not remember) otherwise. */
	#limit(slot: MemslotState): number {
		const end = slot.baseGfn + slot.npages;
		for (const other of this.state.memslots.values())
			if (
				other !== slot &&
				other.asId === slot.asId &&
				other.baseGfn < end &&
				slot.baseGfn < other.baseGfn + other.npages
			)
				return -1;
		return end;
	}

	#advance(startNs: number | null, endNs: number): void {
		if (startNs !== null) this.summary.startNs = startNs;
		this.summary.endNs = endNs;
		this.heat.advance(endNs);
		if (this.heat.finest === this.#dropped) return;
		this.#dropped = this.heat.finest;
		this.#sink.dropTiles(this.#dropped);
	}

	#change(event: NumberedEvent): void {
		this.state.seq = event.seq;
		evolve(this.state, event);
		while (this.heat.laneCount < this.state.lanes.length) {
			const lane = this.state.lanes[this.heat.laneCount];
			if (lane) this.heat.addLane(lane);
			this.summary.laneAccesses.push(0);
		}
		this.#note(event);
		if (++this.changes >= SNAPSHOT_CHANGES) this.#snapshot(event.seq + 1, event.tsNs);
	}

	#note(event: NumberedEvent): void {
		const { summary } = this;
		if (event.kind === 'session') summary.attributes = event.attributes;
		if (event.kind === 'end') summary.ended = true;
		summary.vcpus = this.state.vcpus;
		summary.lanes = this.state.lanes;
		if (event.kind === 'mark' || event.kind === 'loss') this.#moment(event);
		if (event.kind.startsWith('memslot_') || event.kind === 'create_slot') this.#memslots(event);
	}

	#moment(event: NumberedEvent & { kind: 'mark' | 'loss' }): void {
		const loss = event.kind === 'loss';
		if (loss) this.summary.lost = { ...this.state.loss };
		this.#sink.moment({
			seq: event.seq,
			kind: event.kind,
			tsNs: event.tsNs,
			name: loss ? null : event.name,
			startNs: loss ? (event.startNs ?? null) : null,
			count: loss ? (event.count ?? null) : null,
			vcpu: loss ? (event.vcpuId ?? null) : null
		});
	}

	/** Opens and closes rows so that they equal the state's memslots. */
	#memslots(event: NumberedEvent): void {
		for (const [key, row] of this.#rows) {
			const slot = this.state.memslots.get(key);
			if (slot === row.slot && slot.baseGfn === row.base) {
				if (slot.flags !== row.flags) this.#sink.memslotFlags(row.seq, (row.flags = slot.flags));
				continue;
			}
			this.#sink.closeMemslot(row.seq, event.seq, event.tsNs);
			this.#rows.delete(key);
		}
		for (const [key, slot] of this.state.memslots) {
			if (this.#rows.has(key)) continue;
			const { asId, slotId, baseGfn, npages, flags, name, lane } = slot;
			this.#rows.set(key, { seq: event.seq, slot, base: baseGfn, flags });
			this.#sink.openMemslot({
				createdSeq: event.seq,
				createdNs: event.tsNs,
				asId,
				slotId,
				baseGfn,
				npages,
				flags,
				name,
				lane
			});
		}
	}

	#snapshot(seq: number, tsNs: number): void {
		this.state.seq = seq;
		this.state.tsNs = tsNs;
		this.#sink.snapshot(seq, compress(Buffer.from(formatState(this.state)), 3));
		this.changes = 0;
	}
}
