/** Orders of the sessions page. */
export const ORDERS = ['newest', 'name', 'events', 'size'] as const;
export type Order = (typeof ORDERS)[number];

/** What the list looks at. */
export interface ListedSession {
	readonly name: string;
	readonly source: string | null;
	readonly createdMs: number;
	readonly events: number;
	readonly sizeBytes: number;
}

const COMPARE: Readonly<Record<Order, (a: ListedSession, b: ListedSession) => number>> = {
	newest: (a, b) => b.createdMs - a.createdMs,
	name: (a, b) => a.name.localeCompare(b.name),
	events: (a, b) => b.events - a.events,
	size: (a, b) => b.sizeBytes - a.sizeBytes
};

/** The sessions whose name or source holds every word of the search, in the order asked for. */
export function sessionList<S extends ListedSession>(
	sessions: readonly S[],
	search: string,
	order: Order
): S[] {
	const words = search.toLowerCase().split(/\s+/).filter(Boolean);
	const text = (session: S) => `${session.name} ${session.source ?? ''}`.toLowerCase();
	return sessions
		.filter((session) => words.every((word) => text(session).includes(word)))
		.sort(COMPARE[order]);
}
