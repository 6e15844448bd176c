/** What the layout needs to know of a lane. */
export interface LaneSize {
	readonly lane: number;
	readonly npages: number;
	readonly accesses: number;
}

/** Heights in pixels: the least of a lane, and how much a page may get. */
export const LEAST_HEIGHT = 24;
const PAGE_HEIGHT = 6;
/** A lane with no more than this share of all accesses stays at its least height. */
export const QUIET_SHARE = 0.001;

/** Taller the more pages a lane has, or all alike. */
export const LANE_HEIGHTS = ['proportional', 'equal'] as const;
export type LaneHeights = (typeof LANE_HEIGHTS)[number];

/**
 * Heights of the lanes in the given order, filling `height` if that is possible. Each lane gets its least; what is
 * left is shared among the busy ones by the square root of their pages, so that main memory gets most and small
 * slots stay readable; no page gets more than 6 pixels unless nobody else wants the room. `equal` gives each lane the
 * same, but never less than its least.
 */
export function laneHeights(
	lanes: readonly LaneSize[],
	height: number,
	how: LaneHeights = 'proportional'
): number[] {
	if (how === 'equal') return lanes.map(() => Math.max(LEAST_HEIGHT, Math.floor(height / lanes.length)));
	const total = lanes.reduce((sum, lane) => sum + lane.accesses, 0);
	const heights = lanes.map((): number => LEAST_HEIGHT);
	const wants = lanes.map((lane) =>
		lane.accesses > total * QUIET_SHARE
			? { weight: Math.sqrt(lane.npages), most: Math.max(LEAST_HEIGHT, lane.npages * PAGE_HEIGHT) }
			: { weight: 0, most: 0 }
	);
	let free = height - heights.reduce((sum, one) => sum + one, 0);
	// lanes that reach their most give the rest back to the others
	for (let round = 0; round < lanes.length && free > 1; round++) {
		const open = wants.map((want, i) => (want.weight > 0 && (heights[i] ?? 0) < want.most ? want.weight : 0));
		const sum = open.reduce((a, b) => a + b, 0);
		if (sum === 0) break;
		let given = 0;
		open.forEach((weight, i) => {
			const now = heights[i] ?? 0;
			const more = Math.min((free * weight) / sum, (wants[i]?.most ?? 0) - now);
			if (weight > 0) heights[i] = now + more;
			if (weight > 0) given += more;
		});
		free -= given;
	}
	return heights.map(Math.floor);
}

/** Lanes from the highest guest address to the lowest, as on the axis of a heat map; equal bases by length. */
export const lanesDownwards = <L extends { asId: number; baseGfn: number; npages: number }>(
	lanes: readonly L[]
): L[] => [...lanes].sort((a, b) => a.asId - b.asId || b.baseGfn - a.baseGfn || b.npages - a.npages);
