import type { LaneInfo } from './session-info.ts';

/** Lanes of the same address space that begin at the same gfn; null where a session has none. */
export interface LanePair {
	readonly pair: number;
	readonly asId: number;
	readonly baseGfn: number;
	/** The larger of both. */
	readonly npages: number;
	readonly a: number | null;
	readonly b: number | null;
	readonly names: readonly string[];
}

type Sides = { readonly lanes: readonly LaneInfo[] };

/** Pairs lanes of the same address space and base: those of equal size first, then in order; the rest stay alone. */
export function lanePairs(a: Sides, b: Sides): LanePair[] {
	const left = [...b.lanes];
	const take = (wanted: (lane: LaneInfo) => boolean): LaneInfo | undefined => {
		const at = left.findIndex(wanted);
		return at < 0 ? undefined : left.splice(at, 1)[0];
	};
	const begins = (lane: LaneInfo) => (other: LaneInfo) =>
		other.asId === lane.asId && other.baseGfn === lane.baseGfn;
	const found = new Map<LaneInfo, LaneInfo>();
	for (const exact of [true, false])
		for (const lane of a.lanes) {
			if (found.has(lane)) continue;
			const other = take((each) => begins(lane)(each) && (!exact || each.npages === lane.npages));
			if (other) found.set(lane, other);
		}
	const pairs: [LaneInfo | undefined, LaneInfo | undefined][] = [
		...a.lanes.map((lane): [LaneInfo, LaneInfo | undefined] => [lane, found.get(lane)]),
		...left.map((lane): [undefined, LaneInfo] => [undefined, lane])
	];
	return pairs
		.map(([own, other]) => {
			const lane = (own ?? other) as LaneInfo; // one of them is there
			return {
				asId: lane.asId,
				baseGfn: lane.baseGfn,
				npages: Math.max(own?.npages ?? 0, other?.npages ?? 0),
				a: own?.lane ?? null,
				b: other?.lane ?? null,
				names: [...new Set([...(own?.names ?? []), ...(other?.names ?? [])])]
			};
		})
		.sort((x, y) => x.asId - y.asId || x.baseGfn - y.baseGfn || x.npages - y.npages)
		.map((each, pair) => ({ pair, ...each }));
}
