import type { AnalysisAnswer } from '#lib/api/analyses-client.ts';
import { csvLine } from '#lib/domain/event-columns.ts';
import { MODES } from '#lib/domain/kinds.ts';
import { hex } from '#lib/domain/units.ts';

/** The list of an answer; null for those that are a chart. */
function listOf(answer: AnalysisAnswer): readonly object[] | null {
	switch (answer.name) {
		case 'hot-pages':
		case 'top-rips':
		case 'written-executed':
		case 'retry-storms':
		case 'anomalies':
			return answer.data.items;
		case 'idle-ages':
			return answer.data.buckets;
		case 'working-set':
		case 'offsets':
		case 'vcpus':
			return null;
		default:
			return answer satisfies never;
	}
}

/** Whether the answer has rows to take away. */
export const hasRows = (answer: AnalysisAnswer): boolean => (listOf(answer)?.length ?? 0) > 0;

/** Rows that the answer leaves out because of its limit; 0 for charts. */
export function rowsLeft(answer: AnalysisAnswer): number {
	const shown = listOf(answer)?.length ?? 0;
	switch (answer.name) {
		case 'hot-pages':
			return answer.data.pages - shown;
		case 'top-rips':
			return answer.data.rips - shown;
		case 'written-executed':
		case 'retry-storms':
			return answer.data.total - shown;
		case 'anomalies':
			return answer.data.next === null ? 0 : answer.data.total - shown;
		default:
			return 0;
	}
}

/** Columns of a field: one, or one for each mode. */
const columnsOf = (key: string, value: unknown): [string, string][] =>
	key === 'counts' && typeof value === 'object' && value
		? MODES.map((mode) => [mode, cellOf(mode, (value as Record<string, unknown>)[mode])])
		: [[key, cellOf(key, value)]];

function cellOf(key: string, value: unknown): string {
	if (key === 'gfn' && typeof value === 'number') return hex(value);
	return typeof value === 'string' || typeof value === 'number' ? String(value) : '';
}

/**
 * The list as CSV (RFC 4180), all rows of the answer: columns are the API's fields, counts one for each mode, gfns hex,
 * what is not known empty. Null for charts and empty lists.
 */
export function analysisCsv(answer: AnalysisAnswer): string | null {
	const rows = listOf(answer)?.map((item) =>
		Object.entries(item).flatMap(([key, value]) => columnsOf(key, value))
	);
	const [first] = rows ?? [];
	if (!rows || !first) return null;
	const lines = rows.map((cells) => csvLine(cells.map(([, cell]) => cell)));
	return [csvLine(first.map(([name]) => name)), ...lines].map((line) => `${line}\r\n`).join('');
}
