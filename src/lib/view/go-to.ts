import { OUTSIDE_LANE } from '#lib/domain/session-info.ts';
import { hex } from '#lib/domain/units.ts';
import { type Clock, formatInt, formatTime } from './format.ts';
import { type LaneLabel, laneName, laneSlots } from './lane-text.ts';
import { parsePage, parseTimeTarget } from './parse-input.ts';
import type { Position } from './view-state.ts';

/** Where a text leads and what is said of that; `to` is null if it leads nowhere, then `say` tells what to write. */
export interface Goal<T> {
	readonly to: T | null;
	readonly say: string;
}

interface TimeHelp {
	readonly example: string;
	/** What a number means by its unit, or without one. */
	readonly units: string;
	/** What a bare whole number is; `text` is it. */
	readonly bare: (text: string) => string;
}

const HELP: Readonly<Record<Clock, TimeHelp>> = {
	ns: {
		example: '12.5s or 300ms',
		units: 'Units are s, ms, us and ns; without one, 12 is 12 ns and 12.5 is 12.5 s.',
		bare: (text) => ` A whole number counts ns: write ${text}s for seconds.`
	},
	instructions: {
		example: '1.2G or 300k',
		units: 'Units are G, M and k instructions; without one, 12 is 12 instructions and 1.2 is 1.2 G.',
		bare: (text) => ` A whole number counts instructions: write ${text}G for 10⁹ of them.`
	},
	lines: { example: '48211 or 48k', units: 'Times count lines of the source.', bare: () => '' }
};

/** Where "go to a time" leads in a session; a time beyond its end leads to the end. */
export function timeGoal(
	text: string,
	{ clock, endNs, events }: { readonly clock: Clock; readonly endNs: number; readonly events: number }
): Goal<Position> {
	const help = HELP[clock];
	const wish = text.trim();
	const to = wish ? parseTimeTarget(wish) : null;
	if (!to) return { to, say: `Write a time like ${help.example}, or an event like #48211. ${help.units}` };
	if ('seq' in to)
		return to.seq > events
			? { to: null, say: `The session ends at #${formatInt(events)}.` }
			: { to, say: `To the state right before event #${formatInt(to.seq)}.` };
	if (to.tsNs > endNs)
		return { to: { tsNs: endNs }, say: `To the session's end, ${formatTime(endNs, clock)}.` };
	const bare = /^[\d,_\s]+$/.test(wish) ? help.bare(wish) : '';
	return { to, say: `To ${formatTime(to.tsNs, clock)}.${bare}` };
}

/** A page and the lane that shows it. */
export interface PageGoal<L> {
	readonly gfn: number;
	readonly lane: L;
}

/** Where "go to a page" leads: the first of `lanes` that holds the gfn, that outside every memslot if no other does. */
export function pageGoal<L extends LaneLabel>(text: string, lanes: readonly L[]): Goal<PageGoal<L>> {
	const gfn = text.trim() ? parsePage(text) : null;
	if (gfn === null) return { to: null, say: 'Write a gfn like 0x1234, or gpa:0x1234000.' };
	const holding = lanes.filter((each) => gfn >= each.baseGfn && gfn < each.baseGfn + each.npages);
	const lane = holding.find((each) => each.lane !== OUTSIDE_LANE) ?? holding[0];
	if (!lane) return { to: null, say: `No memslot ever held gfn ${hex(gfn)}.` };
	return { to: { gfn, lane }, say: `To gfn ${hex(gfn)} of ${laneName(lane)}, ${laneSlots(lane)}.` };
}
