import type { FilterExpr, FilterTerm, IdField, NumberField, Span } from '#lib/domain/filter-expr.ts';
import { ACCESS_KINDS, kindMask, SHADOW_KINDS, SLOT_KINDS, TRACK_KINDS } from '#lib/domain/kinds.ts';
import { NO_LANE, type Segment } from '../store/store.ts';

const PLACE_KINDS = ~(
	kindMask(['session', 'vcpu', 'register', 'unregister', 'tlb_flush', 'loss', 'epoch', 'mark', 'end']) | 0
);
const MODE_KINDS = ACCESS_KINDS | TRACK_KINDS;
const NAMED_KINDS = SLOT_KINDS | kindMask(['register', 'mark']);

/**
 * What is left to test of a condition in a segment once its zone map has been looked at: true if every event of the
 * segment meets it, false if none does, else a condition that gives the same answers for the segment's events.
 */
export function residual(expr: FilterExpr, segment: Segment): FilterExpr | boolean {
	switch (expr.type) {
		case 'all':
		case 'any': {
			const decisive = expr.type === 'any';
			const left: FilterExpr[] = [];
			for (const each of expr.of) {
				const rest = residual(each, segment);
				if (rest === decisive) return decisive;
				if (typeof rest !== 'boolean') left.push(rest);
			}
			if (!left.length) return !decisive;
			return left.length === 1 ? (left[0] as FilterExpr) : { type: expr.type, of: left };
		}
		case 'not': {
			const rest = residual(expr.of, segment);
			return typeof rest === 'boolean' ? !rest : { type: 'not', of: rest };
		}
		default:
			return decided(expr, segment) ?? expr;
	}
}

/** True or false where the zone map decides for all events, null where it does not. */
function decided(term: FilterTerm, segment: Segment): boolean | null {
	const only = (kinds: number) => ((segment.kinds & kinds) === 0 ? false : null);
	switch (term.type) {
		case 'kind':
			return (segment.kinds & ~term.kinds) === 0 ? true : only(term.kinds);
		case 'mode':
			return only(MODE_KINDS);
		case 'gfn':
			return touches(term.spans, segment.minGfn, segment.maxGfn) ? only(PLACE_KINDS) : false;
		case 'gpa': {
			// an access of up to 65,535 bytes may reach beyond its page
			const { minGfn, maxGfn } = segment;
			return touches(term.spans, minGfn * 4096, (maxGfn + 17) * 4096) ? only(PLACE_KINDS) : false;
		}
		case 'number':
			return numberDecided(term.field, term.spans, segment);
		case 'id':
			return idDecided(term.field, term.ids, term.none, segment);
		case 'protect':
			return only(kindMask(['spte_protect']));
		case 'text':
			return only(term.field === 'quirk' ? kindMask(['anomaly']) : NAMED_KINDS);
		case 'slot':
		case 'address':
		case 'flag':
			return null;
		default:
			return term satisfies never;
	}
}

/** True if a span and the closed range `[min, max]` have something in common; false for an empty range. */
const touches = (spans: readonly Span[], min: number, max: number): boolean =>
	max >= min && spans.some((span) => span.from <= max && span.to > min);

function numberDecided(field: NumberField, spans: readonly Span[], segment: Segment): boolean | null {
	if (field === 'level') return segment.kinds & (kindMask(['spte_protect']) | SHADOW_KINDS) ? null : false;
	if (field !== 'time' && field !== 'seq') return null;
	const [min, max] =
		field === 'time'
			? [segment.minNs, segment.maxNs]
			: [segment.firstSeq, segment.firstSeq + segment.count - 1];
	if (!touches(spans, min, max)) return false;
	return spans.some((span) => span.from <= min && span.to > max) ? true : null;
}

function idDecided(field: IdField, ids: readonly number[], none: boolean, segment: Segment): boolean | null {
	if (field !== 'lane') return null;
	if ((segment.kinds & ACCESS_KINDS) === 0) return false;
	const lanes = none ? [...ids, NO_LANE] : ids;
	return lanes.some((lane) => segment.lanes & (1 << (lane % 32))) ? null : false;
}
