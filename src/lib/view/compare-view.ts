import type { Normalise } from '#lib/api/compare-types.ts';
import { type Mode, MODES } from '#lib/domain/kinds.ts';
import { hex } from '#lib/domain/units.ts';
import { COLOUR_SCALES, type ColourScale } from './colour-scale.ts';
import { modesText, parseModes } from './mode-choice.ts';
import { parseRange, parseWhole } from './parse-input.ts';
import type { Range } from './range.ts';
import { DEFAULT_VIEW, formatView } from './view-state.ts';

/** A side of the comparison. */
export type SideName = 'a' | 'b';
export const SIDES: readonly SideName[] = ['a', 'b'];

/** A session and a window of it; null for the whole session, and for no session yet. */
export interface SideView {
	readonly id: string | null;
	readonly time: Range | null;
}

/** `sides`: both heat maps; `ratio`: the log-ratio map; `all`: one below the other. */
export const MAPS = ['all', 'sides', 'ratio'] as const;
/** `time`: columns of one length; `fraction`: each window is stretched over the whole width. */
export const ALIGNMENTS = ['time', 'fraction'] as const;
export const MOVER_ORDERS = ['change', 'ratio', 'a', 'b', 'gfn'] as const;
export type MoverOrder = (typeof MOVER_ORDERS)[number];
export const MOVER_SIDES = ['any', 'a', 'b'] as const;
/** Numbers of pages that the table of movers may have. */
export const MOVER_LIMITS = [25, 100, 500] as const;

/** Everything the compare page's address says. */
export interface CompareView {
	readonly a: SideView;
	readonly b: SideView;
	readonly modes: readonly Mode[];
	readonly maps: (typeof MAPS)[number];
	readonly align: (typeof ALIGNMENTS)[number];
	readonly normalise: Normalise;
	readonly scale: ColourScale;
	/** Pairs of lanes whose gfns are zoomed, by pair. */
	readonly gfns: Readonly<Record<number, Range>>;
	/** Pairs that are opened or closed against the rule. */
	readonly turned: readonly number[];
	readonly order: MoverOrder;
	readonly more: (typeof MOVER_SIDES)[number];
	readonly limit: number;
	/** Page marked in the maps. */
	readonly page: number | null;
}

export const DEFAULT_COMPARE: CompareView = {
	a: { id: null, time: null },
	b: { id: null, time: null },
	modes: MODES,
	maps: 'all',
	align: 'time',
	normalise: 'none',
	scale: 'log',
	gfns: {},
	turned: [],
	order: 'change',
	more: 'any',
	limit: MOVER_LIMITS[0],
	page: null
};

const oneOf = <T>(text: string | null, allowed: readonly T[], fallback: T): T =>
	allowed.find((each) => String(each) === text) ?? fallback;

const parseSide = (params: URLSearchParams, side: SideName): SideView => ({
	id: params.get(side) || null,
	time: parseRange(params.get(`${side}Time`) ?? '', parseWhole)
});

/** `0:0x100..0x200` by pair. */
function parseGfns(text: string): Record<number, Range> {
	const gfns: Record<number, Range> = {};
	for (const part of text.split(',')) {
		const [name = '', range = ''] = part.split(':');
		const pair = parseWhole(name);
		const found = parseRange(range, parseWhole);
		if (pair !== null && found) gfns[pair] = found;
	}
	return gfns;
}

/** Reads an address's query; whatever is missing or malformed takes its default. */
export function parseCompare(params: URLSearchParams): CompareView {
	return {
		a: parseSide(params, 'a'),
		b: parseSide(params, 'b'),
		modes: parseModes(params.get('modes')),
		maps: oneOf(params.get('maps'), MAPS, DEFAULT_COMPARE.maps),
		align: oneOf(params.get('align'), ALIGNMENTS, DEFAULT_COMPARE.align),
		normalise: params.get('per') === 'time' ? 'time' : 'none',
		scale: oneOf(params.get('colour'), COLOUR_SCALES, DEFAULT_COMPARE.scale),
		gfns: parseGfns(params.get('gfn') ?? ''),
		turned: (params.get('turned') ?? '')
			.split(',')
			.map((pair) => parseWhole(pair))
			.filter((pair) => pair !== null),
		order: oneOf(params.get('order'), MOVER_ORDERS, DEFAULT_COMPARE.order),
		more: oneOf(params.get('more'), MOVER_SIDES, DEFAULT_COMPARE.more),
		limit: oneOf<number>(params.get('limit'), MOVER_LIMITS, DEFAULT_COMPARE.limit),
		page: parseWhole(params.get('page') ?? '', 2 ** 40)
	};
}

/** The query (with `?`, or empty) that `parseCompare` reads back; defaults are left out. */
export function formatCompare(view: CompareView): string {
	const params: [string, string][] = [];
	const add = (name: string, value: string | number | null, usual: string | number | null = null) => {
		if (value !== null && value !== usual) params.push([name, String(value)]);
	};
	for (const side of SIDES) {
		const { id, time } = view[side];
		add(side, id);
		add(`${side}Time`, time && `${time.from}..${time.to}`);
	}
	add('modes', modesText(view.modes));
	add('maps', view.maps, DEFAULT_COMPARE.maps);
	add('align', view.align, DEFAULT_COMPARE.align);
	add('per', view.normalise, DEFAULT_COMPARE.normalise);
	add('colour', view.scale, DEFAULT_COMPARE.scale);
	const gfns = Object.entries(view.gfns).map(([pair, { from, to }]) => `${pair}:${hex(from)}..${hex(to)}`);
	add('gfn', gfns.join(',') || null);
	add('turned', view.turned.join(',') || null);
	add('order', view.order, DEFAULT_COMPARE.order);
	add('more', view.more, DEFAULT_COMPARE.more);
	add('limit', view.limit, DEFAULT_COMPARE.limit);
	add('page', view.page === null ? null : hex(view.page));
	const text = params.map(([name, value]) => `${name}=${readable(value)}`).join('&');
	return text && `?${text}`;
}

/** The view with A and B in each other's place; pairs of lanes may number differently then, so their zoom goes. */
export const swapped = (view: CompareView): CompareView => ({
	...view,
	...{ a: view.b, b: view.a, gfns: {}, turned: [] },
	more: view.more === 'a' ? 'b' : view.more === 'b' ? 'a' : 'any',
	order: view.order === 'a' ? 'b' : view.order === 'b' ? 'a' : view.order
});

/** The session page's query for a window, and a page or some gfns of a lane in it. */
export function sessionQuery(
	time: Range | null,
	place: {
		readonly page?: number;
		readonly lane?: number;
		readonly gfns?: Range;
		readonly tsNs?: number;
	} = {}
): string {
	const { page = null, lane, gfns, tsNs } = place;
	return formatView({
		...DEFAULT_VIEW,
		time,
		page,
		tab: page === null ? 'state' : 'page',
		at: tsNs === undefined ? null : { tsNs },
		gfns: lane === undefined || !gfns ? {} : { [lane]: gfns }
	});
}

/** Escapes what a query must, but leaves `:` and `,` as they are. */
const readable = (value: string) => encodeURIComponent(value).replace(/%3A/g, ':').replace(/%2C/g, ',');
