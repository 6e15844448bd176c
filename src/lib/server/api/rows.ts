import { z } from '@hono/zod-openapi';
import type { EventCount, EventRowPage } from '#lib/api/event-types.ts';
import { countEvents, eventRows } from '../query/event-rows.ts';
import { EVENT_COLUMNS } from '#lib/domain/event-columns.ts';
import { seqAtTime } from '../query/events.ts';
import { csvPieces } from '../query/lines.ts';
import { filterFields, list, toFilter, whole, wholeWithin } from './params.ts';
import { textStream } from './text-stream.ts';
import { wireEvent } from '../query/wire-event.ts';
import { get, media, type Api } from './route.ts';

const countQuery = z.object(filterFields);
const rowsQuery = z.object({
	...filterFields,
	row: whole.optional(),
	seq: whole.optional(),
	t: whole.optional(),
	limit: wholeWithin(1, 10_000).default(200)
});

const csvQuery = z.object({
	...filterFields,
	from: whole.default(0),
	to: whole.optional(),
	columns: list(EVENT_COLUMNS)
		.refine((columns) => columns.length > 0, 'must name a column')
		.default([...EVENT_COLUMNS])
});

/** Routes that number the filtered events: counts, and rows for a table that scrolls over all of them. */
export function registerRows(api: Api): void {
	api.openapi(
		get('/sessions/{id}/events/count', 'How many events meet a filter', 'EventCount', countQuery),
		async (c) => {
			const session = await c.env.store.getSession(c.req.valid('param').id);
			const filter = toFilter(c.req.valid('query'), session);
			const count = await countEvents(c.env.store, session.id, filter, c.req.raw.signal);
			return c.json({ count } satisfies EventCount);
		}
	);

	const rows = get(
		'/sessions/{id}/events/rows',
		'Filtered events by row number, or from the first row at or after a seq or a time',
		'EventRowPage',
		rowsQuery
	);
	api.openapi(rows, async (c) => {
		const { store } = c.env;
		const { row, seq, t, limit, ...fields } = c.req.valid('query');
		const session = await store.getSession(c.req.valid('param').id);
		const at = seq ?? (t === undefined ? undefined : await seqAtTime(store, session.id, t));
		const got = await eventRows(store, session.id, {
			filter: toFilter(fields, session),
			limit,
			signal: c.req.raw.signal,
			...(row === undefined ? {} : { row }),
			...(at === undefined ? {} : { seq: at })
		});
		return c.json({ ...got, events: got.events.map(wireEvent) } satisfies EventRowPage);
	});

	const csv = get(
		'/sessions/{id}/events.csv',
		'Events as CSV, in the columns named',
		media('Lines of CSV (RFC 4180), the names of the columns first', 'text/csv'),
		csvQuery
	);
	api.openapi(csv, async (c) => {
		const { from, to = Infinity, columns, ...fields } = c.req.valid('query');
		const session = await c.env.store.getSession(c.req.valid('param').id);
		const pieces = csvPieces(c.env.store, session.id, toFilter(fields, session), { from, to, columns });
		return c.body(textStream(pieces), 200, {
			'content-type': 'text/csv; charset=utf-8',
			'content-disposition': `attachment; filename="${session.id}.csv"`
		});
	});
}
