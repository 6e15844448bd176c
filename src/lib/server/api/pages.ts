import { z } from '@hono/zod-openapi';
import type { EventStep, PageNeighbours } from '#lib/api/event-types.ts';
import type { StateDiff, WhyTracked } from '#lib/api/tracking-types.ts';
import { PAGE_KINDS } from '#lib/domain/kinds.ts';
import type { EventFilter } from '../query/filter.ts';
import { stateDiff } from '../query/state-diff.ts';
import { stepEvent, TRACKING_KINDS } from '../query/step.ts';
import { whyTracked } from '../query/why-tracked.ts';
import { filterFields, kindList, pageParam, toFilter, whole } from './params.ts';
import { ApiError } from './problem.ts';
import { wireEvent } from '../query/wire-event.ts';
import { get, positionOf, type Api } from './route.ts';

const positionQuery = z.object({ seq: whole.optional(), t: whole.optional() });
const neighboursQuery = z.object({ seq: whole, kinds: kindList.optional() });
const diffQuery = z.object({ from: whole, to: whole });
const stepQuery = z.object({
	...filterFields,
	seq: whole,
	dir: z.enum(['next', 'previous']).default('next'),
	what: z.enum(['event', 'tracking', 'page']).default('event')
});

/** What a step looks for; a page step needs `gfn`. */
function stepFilter(what: z.output<typeof stepQuery>['what'], filter: EventFilter): EventFilter {
	if (what === 'event') return filter;
	if (what === 'page' && !filter.gfn) throw new ApiError(400, 'what=page needs gfn=N');
	const kinds = what === 'page' ? PAGE_KINDS : TRACKING_KINDS;
	return { ...filter, kinds: (filter.kinds ?? kinds) & kinds };
}

/** Routes about one page, steps from event to event, and the difference of two states. */
export function registerPages(api: Api): void {
	const why = get(
		'/sessions/{id}/pages/{gfn}/why',
		'Why a page is tracked: the track_add events that still count, and what a policy arms',
		'WhyTracked',
		positionQuery,
		{ params: pageParam }
	);
	api.openapi(why, async (c) => {
		const { id, gfn } = c.req.valid('param');
		const session = await c.env.store.getSession(id);
		const seq = await positionOf(c.env.store, session, c.req.valid('query'));
		return c.json((await whyTracked(c.env.store, session, gfn, seq)) satisfies WhyTracked);
	});

	const neighbours = get(
		'/sessions/{id}/pages/{gfn}/neighbours',
		'The events on a page right before and after a position',
		'PageNeighbours',
		neighboursQuery,
		{ params: pageParam }
	);
	api.openapi(neighbours, async (c) => {
		const { store } = c.env;
		const { id, gfn } = c.req.valid('param');
		const { seq, kinds } = c.req.valid('query');
		await store.getSession(id);
		const filter = { gfn: { from: gfn, to: gfn + 1 }, kinds: (kinds ?? PAGE_KINDS) & PAGE_KINDS };
		const previous = await stepEvent(store, id, filter, seq, 'previous');
		const next = await stepEvent(store, id, filter, seq, 'next');
		return c.json({
			previous: previous && wireEvent(previous),
			next: next && wireEvent(next)
		} satisfies PageNeighbours);
	});

	const diff = get('/sessions/{id}/state/diff', 'What differs between two positions', 'StateDiff', diffQuery);
	api.openapi(diff, async (c) => {
		const { from, to } = c.req.valid('query');
		const session = await c.env.store.getSession(c.req.valid('param').id);
		const range = {
			from: await positionOf(c.env.store, session, { seq: from }),
			to: await positionOf(c.env.store, session, { seq: to })
		};
		return c.json((await stateDiff(c.env.store, session, range)) satisfies StateDiff);
	});

	const step = get(
		'/sessions/{id}/events/step',
		'The next or previous event, tracking change, or event on a page',
		'EventStep',
		stepQuery
	);
	api.openapi(step, async (c) => {
		const { seq, dir, what, ...fields } = c.req.valid('query');
		const session = await c.env.store.getSession(c.req.valid('param').id);
		const filter = stepFilter(what, toFilter(fields, session));
		const event = await stepEvent(c.env.store, session.id, filter, seq, dir);
		return c.json({ event: event && wireEvent(event) } satisfies EventStep);
	});
}
