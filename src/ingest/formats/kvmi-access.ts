import type { TraceEvent } from '#lib/domain/events.ts';
import type { Mode } from '#lib/domain/kinds.ts';
import { skipped, type NoEvent } from './text-scanner.ts';

/** Right bits as KVMI has them, and the mode that a missing right is tracked in. */
const RIGHTS: readonly (readonly [number, Mode])[] = [
	[1, 'preread'],
	[2, 'prewrite'],
	[4, 'preexec']
];
const ALL = 7;
/** Restricted pages remembered; of more the oldest are forgotten, as if they had all rights. */
const KNOWN_PAGES = 1 << 21;

/** Bits of `rw-`; null if it is no such text. */
export function rightsOf(text: string): number | null {
	const found = /^([r-])([w-])([x-])$/.exec(text);
	if (!found) return null;
	return (found[1] === 'r' ? 1 : 0) | (found[2] === 'w' ? 2 : 0) | (found[3] === 'x' ? 4 : 0);
}

/** The modes of an access that wants these rights. */
export const modesOf = (rights: number): Mode[] =>
	RIGHTS.filter(([bit]) => rights & bit).map(([, mode]) => mode);

/**
 * A page gets new rights from an introspection tool: KVMI adds tracking in the mode of each right that goes, and
 * removes it for each that comes back (kvmi_set_page_access). `known` holds the rights of pages seen before.
 */
export function setAccess(
	known: Map<number, number>,
	tsNs: number,
	gfn: number,
	rights: number
): TraceEvent[] | NoEvent {
	const former = known.get(gfn) ?? ALL;
	if (rights === ALL) known.delete(gfn);
	else {
		if (known.size >= KNOWN_PAGES) known.delete(known.keys().next().value ?? 0);
		known.set(gfn, rights);
	}
	const changed = RIGHTS.filter(([bit]) => (former ^ rights) & bit);
	if (changed.length === 0) return skipped('no-change', 'the page has these rights already');
	return changed.map(([bit, mode]) => ({
		kind: rights & bit ? ('track_remove' as const) : ('track_add' as const),
		...{ tsNs, mode, gfn, derived: true }
	}));
}
