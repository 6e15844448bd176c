import { interpolateLab, interpolatePuOr, rgb } from 'd3';
import { pixel, type Theme } from './palette.ts';

/** Palette indexes: nothing on both sides, accesses on one side only, and the first and last of the ramp. */
export const NOTHING = 0;
export const ONLY_A = 1;
export const ONLY_B = 2;
const FIRST = 3;
const LAST = 255;
const MIDDLE = (FIRST + LAST) / 2;

/**
 * Colours of a theme: `less` (more in A), `alike`, `more` (more in B), and those of cells that one side alone has. The
 * ends are d3's purple and orange, which colour-blind people tell apart; a ramp goes straight through CIELAB, so equal
 * steps look equal. The further from `alike`, the further from the background in lightness, one side alone furthest.
 */
const ENDS = {
	light: {
		...{ less: interpolatePuOr(0.17), alike: '#d3d6dc', more: interpolatePuOr(0.86) },
		...{ onlyA: interpolatePuOr(0), onlyB: interpolatePuOr(1) }
	},
	dark: {
		...{ less: interpolatePuOr(0.27), alike: '#3c424d', more: interpolatePuOr(0.76) },
		...{ onlyA: interpolatePuOr(0.38), onlyB: interpolatePuOr(0.62) }
	}
} as const;

/** Colour of a share from -1 (far more in A) over 0 (alike) to 1 (far more in B). */
export function ratioColour(theme: Theme, share: number): string {
	const { less, alike, more } = ENDS[theme];
	return interpolateLab(alike, share < 0 ? less : more)(Math.abs(share));
}

/** Colours of cells with accesses on one side only. */
export const onlyColour = (theme: Theme, side: 'a' | 'b'): string =>
	rgb(ENDS[theme][side === 'a' ? 'onlyA' : 'onlyB']).formatHex();

const tables = new Map<Theme, Uint32Array>();

/** 256 pixels by palette index. */
export function ratioTable(theme: Theme): Uint32Array {
	const known = tables.get(theme);
	if (known) return known;
	const table = Uint32Array.from({ length: 256 }, (_, i) => {
		if (i === NOTHING) return 0;
		if (i === ONLY_A || i === ONLY_B) return pixel(onlyColour(theme, i === ONLY_A ? 'a' : 'b'));
		return pixel(ratioColour(theme, (i - MIDDLE) / (LAST - MIDDLE)));
	});
	tables.set(theme, table);
	return table;
}

/** 17 colours of the ramp at equal distances, from more in A to more in B. */
export const ratioStops = (theme: Theme): string[] =>
	Array.from({ length: 17 }, (_, i) => rgb(ratioColour(theme, i / 8 - 1)).formatHex());

/** The ramp as a CSS gradient. */
export const ratioGradient = (theme: Theme): string =>
	`linear-gradient(to right, ${ratioStops(theme).join(', ')})`;

/** What both sides have in cells that lie on each other. */
export interface RatioCells {
	readonly a: { readonly cells: ArrayLike<number> };
	readonly b: { readonly cells: ArrayLike<number> };
	readonly logRatio: ArrayLike<number>;
}

/** The log ratio at the ramp's ends: the largest of cells that both sides have, rounded up; at least 1. */
export function ratioLimit(grids: Iterable<RatioCells>): number {
	let most = 1;
	for (const { a, b, logRatio } of grids)
		for (let i = 0; i < logRatio.length; i++)
			if (a.cells[i] && b.cells[i]) most = Math.max(most, Math.abs(logRatio[i] ?? 0));
	return Math.ceil(most);
}

/**
 * Palette index of each cell; `limit` as `ratioLimit` gives it. Columns from `shared.columns` on, where one side's window
 * has ended, have nothing to compare.
 */
export function ratioIndexes(
	{ a, b, logRatio }: RatioCells,
	limit: number,
	{ columns, of }: { readonly columns: number; readonly of: number }
): Uint8Array {
	return Uint8Array.from({ length: logRatio.length }, (_, i) => {
		if (i % of >= columns) return NOTHING;
		const [inA, inB] = [a.cells[i] ?? 0, b.cells[i] ?? 0];
		if (!inA || !inB) return inA ? ONLY_A : inB ? ONLY_B : NOTHING;
		const share = Math.max(-1, Math.min(1, (logRatio[i] ?? 0) / limit));
		return Math.round(MIDDLE + share * (LAST - MIDDLE));
	});
}
