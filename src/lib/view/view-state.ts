import { type Mode, MODES } from '#lib/domain/kinds.ts';
import type { EventColumn } from '#lib/domain/event-columns.ts';
import { hex } from '#lib/domain/units.ts';
import { type AnalysisView, analysisParams, DEFAULT_ANALYSIS, parseAnalysis } from './analysis-view.ts';
import { CELL_VALUES, type CellValue } from './cell-values.ts';
import { COLOUR_SCALES, type ColourScale } from './colour-scale.ts';
import { LANE_HEIGHTS, type LaneHeights } from './lane-layout.ts';
import { modesText, parseModes } from './mode-choice.ts';
import { parseRange, parseWhole } from './parse-input.ts';
import type { Range } from './range.ts';
import { DEFAULT_COLUMNS, parseColumns } from './table-columns.ts';

/** A position: an event (the state right before it) or a time (right after all events up to it). */
export type Position = { readonly seq: number } | { readonly tsNs: number };
export const TABS = ['state', 'event', 'page', 'analyses', 'notes'] as const;
export type Tab = (typeof TABS)[number];

/** A rectangle drawn in a lane: the events inside are what the table lists. */
export interface Brush {
	readonly lane: number;
	readonly time: Range;
	readonly gfns: Range;
}

/** Everything a session page's address says. */
export interface ViewState {
	/** Null shows the whole session. */
	readonly time: Range | null;
	/** Lanes whose gfns are zoomed, by lane. */
	readonly gfns: Readonly<Record<number, Range>>;
	readonly modes: readonly Mode[];
	readonly value: CellValue;
	readonly scale: ColourScale;
	/** Null: the session's beginning. */
	readonly at: Position | null;
	/** Selected page. */
	readonly page: number | null;
	readonly tab: Tab;
	readonly analysis: AnalysisView;
	readonly filter: string;
	/** Whether lanes and overview show only what the filter matches. */
	readonly filterLanes: boolean;
	readonly brush: Brush | null;
	/** Position whose tracking state the state panel compares with. */
	readonly pin: number | null;
	/** The note that is pointed out. */
	readonly note: string | null;
	/** Lanes that are opened or closed against the rule (lanes without accesses are closed). */
	readonly turned: readonly number[];
	readonly table: boolean;
	/** Whether long stretches of unused gfns are folded. */
	readonly fold: boolean;
	readonly heights: LaneHeights;
	/** Columns of the event table, in its order. */
	readonly columns: readonly EventColumn[];
	/** Events `[from, to)` chosen in the event table. */
	readonly rows: Range | null;
}

export const DEFAULT_VIEW: ViewState = {
	time: null,
	gfns: {},
	modes: MODES,
	value: 'sum',
	scale: 'log',
	at: null,
	page: null,
	tab: 'state',
	analysis: DEFAULT_ANALYSIS,
	filter: '',
	filterLanes: false,
	brush: null,
	pin: null,
	note: null,
	turned: [],
	table: true,
	fold: true,
	heights: 'proportional',
	columns: DEFAULT_COLUMNS,
	rows: null
};

const oneOf = <T extends string>(text: string | null, allowed: readonly T[], fallback: T): T =>
	allowed.find((each) => each === text) ?? fallback;

function parseAt(params: URLSearchParams): Position | null {
	const seq = parseWhole(params.get('seq') ?? '');
	if (seq !== null) return { seq };
	const tsNs = parseWhole(params.get('t') ?? '');
	return tsNs === null ? null : { tsNs };
}

/** `3:0x100..0x200,0:0x0..0x10` by lane. */
function parseGfns(text: string): Record<number, Range> {
	const gfns: Record<number, Range> = {};
	for (const part of text.split(',')) {
		const [name = '', range = ''] = part.split(':');
		const lane = parseWhole(name);
		const found = parseRange(range, parseWhole);
		if (lane !== null && found) gfns[lane] = found;
	}
	return gfns;
}

/** `3:1000..2000:0x100..0x200`: lane, time, gfns. */
function parseBrush(text: string): Brush | null {
	const [name = '', times = '', pages = ''] = text.split(':');
	const lane = parseWhole(name);
	const time = parseRange(times, parseWhole);
	const gfns = parseRange(pages, parseWhole);
	return lane !== null && time && gfns ? { lane, time, gfns } : null;
}

