import { interpolateLab, interpolatePuOr, rgb } from 'd3';
import { pixel, type Theme } from './palette.ts';

/**
 * Palette indexes: nothing on both sides, then three ramps: cells that both sides have, from more in A to more in B, and
 * those that A alone or B alone has, from alike on.
 */
export const NOTHING = 0;
const STEPS = 63;
const ALIKE = 64;
const ALONE = { a: 128, b: 192 } as const;

/**
 * Colours of a theme: `less` (more in A), `alike`, `more` (more in B), and `aloneA`, `aloneB` at the ends of the ramps of
 * cells that one side alone has. A ramp goes straight through CIELAB, so equal steps look equal; the further from
 * `alike`, the further from the background in lightness. The ends of a side are equally light: the lightness says the
 * ratio, the hue whether the other side has any. A's are cool, B's warm, and all are told apart without green cones.
 */
const ENDS = {
	light: {
		...{ less: interpolatePuOr(0.17), alike: '#d3d6dc', more: interpolatePuOr(0.86) },
		...{ aloneA: '#037376', aloneB: '#f71d70' }
	},
	dark: {
		...{ less: interpolatePuOr(0.27), alike: '#3c424d', more: interpolatePuOr(0.76) },
		...{ aloneA: '#00b49d', aloneB: '#ff84ae' }
	}
} as const;

/** Colour of a share from -1 (far more in A) over 0 (alike) to 1 (far more in B); `alone`: one side has nothing. */
export function ratioColour(theme: Theme, share: number, alone = false): string {
	const { less, alike, more, aloneA, aloneB } = ENDS[theme];
	const end = share < 0 ? (alone ? aloneA : less) : alone ? aloneB : more;
	return interpolateLab(alike, end)(Math.abs(share));
}

/** The strongest colours of cells with accesses on one side only. */
export const onlyColour = (theme: Theme, side: 'a' | 'b'): string =>
	rgb(ratioColour(theme, side === 'a' ? -1 : 1, true)).formatHex();

const tables = new Map<Theme, Uint32Array>();

/** 256 pixels by palette index. */
export function ratioTable(theme: Theme): Uint32Array {
	const known = tables.get(theme);
	if (known) return known;
	const table = Uint32Array.from({ length: 256 }, (_, i) => {
		if (i === NOTHING) return 0;
		if (i >= ALONE.b) return pixel(ratioColour(theme, (i - ALONE.b) / STEPS, true));
		if (i >= ALONE.a) return pixel(ratioColour(theme, (ALONE.a - i) / STEPS, true));
		return pixel(ratioColour(theme, (i - ALIKE) / STEPS));
	});
	tables.set(theme, table);
	return table;
}

/** 17 colours of a ramp at equal distances, from more in A to more in B; `alone`: of cells that one side has. */
export const ratioStops = (theme: Theme, alone = false): string[] =>
	Array.from({ length: 17 }, (_, i) => rgb(ratioColour(theme, i / 8 - 1, alone)).formatHex());

/** Such a ramp as a CSS gradient. */
export const ratioGradient = (theme: Theme, alone = false): string =>
	`linear-gradient(to right, ${ratioStops(theme, alone).join(', ')})`;

/** What both sides have in cells that lie on each other. */
export interface RatioCells {
	readonly a: { readonly cells: ArrayLike<number> };
	readonly b: { readonly cells: ArrayLike<number> };
	readonly logRatio: ArrayLike<number>;
}

/** Columns of a grid, and how many of them, from the first, both windows have. */
export interface RatioColumns {
	readonly columns: number;
	readonly of: number;
}

/** The log ratio at the ramps' ends: the largest of the cells that are compared, rounded up; at least 1. */
export function ratioLimit(grids: Iterable<readonly [RatioCells, RatioColumns]>): number {
	let most = 1;
	for (const [{ logRatio }, { columns, of }] of grids)
		for (let i = 0; i < logRatio.length; i++)
			if (i % of < columns) most = Math.max(most, Math.abs(logRatio[i] ?? 0));
	return Math.ceil(most);
}

/**
 * Palette index of each cell; `limit` as `ratioLimit` gives it. Columns from `shared.columns` on, where one side's window
 * has ended, have nothing to compare.
 */
export function ratioIndexes(
	{ a, b, logRatio }: RatioCells,
	limit: number,
	{ columns, of }: RatioColumns
): Uint8Array {
	return Uint8Array.from({ length: logRatio.length }, (_, i) => {
		const [inA, inB] = [a.cells[i] ?? 0, b.cells[i] ?? 0];
		if (i % of >= columns || (!inA && !inB)) return NOTHING;
		const share = Math.max(-1, Math.min(1, (logRatio[i] ?? 0) / limit));
		if (!inA || !inB) return ALONE[inA ? 'a' : 'b'] + Math.round(Math.abs(share) * STEPS);
		return ALIKE + Math.round(share * STEPS);
	});
}
