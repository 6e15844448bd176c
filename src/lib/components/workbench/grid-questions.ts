import { sessionUrl } from '#lib/api/client.ts';
import { type LaneInfo, OUTSIDE_LANE } from '#lib/domain/session-info.ts';
import type { GfnScale } from '#lib/view/gfn-scale.ts';
import { lanesFilter } from '#lib/view/lanes-filter.ts';
import { modesText } from '#lib/view/mode-choice.ts';
import { clampRange, type Range, span } from '#lib/view/range.ts';
import type { Workbench } from './workbench.svelte.ts';

/** What of a lane is to be seen, and how large. */
export interface GridSize {
	readonly scale: GfnScale;
	/** Pixels of the time window. */
	readonly width: number;
	/** Pixels that make a cell, both ways. */
	readonly each: number;
}

/** The next multiple: a layout that moves by a few pixels asks for no other picture. */
const upTo = (step: number, pixels: number) => Math.max(1, Math.ceil(pixels / step)) * step;

/** The window and a quarter of it to both sides, so that a short drag shows no edge. */
function wideWindow({ time, whole }: Workbench): Range {
	const more = span(time) / 4;
	const wide = { from: time.from - more, to: time.to + more };
	return span(wide) >= span(whole) ? whole : clampRange(wide, whole);
}

/** A query for each stretch of gfns that is not folded. */
function queries(bench: Workbench, { lane }: LaneInfo, { scale, width, each }: GridSize) {
	const wide = wideWindow(bench);
	// a live session grows: another number of events is another picture
	const common = { lane, ...wide, align: 1, events: bench.session.events, format: 'grid' };
	const columns = upTo(64, (width * span(wide)) / span(bench.time) / each);
	return scale.pieces
		.filter((piece) => !piece.folded)
		.map(({ gfns, height }) => ({
			...common,
			...{ gfn: `${gfns.from}..${gfns.to}`, columns, rows: upTo(16, height / each) }
		}));
}

/** Addresses of the grids of accesses that the view asks for, one for each stretch of the lane; none if no mode is on. */
export function accessUrls(bench: Workbench, lane: LaneInfo, size: GridSize): string[] {
	const { modes, value } = bench.view;
	if (!modes.length) return [];
	const kinds = modesText(modes) ?? undefined;
	const q = lanesFilter(bench.view);
	return queries(bench, lane, size).map((query) =>
		sessionUrl(bench.session.id, '/heatmap', { ...query, kinds, value, q })
	);
}

/**
 * Address of one cell over the window and the gfns that a lane shows: how many accesses are drawn. Empty where the
 * session's own numbers say it: all modes, or none, over the whole session, without a filter.
 */
export function drawnUrl(bench: Workbench, { lane }: LaneInfo): string {
	const { time, gfns, modes } = bench.view;
	const kinds = modesText(modes) ?? undefined;
	const pages = gfns[lane];
	const q = lanesFilter(bench.view);
	if (!modes.length || (!time && !pages && !kinds && q === undefined)) return '';
	// over the whole lane the pyramid answers, which needs whole buckets
	const range = time || pages ? { ...bench.time, gfn: pages && `${pages.from}..${pages.to}` } : { align: 1 };
	const { id, events } = bench.session;
	const query = { lane, ...range, kinds, q, columns: 1, rows: 1, events, format: 'grid' };
	return sessionUrl(id, '/heatmap', query);
}

/** Addresses of the grids of tracked pages; none if the source does not tell any. */
export function trackedUrls(bench: Workbench, lane: LaneInfo, size: GridSize): string[] {
	const { modes } = bench.view;
	if (!bench.hasTracking || !modes.length || lane.lane === OUTSIDE_LANE) return [];
	return queries(bench, lane, size).map((query) =>
		sessionUrl(bench.session.id, '/tracked', { ...query, mode: modes.join(',') })
	);
}

/**
 * Addresses of coarse grids of a lane. They do not go by the window's size, so that the browser asks for them while the
 * page's code is still on its way.
 */
export const coarseUrls = (bench: Workbench, lane: LaneInfo): string[] =>
	accessUrls(bench, lane, { scale: bench.gfnScaleOf(lane, 192), width: 512, each: 1 });
