import { decodeGrid } from '#lib/api/binary-grid.ts';
import { getGrid, getTracked } from '#lib/api/client.ts';
import type { Workbench } from '#lib/components/workbench/workbench.svelte.ts';
import type { LaneInfo } from '#lib/domain/session-info.ts';
import { ageIndex, valueName, valueText, valueUnit } from '#lib/view/cell-values.ts';
import { colourIndex } from '#lib/view/colour-scale.ts';
import { uncovered } from '#lib/view/coverage.ts';
import { formatCount, formatGfns } from '#lib/view/format.ts';
import { type Grid, placeGrid } from '#lib/view/grid.ts';
import { laneName, laneSlots } from '#lib/view/lane-text.ts';
import type { Theme } from '#lib/view/palette.ts';
import { type Picture, pictureSvg, PLOT_WIDTH } from '#lib/view/picture.ts';
import { trackedOutline } from '#lib/view/tracked-outline.ts';
import { drawHeat, gfnAxisTicks, type HeatDrawing } from '#lib/view/picture-heat.ts';
import { cellImage } from './cell-image.ts';
import { pictureHead } from './picture-head.ts';

const HEIGHT = 420;

/** The cells of exactly the window and gfns that the lane shows. @throws {ApiProblem} */
export async function laneGrid(
	bench: Workbench,
	lane: LaneInfo,
	columns: number,
	rows: number
): Promise<Grid> {
	const { modes, value } = bench.view;
	const { from, to } = bench.gfnsOf(lane);
	const query = {
		...{ lane: lane.lane, kinds: modes.join(','), value, from: bench.time.from, to: bench.time.to },
		...{ gfn: `${from}..${to}`, columns, rows }
	};
	return decodeGrid(await getGrid(bench.session.id, query));
}

/** The outline of the pages that some shown mode tracks; absent if the source tells none. @throws {ApiProblem} */
async function laneOutline(bench: Workbench, lane: LaneInfo): Promise<{ tracked?: HeatDrawing['tracked'] }> {
	const { modes } = bench.view;
	if (!bench.hasTracking || !modes.length) return {};
	const gfns = bench.gfnsOf(lane);
	const query = {
		...{ lane: lane.lane, mode: modes.join(','), from: bench.time.from, to: bench.time.to },
		...{ gfn: `${gfns.from}..${gfns.to}`, columns: PLOT_WIDTH / 2, rows: HEIGHT / 2 }
	};
	const grid = decodeGrid(await getTracked(bench.session.id, query));
	const box = placeGrid(grid, { time: bench.time, gfns, width: PLOT_WIDTH, height: HEIGHT });
	return { tracked: { edges: trackedOutline(grid), columns: grid.columns, rows: grid.rows, box } };
}

/** A picture of a lane as it is on the screen, drawn anew at the picture's size. @throws {ApiProblem} */
export async function makeLanePicture(bench: Workbench, lane: LaneInfo, theme: Theme): Promise<Picture> {
	const { value, scale } = bench.view;
	const gfns = bench.gfnsOf(lane);
	const grid = await laneGrid(bench, lane, PLOT_WIDTH, HEIGHT);
	const outline = await laneOutline(bench, lane);
	const most = Math.max(1, grid.max);
	const counts = colourIndex(scale, most, [grid.cells]);
	const text = valueText(value, most, bench.clock);
	const drawing = drawHeat({
		...outline,
		image: cellImage(grid, value === 'age' ? ageIndex(counts) : counts, theme),
		box: placeGrid(grid, { time: bench.time, gfns, width: PLOT_WIDTH, height: HEIGHT }),
		height: HEIGHT,
		...{ time: bench.time, clock: bench.clock, theme },
		yTicks: gfnAxisTicks(gfns, HEIGHT),
		yName: 'guest frame number (gfn)',
		legend: {
			...(value === 'age' ? { low: text, high: 'now,' } : { low: '1', high: text }),
			unit: `${valueUnit(value)} (${scale} scale)`
		},
		uncovered: uncovered(bench.session.memslots, lane.lane, bench.whole),
		lost: bench.session.losses.map((loss) => ({
			from: loss.startNs,
			to: Math.max(loss.endNs, loss.startNs + 1)
		}))
	});
	const conditions = [
		`gfns ${formatGfns(gfns.from, gfns.to)}, ${formatCount(gfns.to - gfns.from, 'page')}`,
		`a cell is ${formatCount(grid.rowPages, 'page')} high`
	];
	const title = `${laneName(lane)} (${laneSlots(lane)}): ${valueName(value)}`;
	return pictureSvg(pictureHead(bench, { title, theme, conditions }), drawing);
}
