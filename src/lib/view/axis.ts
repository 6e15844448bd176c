import { tickStep, ticks } from 'd3';
import { hex } from '#lib/domain/units.ts';
import type { GfnScale } from './gfn-scale.ts';
import { type Clock, formatPoint, THIN } from './format.ts';
import { type Range, span } from './range.ts';

export interface Tick {
	readonly value: number;
	readonly label: string;
}

/** Decimals of a second that tell ticks of this step apart. */
const decimalsFor = (step: number): number =>
	Math.max(0, Math.min(9, 9 - Math.floor(Math.log10(step) + 1e-9)));

/**
 * Round times in the range, at most about `count`, with just enough digits to tell them apart. Steps are
 * 1, 2 or 5 times a power of ten, never below 1 ns.
 */
export function timeTicks(range: Range, count: number, clock: Clock): Tick[] {
	const wanted = Math.max(1, Math.min(count, span(range)));
	const step = Math.max(1, tickStep(range.from, range.to, wanted));
	const decimals = decimalsFor(step);
	return ticks(range.from, range.to, wanted)
		.filter((value) => Number.isInteger(value))
		.map((value) => ({ value, label: timeLabel(value, decimals, clock) }));
}

function timeLabel(value: number, decimals: number, clock: Clock): string {
	if (value === 0) return '0';
	return `${formatPoint(value, decimals)}${THIN}${clock === 'ns' ? 's' : 'G'}`;
}

/**
 * Gfns in the range at multiples of a power of two, at most `count`, ascending; always the lowest gfn. Labels
 * are hex.
 */
export function gfnTicks(range: Range, count: number): Tick[] {
	let step = 1;
	while (span(range) / step > Math.max(1, count)) step *= 2;
	const values = [range.from];
	for (let at = Math.ceil((range.from + 1) / step) * step; at < range.to; at += step)
		if (at - range.from >= step * 0.6) values.push(at);
	return values.map((value) => ({ value, label: hex(value) }));
}

/** Least distance between two labels of a lane's axis, in pixels. */
const LABEL_HEIGHT = 11;

/** A gfn label with its pixel. */
export interface PlacedGfn extends Tick {
	readonly at: number;
}

/**
 * Labels of a lane's axis about every `distance` pixels: in each stretch that is shown its lowest gfn and round ones;
 * none within a fold, and none that would touch another. From the lowest gfn to the highest.
 */
export function laneTicks(scale: GfnScale, distance: number): PlacedGfn[] {
	const placed: PlacedGfn[] = [];
	for (const { gfns, height, folded } of scale.pieces) {
		if (folded) continue;
		for (const tick of gfnTicks(gfns, Math.max(1, height / distance))) {
			const at = scale.at(tick.value);
			const last = placed.at(-1);
			if (!last || last.at - at >= LABEL_HEIGHT) placed.push({ ...tick, at });
		}
	}
	return placed;
}
