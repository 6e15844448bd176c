import { disallowLpage } from '../lpage.ts';
import { gfnToIndex } from '../levels.ts';
import type { Kvm } from '../kvm.ts';
import { slotHolds, trackCount } from '../memslot.ts';
import { spteHex, type Spte } from '../spte.ts';
import type { HostTaps } from '../taps.ts';
import type { Json, JsonObject } from './vector.ts';

/** Collects what one operation does, in the shape of a sequence's `out`. */
export class Observer {
	readonly taps: HostTaps;
	#events: JsonObject[] = [];
	#changed = new Map<Spte, { lo: number; hi: number }>();

	constructor() {
		const push = (event: JsonObject) => void this.#events.push(event);
		this.taps = {
			warn: (why) => push({ e: 'warn', why }),
			lpageChanged: (slot, gfn, delta) => push({ e: 'lpage', slot: slot.id, gfn, delta }),
			spteProtect: (kind, slot, gfn, ret) => push({ e: 'protect', kind, slot: slot.id, gfn, ret }),
			tlbFlush: () => push({ e: 'flush' }),
			tlbRequest: (vcpu) => push({ e: 'tlb_request', vcpu: vcpu.vcpuId }),
			unsync: (page) => push({ e: 'unsync', gfn: page.gfn }),
			shadowUnaccounted: ({ gfn, level, smm }, _slot, zap) => {
				if (zap) push({ e: 'unaccount', gfn, level, smm: smm ? 1 : 0 });
			},
			memslotPublished: (change) => push({ e: 'commit', change }),
			spteChanged: (spte, lo, hi) => {
				if (!this.#changed.has(spte)) this.#changed.set(spte, { lo, hi });
			}
		};
	}

	/** Adds an event; callbacks report themselves. */
	push(event: JsonObject): void {
		this.#events.push(event);
	}

	/** Forgets the former operation. */
	begin(): void {
		this.#events = [];
		this.#changed.clear();
	}

	get events(): readonly JsonObject[] {
		return this.#events;
	}

	/** Gfns named by events. */
	gfns(): number[] {
		return this.#events.flatMap(({ gfn }) => (typeof gfn === 'number' ? [gfn] : []));
	}

	/** `[as_id, level, gfn, old, new]` of every entry that differs from before the operation. */
	changedSptes(): Json[] {
		const rows: Json[] = [];
		for (const [spte, { lo, hi }] of this.#changed)
			if (spte.lo !== lo || spte.hi !== hi)
				rows.push([spte.asId, spte.level, spte.gfn, spteHex(lo, hi), spteHex(spte.lo, spte.hi)]);
		return rows;
	}
}

/** Counters `[as_id, slot, gfn, …]` and counts `[as_id, slot, level, index, disallow]` of some gfns, in all slots. */
export function pageState(kvm: Kvm, gfns: readonly number[]): { track: Json[]; lpage: Json[] } {
	const track = new Map<string, Json>();
	const lpage = new Map<string, Json>();
	const put = (rows: Map<string, Json>, row: number[], key: number) =>
		rows.set(row.slice(0, key).join(), row);
	for (const gfn of gfns)
		for (const slot of kvm.memslots.flatMap((space) => space.all())) {
			if (!slotHolds(slot, gfn)) continue;
			const { asId, id, baseGfn } = slot;
			put(track, [asId, id, gfn, ...[0, 1, 2, 3].map((mode) => trackCount(slot, mode, gfn))], 3);
			for (const level of [2, 3])
				put(lpage, [asId, id, level, gfnToIndex(gfn, baseGfn, level), disallowLpage(slot, level, gfn)], 4);
		}
	return { track: [...track.values()], lpage: [...lpage.values()] };
}
