import { FILTER_FIELDS, fieldNamed } from './filter-fields.ts';
import { filterTokens } from './filter-text.ts';

/** What a session has, so that its own values are offered; all may be left out. */
export interface FilterContext {
	readonly vcpus?: readonly number[];
	readonly lanes?: readonly { readonly lane: number; readonly baseGfn: number; readonly npages: number }[];
	readonly memslots?: readonly { readonly asId: number; readonly slotId: number }[];
	readonly nodes?: readonly number[];
	readonly quirks?: readonly string[];
	readonly names?: readonly string[];
}

/** A text that may stand in `[from, to)` of the filter. */
export interface FilterCandidate {
	readonly text: string;
	readonly hint: string;
}
export interface FilterCompletion {
	readonly from: number;
	readonly to: number;
	readonly candidates: readonly FilterCandidate[];
}

/** Values of a field that this session has. */
function valuesOf(name: string, context: FilterContext): string[] {
	switch (name) {
		case 'vcpu':
			return (context.vcpus ?? []).map(String);
		case 'lane':
			return (context.lanes ?? []).map((lane) => String(lane.lane));
		case 'gfn':
			return (context.lanes ?? []).map(
				({ baseGfn, npages }) => `0x${baseGfn.toString(16)}..0x${(baseGfn + npages).toString(16)}`
			);
		case 'slot': {
			const slots = context.memslots ?? [];
			return [...new Set(slots.map(({ asId, slotId }) => (asId ? `${asId}:${slotId}` : String(slotId))))];
		}
		case 'node':
			return (context.nodes ?? []).map(String);
		case 'anomaly':
			return [...(context.quirks ?? [])];
		case 'name':
			return (context.names ?? []).map((each) => (/[\s(),]/.test(each) ? `"${each}"` : each));
		default:
			return [];
	}
}

/**
 * What may stand at the cursor (UTF-16 offset): fields (with their colon) at a word's beginning, after a colon or
 * comma the field's values. Candidates that begin with what is there already come first, those that contain it after.
 */
export function completeFilter(text: string, cursor: number, context: FilterContext = {}): FilterCompletion {
	const token = filterTokens(text).find(
		(each) => each.type === 'word' && each.start < cursor && cursor <= each.end
	);
	const start = token?.start ?? cursor;
	const end = token?.end ?? cursor;
	const before = text.slice(start, cursor);
	const colon = before.indexOf(':');
	if (colon < 0) {
		const fields = FILTER_FIELDS.map((field) => ({ text: `${field.name}:`, hint: field.hint }));
		return { from: start, to: end, candidates: fitting(fields, before) };
	}
	const field = fieldNamed(before.slice(0, colon).toLowerCase());
	const from = start + Math.max(colon, before.lastIndexOf(',')) + 1;
	const comma = text.slice(cursor, end).indexOf(',');
	const to = comma < 0 ? end : cursor + comma;
	if (!field) return { from, to, candidates: [] };
	const values = [...new Set([...valuesOf(field.name, context), ...field.values])];
	return {
		from,
		to,
		candidates: fitting(
			values.map((value) => ({ text: value, hint: '' })),
			text.slice(from, cursor)
		)
	};
}

function fitting(candidates: readonly FilterCandidate[], typed: string): FilterCandidate[] {
	const wanted = typed.toLowerCase();
	const begins = candidates.filter((each) => each.text.toLowerCase().startsWith(wanted));
	const contains = candidates.filter(
		(each) => !begins.includes(each) && each.text.toLowerCase().includes(wanted)
	);
	return [...begins, ...contains];
}
