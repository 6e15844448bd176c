import { FLAG, type EventBatch } from '#lib/domain/batch.ts';
import { ACCESS_KINDS } from '#lib/domain/kinds.ts';
import type { Segment } from '../store.ts';

/** Zone map of a batch: ranges of time and gfn, kinds and lanes that occur. */
export function zoneOf(batch: EventBatch, lane: Uint16Array): Omit<Segment, 'id' | 'firstSeq' | 'count'> {
	let kinds = 0;
	let lanes = 0;
	let minGfn = Infinity;
	let maxGfn = -1;
	for (let i = 0; i < batch.length; i++) {
		const kind = batch.kind[i] as number;
		kinds |= 1 << kind;
		if ((ACCESS_KINDS >>> kind) & 1) lanes |= 1 << ((lane[i] as number) % 32);
		if (!((batch.flags[i] as number) & FLAG.place)) continue;
		const gfn = batch.gfn[i] as number;
		const last = gfn + (batch.npages[i] as number) - 1;
		if (gfn < minGfn) minGfn = gfn;
		if (last > maxGfn) maxGfn = last;
	}
	return {
		kinds,
		lanes: lanes >>> 0,
		minGfn: maxGfn < 0 ? 0 : minGfn,
		maxGfn,
		minNs: batch.tsNs[0] ?? 0,
		maxNs: batch.tsNs[batch.length - 1] ?? 0
	};
}
