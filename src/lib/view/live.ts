import { clampRange, type Range, span } from './range.ts';
import type { Position } from './view-state.ts';

/** A window that reached `formerEnd` is moved to the new end, as long as it was; any other stays where it is. */
export const stickToEnd = (window: Range, formerEnd: number, whole: Range): Range =>
	window.to >= formerEnd && whole.to > formerEnd
		? clampRange({ from: whole.to - span(window), to: whole.to }, whole)
		: window;

/** Whether a position is the end of a session. */
export function atEnd(
	at: Position | null,
	{ events, endNs }: { readonly events: number; readonly endNs: number }
): boolean {
	if (!at) return false;
	return 'seq' in at ? at.seq >= events : at.tsNs >= endNs;
}
