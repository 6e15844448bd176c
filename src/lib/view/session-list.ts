/** Orders of the sessions page. */
export const ORDERS = ['newest', 'name', 'events', 'size'] as const;
export type Order = (typeof ORDERS)[number];

/** What the list looks at. */
export interface ListedSession {
	readonly name: string;
	readonly tags: readonly string[];
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

/** What the page shows; all of it is in its address. */
export interface ListView {
	readonly search: string;
	readonly order: Order;
	/** A session must have all of them. */
	readonly tags: readonly string[];
}

/** The sessions that have every tag and whose name, source or tags hold every word of the search, in order. */
export function sessionList<S extends ListedSession>(
	sessions: readonly S[],
	{ search, order, tags }: ListView
): S[] {
	const words = search.toLowerCase().split(/\s+/).filter(Boolean);
	const text = (session: S) => [session.name, session.source ?? '', ...session.tags].join(' ').toLowerCase();
	return sessions
		.filter((session) => tags.every((tag) => session.tags.includes(tag)))
		.filter((session) => words.every((word) => text(session).includes(word)))
		.sort(COMPARE[order]);
}

/** All tags in use with how many sessions have them, in alphabetical order. */
export function tagCounts(sessions: readonly Pick<ListedSession, 'tags'>[]): [tag: string, count: number][] {
	const counts = new Map<string, number>();
	for (const { tags } of sessions) for (const tag of tags) counts.set(tag, (counts.get(tag) ?? 0) + 1);
	return [...counts].sort(([a], [b]) => a.localeCompare(b));
}

/** Reads a view from an address's query; what it does not know is left at its default. */
export function parseListView(query: URLSearchParams): ListView {
	const order = ORDERS.find((each) => each === query.get('sort')) ?? 'newest';
	return { search: query.get('q') ?? '', order, tags: [...new Set(query.getAll('tag').filter(Boolean))] };
}

/** The query that `parseListView` reads, with its `?`; empty for the default view. */
export function formatListView({ search, order, tags }: ListView): string {
	const query = new URLSearchParams();
	if (search) query.set('q', search);
	if (order !== 'newest') query.set('sort', order);
	for (const tag of tags) query.append('tag', tag);
	const text = query.toString();
	return text && `?${text}`;
}

/** Tags after one more; blanks around it do not count, and one that is there stays once. */
export const withTag = (tags: readonly string[], tag: string): string[] => [
	...new Set([...tags, tag.trim()].filter(Boolean))
];
