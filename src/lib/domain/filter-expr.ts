/** A half-open range of whole numbers; `to` may be Infinity. */
export interface Span {
	readonly from: number;
	readonly to: number;
}
/** A half-open range of 64-bit addresses; `to` is at most 2^64. */
export interface WideSpan {
	readonly from: bigint;
	readonly to: bigint;
}

/** Numbers that an event may have; an event without one matches no range. */
export type NumberField = 'time' | 'seq' | 'bytes' | 'offset' | 'npages' | 'level';
/** Ids that an event may have; `none` stands for an event without one. */
export type IdField = 'vcpu' | 'node' | 'lane';
/** Facts that are true, false or not told. */
export type FlagField = 'verdict' | 'ready' | 'derived' | 'smm';

/** One condition on an event; lists are joined by "or". */
export type FilterTerm =
	/** `kinds`: bit set of kind codes. */
	| { readonly type: 'kind'; readonly kinds: number }
	/** Accesses and track events of a mode; `modes`: bit set of mode indexes. */
	| { readonly type: 'mode'; readonly modes: number }
	/** Events whose pages touch a range of gfns. */
	| { readonly type: 'gfn'; readonly spans: readonly Span[] }
	/** Events whose bytes touch a range of guest-physical addresses; one whose byte is unknown touches all of its pages. */
	| { readonly type: 'gpa'; readonly spans: readonly Span[] }
	| { readonly type: 'number'; readonly field: NumberField; readonly spans: readonly Span[] }
	| {
			readonly type: 'id';
			readonly field: IdField;
			readonly ids: readonly number[];
			readonly none: boolean;
	  }
	/** Events that name one of the memslots (`slotKey`s), or whose pages lie in it at that moment. */
	| { readonly type: 'slot'; readonly slots: readonly number[] }
	| { readonly type: 'address'; readonly field: 'rip' | 'gva'; readonly spans: readonly WideSpan[] }
	/** `wanted`: some of true, false and null (not told). */
	| { readonly type: 'flag'; readonly field: FlagField; readonly wanted: readonly (boolean | null)[] }
	/** spte_protect events; `protects`: bit set of read 1, write 2, exec 4. */
	| { readonly type: 'protect'; readonly protects: number }
	/** Anomalies by their rule's exact name, or any event by a part of its name (case does not count). */
	| { readonly type: 'text'; readonly field: 'quirk' | 'name'; readonly words: readonly string[] };

/** A condition made of others; an empty `all` is true, an empty `any` false. */
export type FilterExpr =
	| FilterTerm
	| { readonly type: 'all'; readonly of: readonly FilterExpr[] }
	| { readonly type: 'any'; readonly of: readonly FilterExpr[] }
	| { readonly type: 'not'; readonly of: FilterExpr };

/** The condition that every event meets. */
export const EVERYTHING: FilterExpr = { type: 'all', of: [] };

/** Equal conditions give equal text: a key for caches. */
export const filterKey = (expr: FilterExpr): string =>
	JSON.stringify(expr, (_, value: unknown) =>
		typeof value === 'bigint' ? `0x${value.toString(16)}` : value === Infinity ? 'inf' : value
	);

/** Every term of a condition. */
export function* termsOf(expr: FilterExpr): Generator<FilterTerm> {
	if (expr.type === 'not') yield* termsOf(expr.of);
	else if (expr.type === 'all' || expr.type === 'any') for (const each of expr.of) yield* termsOf(each);
	else yield expr;
}