/** Reads an address's query; whatever is missing or malformed takes its default. */
export function parseView(params: URLSearchParams): ViewState {
	return {
		time: parseRange(params.get('time') ?? '', parseWhole),
		gfns: parseGfns(params.get('gfn') ?? ''),
		modes: parseModes(params.get('modes')),
		value: oneOf(params.get('value'), CELL_VALUES, DEFAULT_VIEW.value),
		scale: oneOf(params.get('colour'), COLOUR_SCALES, DEFAULT_VIEW.scale),
		at: parseAt(params),
		page: parseWhole(params.get('page') ?? '', 2 ** 40),
		tab: oneOf(params.get('tab'), TABS, DEFAULT_VIEW.tab),
		analysis: parseAnalysis(params),
		filter: params.get('filter') ?? '',
		filterLanes: params.get('lanes') === 'filtered',
		brush: parseBrush(params.get('brush') ?? ''),
		pin: parseWhole(params.get('pin') ?? ''),
		note: params.get('note') || null,
		turned: (params.get('turned') ?? '')
			.split(',')
			.map((lane) => parseWhole(lane))
			.filter((lane) => lane !== null),
		table: params.get('table') !== '0',
		fold: params.get('fold') !== '0',
		heights: oneOf(params.get('heights'), LANE_HEIGHTS, DEFAULT_VIEW.heights),
		columns: parseColumns(params.get('columns')) ?? DEFAULT_COLUMNS,
		rows: parseRange(params.get('rows') ?? '', parseWhole)
	};
}

/** Reads what follows the `?` of an address. */
export const parseQuery = (query: string): ViewState => parseView(new URLSearchParams(query));

/** The query (with `?`, or empty) that `parseView` reads back; defaults are left out. */
export function formatView(view: ViewState): string {
	const params: [string, string][] = [];
	const add = (name: string, value: string | null) => {
		if (value !== null) params.push([name, value]);
	};
	add('time', view.time && `${view.time.from}..${view.time.to}`);
	const gfns = Object.entries(view.gfns).map(([lane, { from, to }]) => `${lane}:${hex(from)}..${hex(to)}`);
	add('gfn', gfns.length ? gfns.join(',') : null);
	add('modes', modesText(view.modes));
	add('value', view.value === DEFAULT_VIEW.value ? null : view.value);
	add('colour', view.scale === DEFAULT_VIEW.scale ? null : view.scale);
	if (view.at) add(...positionParam(view.at));
	add('page', view.page === null ? null : hex(view.page));
	add('tab', view.tab === DEFAULT_VIEW.tab ? null : view.tab);
	for (const [name, value] of analysisParams(view.analysis)) add(name, value);
	add('filter', view.filter || null);
	add('lanes', view.filterLanes ? 'filtered' : null);
	if (view.brush) {
		const { lane, time, gfns: pages } = view.brush;
		add('brush', `${lane}:${time.from}..${time.to}:${hex(pages.from)}..${hex(pages.to)}`);
	}
	add('pin', view.pin === null ? null : String(view.pin));
	add('note', view.note);
	add('turned', view.turned.length ? view.turned.join(',') : null);
	add('table', view.table ? null : '0');
	add('fold', view.fold ? null : '0');
	add('heights', view.heights === DEFAULT_VIEW.heights ? null : view.heights);
	const columns = view.columns.join(',');
	add('columns', columns === DEFAULT_COLUMNS.join(',') ? null : columns);
	add('rows', view.rows && `${view.rows.from}..${view.rows.to}`);
	const text = params.map(([name, value]) => `${name}=${readable(value)}`).join('&');
	return text && `?${text}`;
}

/** The API's and the address's parameter for a position. */
export const positionParam = (at: Position): [name: string, value: string] =>
	'seq' in at ? ['seq', String(at.seq)] : ['t', String(at.tsNs)];

/** Escapes what a query must, but leaves `:` and `,` as they are. */
const readable = (value: string) => encodeURIComponent(value).replace(/%3A/g, ':').replace(/%2C/g, ',');
