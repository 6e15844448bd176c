import { tickStep, ticks } from 'd3';
import { hex } from '#lib/domain/units.ts';
import type { GfnScale } from './gfn-scale.ts';
import { type Clock, formatInt, groupFraction, THIN } from './format.ts';
import { type Range, span } from './range.ts';

export interface Tick {
	readonly value: number;
	readonly label: string;
}

/** Units of an axis by clock, the largest first; what a digit of the smallest stands for is 1. */
const UNITS: Readonly<Record<Clock, readonly (readonly [size: number, name: string])[]>> = {
	ns: [
		[1e9, 's'],
		[1e6, 'ms'],
		[1e3, 'µs'],
		[1, 'ns']
	],
	instructions: [
		[1e9, 'G'],
		[1e6, 'M'],
		[1e3, 'k'],
		[1, '']
	],
	lines: [[1, '']]
};

/**
 * Round times in the range, at most one more than `count`, in the largest unit that the range's end reaches, with just
 * enough digits to tell them apart. Steps are 1, 2 or 5 times a power of ten, never below 1 ns.
 */
export function timeTicks(range: Range, count: number, clock: Clock): Tick[] {
	let wanted = Math.max(1, Math.min(count, span(range)));
	let values = ticks(range.from, range.to, wanted);
	while (values.length > count + 1 && wanted > 1)
		values = ticks(range.from, range.to, (wanted = Math.max(1, wanted - 1)));
	const step = Math.max(1, tickStep(range.from, range.to, wanted));
	const units = UNITS[clock];
	const unit = units.find(([size]) => range.to >= size) ?? units.at(-1) ?? ([1, ''] as const);
	return values
		.filter((value) => Number.isInteger(value))
		.map((value) => ({ value, label: timeLabel(value, step, unit) }));
}

function timeLabel(value: number, step: number, [size, name]: readonly [number, string]): string {
	if (value === 0) return '0';
	const decimals = Math.max(0, Math.ceil(Math.log10(size) - Math.floor(Math.log10(step) + 1e-9)));
	const whole = Math.floor(value / size);
	const digits = String(value - whole * size).padStart(Math.round(Math.log10(size)), '0');
	const fraction = decimals ? `.${groupFraction(digits.slice(0, decimals))}` : '';
	return `${formatInt(whole)}${fraction}${name && THIN + name}`;
}

/** A label with its tick's pixel and the middle of its text, which is moved inwards at the edges. */
export interface PlacedTime extends Tick {
	readonly at: number;
	readonly x: number;
}

/** Width of a character of a label, usual distance of labels, least room between two, and beyond the axis, in pixels. */
const LETTER = 6.4;
const DISTANCE = 80;
const ROOM = 16;
const BEYOND = 8;

/**
 * Ticks of a time axis `width` pixels long, about every 80 pixels; fewer where the labels are long, as far zoomed in,
 * so that none touches another. `sign` stands before each label.
 */
export function placedTimes(range: Range, width: number, clock: Clock, sign = ''): PlacedTime[] {
	for (let count = Math.max(2, Math.floor(width / DISTANCE)); ; count--) {
		const placed = timeTicks(range, count, clock).map(({ value, label }) =>
			placeTick({ value, label: sign + label }, range, width)
		);
		const apart = placed.every((each, i) => {
			const last = placed[i - 1];
			return !last || each.x - halfOf(each) - ROOM >= last.x + halfOf(last);
		});
		if (apart) return placed;
		if (count <= 1) return placed.slice(0, 1);
	}
}

const halfOf = ({ label }: Tick) => (label.length * LETTER) / 2;

/** A tick on an axis `width` pixels long. */
export function placeTick(tick: Tick, range: Range, width: number): PlacedTime {
	const at = ((tick.value - range.from) / span(range)) * width;
	const half = halfOf(tick);
	return { ...tick, at, x: Math.max(half, Math.min(width + BEYOND - half, at)) };
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
