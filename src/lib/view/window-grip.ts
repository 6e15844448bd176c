import type { Range } from './range.ts';

/** What the pointer took hold of in an overview, where (pixels), and the window at that moment. */
export interface WindowGrip {
	/** A new window, the whole of the present one, or one of its edges. */
	readonly kind: 'new' | 'move' | 'from' | 'to';
	readonly x: number;
	readonly time: Range;
}

/** Pixels to both sides of an edge that still take hold of it. */
const NEAR = 6;
/** A pointer that moves by less is a click. */
const LEAST_MOVE = 3;

/** What lies under pixel `x` of a window drawn from `left` to `right`. */
export function gripKind(x: number, left: number, right: number): WindowGrip['kind'] {
	if (Math.abs(x - left) < NEAR) return 'from';
	if (Math.abs(x - right) < NEAR) return 'to';
	return x > left && x < right ? 'move' : 'new';
}

export const isClick = (grip: WindowGrip, x: number): boolean => Math.abs(x - grip.x) < LEAST_MOVE;

/** The window that a grip dragged to pixel `x` asks for, not clamped; `timeAt` tells the time of a pixel. */
export function dragged(grip: WindowGrip, x: number, timeAt: (pixel: number) => number): Range {
	const { kind, time } = grip;
	if (kind === 'move') {
		const delta = timeAt(x) - timeAt(grip.x);
		return { from: time.from + delta, to: time.to + delta };
	}
	const here = Math.round(timeAt(x));
	const other = kind === 'from' ? time.to : kind === 'to' ? time.from : Math.round(timeAt(grip.x));
	return { from: Math.min(here, other), to: Math.max(here, other) };
}
