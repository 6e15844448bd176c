import { z } from '@hono/zod-openapi';
import type { TrackedCell, TrackedGrid, UsedGfns } from '#lib/api/tracking-types.ts';
import type { HeatMap } from '#lib/api/types.ts';
import { ACCESS_KINDS, MODES } from '#lib/domain/kinds.ts';
import { type LaneInfo, OUTSIDE_LANE, type SessionDetail } from '#lib/domain/session-info.ts';
import { heatMap } from '../query/heat-map.ts';
import { outsideLane } from '../query/outside-lane.ts';
import { trackedCell } from '../query/tracked-cell.ts';
import { trackedGrid } from '../query/tracked-grid.ts';
import { usedGfns } from '../query/used-gfns.ts';
import { encodeGrid } from './grid.ts';
import { cells, filterFields, flag, gfnRange, list, modeList, toFilter, whole } from './params.ts';
import { ApiError } from './problem.ts';
import type { Shape } from './shapes.ts';
import { get, json, MAX_CELLS, media, windowOf, type Api } from './route.ts';

const slot = z.string().regex(/^([01]:)?\d{1,3}$/, 'must be ID or AS:ID');
const gridFields = {
	from: whole.optional(),
	to: whole.optional(),
	lane: whole.optional(),
	slot: slot.optional(),
	gfn: gfnRange.optional(),
	columns: cells(16_384, 1200),
	rows: cells(16_384, 512),
	align: flag.default(false),
	format: z.enum(['json', 'grid']).default('json')
};
const heatQuery = z.object({
	...gridFields,
	kinds: modeList.optional(),
	vcpu: filterFields.vcpu,
	rip: filterFields.rip,
	q: filterFields.q,
	value: z.enum(['sum', 'pages', 'max', 'first', 'age']).default('sum')
});
const trackedQuery = z.object({
	...gridFields,
	mode: list(MODES).default([...MODES])
});

const cellQuery = z.object({ lane: whole.optional(), slot: slot.optional(), gfn: gfnRange, t: whole });

type GridQuery = Pick<z.output<typeof heatQuery>, keyof typeof gridFields>;

/** The lane that `lane` names or that `slot` had last. */
export function laneOf(
	session: SessionDetail,
	{ lane, slot: wanted }: { lane?: number | undefined; slot?: string | undefined }
): LaneInfo {
	let at = lane;
	if (at === undefined) {
		if (wanted === undefined)
			throw new ApiError(400, 'say lane=N or slot=ID', { lanes: session.lanes.length });
		const [slotId = 0, asId = 0] = wanted.split(':').map(Number).reverse();
		const found = session.memslots.findLast((each) => each.slotId === slotId && each.asId === asId);
		if (!found) throw new ApiError(404, `session ${session.id} never had a memslot ${wanted}`);
		at = found.lane;
	}
	const own = session.lanes[at];
	if (!own)
		throw new ApiError(404, `session ${session.id} has no lane ${at}`, { lanes: session.lanes.length });
	return own;
}

/** The asked part of a lane. */
function gridOf(session: SessionDetail, lane: LaneInfo, query: GridQuery) {
	if (query.columns * query.rows > MAX_CELLS)
		throw new ApiError(400, `columns x rows must not pass ${MAX_CELLS}`);
	const { columns, rows, align } = query;
	const gfn = query.gfn ?? { from: lane.baseGfn, to: lane.baseGfn + lane.npages };
	return { lane: lane.lane, time: windowOf(session, query), gfn, columns, rows, align };
}

const BINARY = 'application/octet-stream';
/** A grid in JSON, or with format=grid as bytes. */
const gridAnswer = (shape: Shape) => ({
	description: 'The grid; with format=grid as bytes',
	content: { ...json('', shape).content, ...media('', BINARY).content }
});

/** Grids over time and gfns: heat maps and tracked pages. */
export function registerHeat(api: Api): void {
	const heat = get(
		'/sessions/{id}/heatmap',
		'Accesses of a lane on a grid',
		gridAnswer('HeatMap'),
		heatQuery
	);
	api.openapi(heat, async (c) => {
		const query = c.req.valid('query');
		const session = await c.env.store.getSession(c.req.valid('param').id);
		const { vcpu, rip, q } = query;
		const filter = toFilter({ vcpu, rip, q }, session);
		const outside = query.lane === OUTSIDE_LANE && (await outsideLane(c.env.store, session));
		const lane = outside ? outside.lane : laneOf(session, query);
		const wanted = {
			...gridOf(session, lane, query),
			kinds: query.kinds ?? ACCESS_KINDS,
			value: query.value
		};
		const made = await heatMap(c.env.store, session, { ...wanted, filter }, c.req.raw.signal);
		const { from: _, ...grid } = made;
		if (query.format === 'grid') return c.body(encodeGrid(grid), 200, { 'content-type': BINARY });
		return c.json({ ...grid, cells: [...grid.cells] } satisfies HeatMap);
	});

	const path = '/sessions/{id}/tracked';
	const tracked = get(
		path,
		'Tracked pages of a lane at each column’s end',
		gridAnswer('TrackedGrid'),
		trackedQuery
	);
	api.openapi(tracked, async (c) => {
		const query = c.req.valid('query');
		const session = await c.env.store.getSession(c.req.valid('param').id);
		const wanted = { ...gridOf(session, laneOf(session, query), query), modes: query.mode };
		const grid = await trackedGrid(c.env.store, session, wanted, c.req.raw.signal);
		if (query.format === 'grid') return c.body(encodeGrid(grid), 200, { 'content-type': BINARY });
		return c.json({ ...grid, cells: [...grid.cells] } satisfies TrackedGrid);
	});

	const cell = get(
		'/sessions/{id}/tracked/cell',
		'Tracked pages of a range of gfns at an instant',
		'TrackedCell',
		cellQuery
	);
	api.openapi(cell, async (c) => {
		const query = c.req.valid('query');
		const session = await c.env.store.getSession(c.req.valid('param').id);
		const { lane } = laneOf(session, query);
		const wanted = { lane, tsNs: query.t, gfn: query.gfn };
		return c.json((await trackedCell(c.env.store, session, wanted)) satisfies TrackedCell);
	});

	const used = get(
		'/sessions/{id}/used',
		'Gfns that were accessed or tracked, by lane',
		'UsedGfns',
		z.object({})
	);
	api.openapi(used, async (c) => {
		const session = await c.env.store.getSession(c.req.valid('param').id);
		return c.json((await usedGfns(c.env.store, session)) satisfies UsedGfns);
	});
}
