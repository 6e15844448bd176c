import { type KindGroup, KIND_GROUPS, kindGroup } from './kind-text.ts';

/** A timeline's series as the API gives them. */
export interface Series {
	readonly key: string;
	readonly counts: readonly number[];
}

/** One layer of a stacked histogram: `base` and `top` by column. */
export interface Layer {
	readonly group: KindGroup;
	readonly base: Float64Array;
	readonly top: Float64Array;
	readonly total: number;
}

/** The series added up by group and stacked in the groups' order; groups without events are left out. */
export function stackSeries(series: readonly Series[], columns: number): Layer[] {
	let floor = new Float64Array(columns);
	const layers: Layer[] = [];
	for (const group of KIND_GROUPS) {
		const top = Float64Array.from(floor);
		let total = 0;
		for (const { key, counts } of series) {
			if (kindGroup(key) !== group) continue;
			for (let i = 0; i < columns; i++) {
				top[i] = (top[i] ?? 0) + (counts[i] ?? 0);
				total += counts[i] ?? 0;
			}
		}
		if (!total) continue;
		layers.push({ group, base: floor, top, total });
		floor = top;
	}
	return layers;
}

/**
 * An SVG path of a layer as steps; `x(i)` is the left edge of column `i` and `y(count)` the height. Columns where
 * the layer has nothing are left out.
 */
export function layerPath(layer: Layer, x: (column: number) => number, y: (count: number) => number): string {
	const parts: string[] = [];
	const { base, top } = layer;
	for (let i = 0; i < top.length; i++) {
		const low = base[i] ?? 0;
		const high = top[i] ?? 0;
		if (high <= low) continue;
		const left = x(i).toFixed(2);
		const right = x(i + 1).toFixed(2);
		parts.push(`M${left} ${y(low).toFixed(2)}V${y(high).toFixed(2)}H${right}V${y(low).toFixed(2)}Z`);
	}
	return parts.join('');
}

/** The largest stacked count, at least 1. */
export const highest = (layers: readonly Layer[]): number => Math.max(1, ...(layers.at(-1)?.top ?? []));

/**
 * Where a count is in a box `height` pixels tall, from its top; the largest leaves `room` free. By the square root: a
 * quiet phase stays visible beside a storm.
 */
export const rootScale =
	(most: number, height: number, room: number) =>
	(count: number): number =>
		height - Math.sqrt(count / most) * (height - room);
