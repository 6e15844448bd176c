import type { Mode } from '#lib/domain/kinds.ts';
import type { AnalysisView } from './analysis-view.ts';
import { modesText } from './mode-choice.ts';
import { type Range, span } from './range.ts';

/** Most columns of an answer over time, whatever the API allows: more than a screen has pixels is of no use. */
const MOST_COLUMNS = 4000;
const OFFSET_ROWS = 64;

/** 1, 2 or 5 times a power of ten, the nearest that is not below the value; at least 1. */
export function roundUp(value: number): number {
	const power = 10 ** Math.floor(Math.log10(Math.max(1, value)));
	return ([1, 2, 5, 10].find((factor) => factor * power >= value * (1 - 1e-12)) ?? 10) * power;
}

/** A period that makes 75 to 190 columns of the window. */
export const usualPeriod = (time: Range): number => roundUp(span(time) / 190);

/** Why there is nothing to ask; null if there is. */
export type Obstacle = string | null;

/** What an analysis asks the API for. */
export interface AnalysisQuestion {
	readonly query: Readonly<Record<string, string | number | undefined>>;
	readonly obstacle: Obstacle;
}

/** What the view says to ask: `time` is the window, `columns` how many fit the chart. */
export interface AskedView {
	readonly analysis: AnalysisView;
	readonly time: Range;
	readonly modes: readonly Mode[];
	readonly filter: string;
	/** Stretches of time that the chart has room for. */
	readonly columns: number;
	/** How often more rows of a list were asked for. */
	readonly more?: number;
}

/** Rows that a list begins with. */
const FIRST_ROWS: Readonly<Partial<Record<AnalysisView['name'], number>>> = {
	...{ 'hot-pages': 50, 'top-rips': 50 },
	...{ 'written-executed': 100, 'retry-storms': 100, anomalies: 200 }
};
/** Most rows of a list, whatever the API allows: all of them are on the page. */
const MOST_ROWS = 2000;
const GROWTH = 4;

/** Rows of a list that begins with `first` and was asked for more some times. */
const rowLimit = (first: number, more = 0): number => Math.min(MOST_ROWS, first * GROWTH ** more);

/** Whether a list that was asked for more so many times can still grow. */
export const mayGrow = ({ analysis, more }: Pick<AskedView, 'analysis' | 'more'>): boolean => {
	const first = FIRST_ROWS[analysis.name];
	return first !== undefined && rowLimit(first, more) < MOST_ROWS;
};

/** The API's query of a view's analysis. */
export function analysisQuestion(view: AskedView): AnalysisQuestion {
	const { analysis, time, modes } = view;
	const base = {
		...(analysis.lane === null ? {} : { lane: analysis.lane }),
		...(analysis.filtered && view.filter.trim() ? { q: view.filter } : {})
	};
	if (analysis.name === 'anomalies')
		return { query: { ...base, time: `${time.from}..${time.to}`, limit: limitOf(view) }, obstacle: null };
	const text = modesText(modes);
	const kinds = text === null ? {} : { kinds: text };
	const query = { ...base, ...kinds, from: time.from, to: time.to, ...ownFields(view) };
	return { query, obstacle: obstacleOf(view) };
}

const limitOf = ({ analysis, more }: AskedView): number => rowLimit(FIRST_ROWS[analysis.name] ?? 1, more);

function ownFields(view: AskedView): Record<string, string | number> {
	const { analysis, time, columns } = view;
	switch (analysis.name) {
		case 'working-set':
			return { by: analysis.by, columns };
		case 'vcpus':
			return { columns };
		case 'offsets':
			return { period: analysis.periodNs ?? usualPeriod(time), rows: OFFSET_ROWS };
		case 'written-executed':
			return { order: analysis.order, limit: limitOf(view) };
		case 'retry-storms':
			return { min: analysis.min, within: analysis.withinNs, limit: limitOf(view) };
		case 'hot-pages':
		case 'top-rips':
			return { limit: limitOf(view) };
		case 'idle-ages':
		case 'anomalies':
			return {};
	}
}

function obstacleOf({ analysis, time, modes }: AskedView): Obstacle {
	if (!modes.length) return 'No mode is switched on above the lanes, so there is no access to look at.';
	if (analysis.name === 'written-executed') {
		if (!modes.includes('preexec')) return 'Switch on the mode preexec: it tells what was executed.';
		if (!modes.includes('write') && !modes.includes('prewrite'))
			return 'Switch on the mode write or prewrite: they tell what was written.';
	}
	if (analysis.name === 'offsets') {
		const period = analysis.periodNs ?? usualPeriod(time);
		if (span(time) / period > MOST_COLUMNS)
			return `This period makes more than ${MOST_COLUMNS} columns of the window: choose a longer one or zoom in.`;
	}
	return null;
}
