import { EVERYTHING, type FilterExpr } from './filter-expr.ts';
import { bareTerm, FILTER_FIELDS, fieldNamed } from './filter-fields.ts';
import { FilterValueError } from './filter-values.ts';

/** Something in a filter text that was not understood: `[start, end)` in UTF-16 units, `column` from 1. */
export interface FilterIssue {
	readonly message: string;
	readonly column: number;
	readonly start: number;
	readonly end: number;
}

export interface ParsedFilterText {
	/** What was understood; words with an issue are left out. */
	readonly expr: FilterExpr;
	readonly issues: readonly FilterIssue[];
}

/** A filter text with a mistake; `issues` has every one of them. */
export class FilterTextError extends Error {
	readonly issues: readonly FilterIssue[];
	constructor(issues: readonly FilterIssue[]) {
		super(issues.map((issue) => `column ${issue.column}: ${issue.message}`).join('; '));
		this.name = 'FilterTextError';
		this.issues = issues;
	}
}

/** A piece of a filter text; `text` has its quotes removed, `colon` is the first colon outside quotes or -1. */
export interface FilterToken {
	readonly type: 'open' | 'close' | 'not' | 'or' | 'and' | 'word';
	readonly text: string;
	readonly start: number;
	readonly end: number;
	/** A quote without its end. */
	readonly unclosed: boolean;
}

const WORD_TYPES: Readonly<Record<string, FilterToken['type']>> = {
	or: 'or',
	'|': 'or',
	'||': 'or',
	and: 'and',
	'&': 'and',
	'&&': 'and',
	not: 'not'
};

/** Cuts a text into tokens; every character belongs to one or is a blank. */
export function filterTokens(text: string): FilterToken[] {
	const tokens: FilterToken[] = [];
	const add = (type: FilterToken['type'], start: number, end: number, value = '', unclosed = false) =>
		tokens.push({ type, text: value, start, end, unclosed });
	for (let at = 0; at < text.length;) {
		const char = text[at] as string;
		if (/\s/.test(char)) at++;
		else if (char === '(') add('open', at, ++at);
		else if (char === ')') add('close', at, ++at);
		else if ((char === '-' || char === '!') && /[^\s)]/.test(text[at + 1] ?? ' ')) add('not', at, ++at);
		else at = addWord(text, at, add);
	}
	return tokens;
}

function addWord(
	text: string,
	start: number,
	add: (type: FilterToken['type'], start: number, end: number, value: string, unclosed: boolean) => void
): number {
	let at = start;
	let value = '';
	let quoted = false;
	for (; at < text.length && (quoted || !/[\s()]/.test(text[at] as string)); at++) {
		if (text[at] === '"') quoted = !quoted;
		else value += text[at] as string;
	}
	const plain = text.slice(start, at);
	add(WORD_TYPES[plain.toLowerCase()] ?? 'word', start, at, value, quoted);
	return at;
}

/**
 * Reads a filter such as `mode:write,preexec gfn:0x1000..0x2000 (vcpu:1 or vcpu:none) -kind:epoch`.
 *
 *     filter = clause { "or" clause }          "or" binds weakest
 *     clause = factor { ["and"] factor }
 *     factor = ("-" | "!" | "not") factor | "(" filter ")" | field ":" value { "," value } | kind | gfn range
 */
export function parseFilterText(text: string): ParsedFilterText {
	const parser = new Parser(filterTokens(text), text.length);
	return { expr: parser.filter(), issues: parser.issues };
}

/** The condition a text says. @throws {FilterTextError} */
export function filterOf(text: string): FilterExpr {
	const { expr, issues } = parseFilterText(text);
	if (issues.length) throw new FilterTextError(issues);
	return expr;
}

const together = (type: 'all' | 'any', of: readonly FilterExpr[]): FilterExpr =>
	of.length === 1 ? (of[0] as FilterExpr) : { type, of };

class Parser {
	readonly issues: FilterIssue[] = [];
	readonly #tokens: readonly FilterToken[];
	readonly #length: number;
	#at = 0;
	constructor(tokens: readonly FilterToken[], length: number) {
		this.#tokens = tokens;
		this.#length = length;
	}

	filter(): FilterExpr {
		if (!this.#tokens.length) return EVERYTHING;
		const expr = this.#either();
		for (let token = this.#peek(); token; token = this.#peek()) {
			this.#issue('there is no "(" before this ")"', token);
			this.#at++;
			this.#either(true);
		}
		return expr;
	}

	#peek(): FilterToken | undefined {
		return this.#tokens[this.#at];
	}

	#issue(message: string, { start, end }: { start: number; end: number }): void {
		this.issues.push({ message, column: start + 1, start, end });
	}

	#either(mayBeEmpty = false): FilterExpr {
		const clauses = [this.#clause(mayBeEmpty)];
		while (this.#peek()?.type === 'or') {
			this.#at++;
			clauses.push(this.#clause());
		}
		return together(
			'any',
			clauses.filter((clause) => clause !== null)
		);
	}

	#clause(mayBeEmpty = false): FilterExpr | null {
		const factors: FilterExpr[] = [];
		let words = 0;
		for (let token = this.#peek(); token && token.type !== 'or' && token.type !== 'close'; words++) {
			if (token.type === 'and') this.#at++;
			const factor = this.#factor();
			if (factor) factors.push(factor);
			token = this.#peek();
		}
		const next = this.#peek() ?? { start: this.#length, end: this.#length };
		if (!words && !mayBeEmpty) this.#issue('a condition is missing here', next);
		return words ? together('all', factors) : null;
	}

	#factor(): FilterExpr | null {
		const token = this.#tokens[this.#at++];
		if (!token || token.type === 'or' || token.type === 'and' || token.type === 'close') {
			this.#issue('a condition is missing here', token ?? { start: this.#length, end: this.#length });
			if (token) this.#at--;
			if (token?.type === 'and') this.#at++;
			return null;
		}
		if (token.type === 'not') {
			const of = this.#factor();
			return of && { type: 'not', of };
		}
		if (token.type === 'open') return this.#group(token);
		return this.#word(token);
	}

	#group(open: FilterToken): FilterExpr {
		const expr = this.#either();
		if (this.#peek()?.type === 'close') this.#at++;
		else this.#issue('this "(" has no ")"', open);
		return expr;
	}

	#word(token: FilterToken): FilterExpr | null {
		try {
			if (token.unclosed) throw new FilterValueError('this quote has no end');
			return termOf(token.text);
		} catch (error) {
			if (!(error instanceof FilterValueError)) throw error;
			this.#issue(error.message, token);
			return null;
		}
	}
}

function termOf(text: string): FilterExpr {
	const colon = text.indexOf(':');
	if (colon < 0) {
		const term = bareTerm(text);
		if (term) return term;
		throw new FilterValueError(`${text}: write FIELD:VALUE, a kind or a gfn`);
	}
	const name = text.slice(0, colon).toLowerCase();
	const field = fieldNamed(name);
	if (!field) throw new FilterValueError(`there is no field ${name}${suggestion(name)}`);
	const values = text
		.slice(colon + 1)
		.split(',')
		.filter(Boolean);
	if (!values.length) throw new FilterValueError(`${name}: needs a value, like ${field.example}`);
	return field.term(values);
}

/** A field that begins alike, or the list of all. */
function suggestion(name: string): string {
	const near = FILTER_FIELDS.find((field) => name !== '' && field.name.startsWith(name.slice(0, 2)));
	return near
		? `: did you mean ${near.name}?`
		: `: there are ${FILTER_FIELDS.map((field) => field.name).join(', ')}`;
}
