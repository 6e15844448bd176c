import { parseWhole } from './parse-input.ts';

/** Analyses beside the lanes, in the order of the chooser; the API's names. */
export const ANALYSES = [
	'working-set',
	'hot-pages',
	'idle-ages',
	'offsets',
	'vcpus',
	'top-rips',
	'written-executed',
	'retry-storms',
	'anomalies'
] as const;
export type AnalysisName = (typeof ANALYSES)[number];

const TEXTS: Readonly<Record<AnalysisName, readonly [title: string, question: string]>> = {
	'working-set': ['Working-set size', 'How many distinct pages does each stretch of time touch?'],
	'hot-pages': ['Hot pages', 'Which pages are accessed most?'],
	'idle-ages': ['Idle age', 'How long had pages been idle at the window’s end?'],
	offsets: ['Sub-second offsets', 'What repeats with a period? It stands in rows.'],
	vcpus: ['vCPU lanes', 'Which vCPU was busy when?'],
	'top-rips': ['Top instructions', 'Which code makes the accesses?'],
	'written-executed': ['Written, then executed', 'Which pages ran code after they were written?'],
	'retry-storms': ['Retry storms', 'Which access was notified again and again?'],
	anomalies: ['Anomalies', 'What did the host do that surprises?']
};

export const analysisTitle = (name: AnalysisName): string => TEXTS[name][0];
/** The question that the analysis answers. */
export const analysisQuestion = (name: AnalysisName): string => TEXTS[name][1];

/** The chosen analysis and its options. */
export interface AnalysisView {
	readonly name: AnalysisName;
	/** Only accesses in this lane; null for all, and those outside every memslot. */
	readonly lane: number | null;
	/** Only events that the event table's filter matches. */
	readonly filtered: boolean;
	/** Lines of the working set's chart. */
	readonly by: 'mode' | 'lane';
	/** Length of an offset map's column; null chooses one for the window. */
	readonly periodNs: number | null;
	/** Order of "written, then executed". */
	readonly order: 'seq' | 'delay';
	/** Notifications that make a retry storm, and the longest pause between two of them. */
	readonly min: number;
	readonly withinNs: number;
}

export const DEFAULT_ANALYSIS: AnalysisView = {
	name: 'working-set',
	lane: null,
	filtered: false,
	by: 'mode',
	periodNs: null,
	order: 'seq',
	min: 3,
	withinNs: 1_000_000
};

/** Reads an address's query; whatever is missing or malformed takes its default. */
export function parseAnalysis(params: URLSearchParams): AnalysisView {
	const whole = (name: string, least: number) => {
		const value = parseWhole(params.get(name) ?? '');
		return value !== null && value >= least ? value : null;
	};
	const usual = DEFAULT_ANALYSIS;
	return {
		name: ANALYSES.find((name) => name === params.get('analysis')) ?? usual.name,
		lane: whole('only', 0),
		filtered: params.get('filtered') === '1',
		by: params.get('by') === 'lane' ? 'lane' : usual.by,
		periodNs: whole('period', 1),
		order: params.get('order') === 'delay' ? 'delay' : usual.order,
		min: whole('min', 2) ?? usual.min,
		withinNs: whole('within', 0) ?? usual.withinNs
	};
}

/** The parameters that `parseAnalysis` reads back; null for those that have their default. */
export function analysisParams(view: AnalysisView): [name: string, value: string | null][] {
	const usual = DEFAULT_ANALYSIS;
	const unless = <T>(value: T, normal: T): string | null => (value === normal ? null : String(value));
	return [
		['analysis', unless(view.name, usual.name)],
		['only', unless(view.lane, null)],
		['filtered', view.filtered ? '1' : null],
		['by', unless(view.by, usual.by)],
		['period', unless(view.periodNs, null)],
		['order', unless(view.order, usual.order)],
		['min', unless(view.min, usual.min)],
		['within', unless(view.withinNs, usual.withinNs)]
	];
}
