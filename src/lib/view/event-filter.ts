import { PAGE_SIZE } from '#lib/domain/units.ts';
import { isKind } from './kind-text.ts';
import { parseRange, parseTime, parseWhole } from './parse-input.ts';

/** The API's query fields that choose events. */
export type FilterFields = Readonly<
	Partial<Record<'kinds' | 'vcpu' | 'gfn' | 'time' | 'rip' | 'lane', string>>
>;

export interface ParsedFilter {
	readonly fields: FilterFields;
	/** What was not understood, one sentence each; the rest still counts. */
	readonly errors: readonly string[];
}

/** What may be written, for the hint beside the field. */
export const FILTER_HINT =
	'kind:write,preexec gfn:0x1000..0x2000 gpa:0x1000000 vcpu:1 rip:0x… time:1s..2s lane:3';

type Field = [name: keyof FilterFields, value: string] | string;

const word = (text: string) => parseWhole(text);
const gfnOf = (text: string) => {
	const gpa = parseWhole(text);
	return gpa === null ? null : Math.floor(gpa / PAGE_SIZE);
};

function rangeField(name: 'gfn' | 'time', value: string, parse: (text: string) => number | null): Field {
	const range = parseRange(value, parse);
	return range ? [name, `${range.from}..${range.to}`] : `${name}: ${value} is no ascending range`;
}

function kindsField(value: string): Field {
	const kinds = value.split(',').filter(Boolean);
	const unknown = kinds.find((kind) => !isKind(kind));
	if (unknown !== undefined) return `there is no kind ${unknown}`;
	return kinds.length ? ['kinds', kinds.join(',')] : 'kind: needs a name';
}

function fieldOf(key: string, value: string): Field {
	switch (key) {
		case 'kind':
		case 'kinds':
		case 'mode':
			return kindsField(value);
		case 'gfn':
			return rangeField('gfn', value, word);
		case 'gpa':
			return rangeField('gfn', value, gfnOf);
		case 'time':
		case 't':
			return rangeField('time', value, parseTime);
		case 'vcpu':
			return /^\d+(,\d+)*$/.test(value) ? ['vcpu', value] : `vcpu: ${value} is no number`;
		case 'rip':
		case 'ip':
			return /^0x[0-9a-f]{1,16}$/i.test(value) ? ['rip', value] : `rip: ${value} is no address (0x…)`;
		case 'lane':
			return parseWhole(value) === null ? `lane: ${value} is no number` : ['lane', value];
		default:
			return `there is no field ${key}`;
	}
}

/** A word without `key:` is a kind or a page. */
function bareField(text: string): Field {
	if (isKind(text.split(',')[0] ?? '')) return kindsField(text);
	return parseRange(text, word)
		? rangeField('gfn', text, word)
		: `${text}: write kind:…, gfn:…, rip:… or the like`;
}

/**
 * Reads a filter such as `write gfn:0x1000..0x2000 vcpu:1`: words are joined by "and", a field named twice counts as
 * written last.
 */
export function parseFilter(text: string): ParsedFilter {
	const fields: Partial<Record<keyof FilterFields, string>> = {};
	const errors: string[] = [];
	for (const each of text.trim().split(/\s+/).filter(Boolean)) {
		const colon = each.indexOf(':');
		const field =
			colon < 0 ? bareField(each) : fieldOf(each.slice(0, colon).toLowerCase(), each.slice(colon + 1));
		if (typeof field === 'string') errors.push(field);
		else fields[field[0]] = field[1];
	}
	return { fields, errors };
}
