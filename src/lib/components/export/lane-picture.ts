import { getGrid, sessionUrl } from '#lib/api/client.ts';
import type { Workbench } from '#lib/components/workbench/workbench.svelte.ts';
import { type LaneInfo, OUTSIDE_LANE } from '#lib/domain/session-info.ts';
import { ageIndex, valueName, valueText, valueUnit } from '#lib/view/cell-values.ts';
import { colourIndex } from '#lib/view/colour-scale.ts';
import { uncovered } from '#lib/view/coverage.ts';
import { formatCount, formatGfns, formatInt } from '#lib/view/format.ts';
import { bandBoxes } from '#lib/view/gfn-names.ts';
import type { GfnPiece, GfnScale } from '#lib/view/gfn-scale.ts';
import { type Grid, placeGrid } from '#lib/view/grid.ts';
import { foldLabel, laneName, laneSlots } from '#lib/view/lane-text.ts';
import { filterConditions, lanesFilter } from '#lib/view/lanes-filter.ts';
import type { Theme } from '#lib/view/palette.ts';
import { type Picture, pictureSvg, PLOT_WIDTH } from '#lib/view/picture.ts';
import { BAND_WIDTH, laneNotes } from '#lib/view/picture-notes.ts';
import { scaleOf } from '#lib/view/range.ts';
import { trackedOutlines } from '#lib/view/tracked-outline.ts';
import { drawHeat, gfnAxisTicks, type HeatPart } from '#lib/view/picture-heat.ts';
import { cellImage } from './cell-image.ts';
import { pictureHead } from './picture-head.ts';

const HEIGHT = 420;

/** A stretch of the lane's gfns that is not folded, and its cells. */
interface Stretch {
	readonly piece: GfnPiece;
	readonly grid: Grid;
}

/**
 * The cells of exactly the window and gfns that the lane shows, a grid for each stretch that is not folded; `rows`
 * are shared among them by their pages. @throws {ApiProblem}
 */
export async function laneStretches(
	bench: Workbench,
	lane: LaneInfo,
	{ columns, rows }: { columns: number; rows: number }
): Promise<{ scale: GfnScale; stretches: Stretch[] }> {
	const { modes, value } = bench.view;
	const scale = bench.gfnScaleOf(lane, HEIGHT);
	const shown = scale.pieces.filter((piece) => !piece.folded);
	const room = shown.reduce((sum, piece) => sum + piece.height, 0);
	const ask = async (piece: GfnPiece): Promise<Stretch> => {
		const query = {
			...{
				format: 'grid',
				lane: lane.lane,
				kinds: modes.join(','),
				value,
				q: lanesFilter(bench.view),
				from: bench.time.from,
				to: bench.time.to
			},
			...{ gfn: `${piece.gfns.from}..${piece.gfns.to}`, columns },
			rows: Math.max(1, Math.round((rows * piece.height) / room))
		};
		return { piece, grid: await getGrid(sessionUrl(bench.session.id, '/heatmap', query)) };
	};
	return { scale, stretches: await Promise.all(shown.map(ask)) };
}

/** The outline of the pages that some shown mode tracks; absent if the source tells none. @throws {ApiProblem} */
async function outlineOf(
	bench: Workbench,
	lane: LaneInfo,
	{ gfns, height }: GfnPiece
): Promise<Pick<HeatPart, 'tracked'>> {
	const { modes } = bench.view;
	if (!bench.hasTracking || !modes.length || lane.lane === OUTSIDE_LANE) return {};
	const query = {
		...{ format: 'grid', lane: lane.lane, mode: modes.join(','), from: bench.time.from, to: bench.time.to },
		...{ gfn: `${gfns.from}..${gfns.to}`, columns: PLOT_WIDTH / 2, rows: Math.ceil(height / 2) }
	};
	const grid = await getGrid(sessionUrl(bench.session.id, '/tracked', query));
	const box = placeGrid(grid, { time: bench.time, gfns, width: PLOT_WIDTH, height });
	const own = { from: lane.baseGfn, to: lane.baseGfn + lane.npages };
	return { tracked: { levels: trackedOutlines(grid, own), columns: grid.columns, rows: grid.rows, box } };
}

/** A picture of a lane as it is on the screen, drawn anew at the picture's size. @throws {ApiProblem} */
export async function makeLanePicture(bench: Workbench, lane: LaneInfo, theme: Theme): Promise<Picture> {
	const { value, scale: colours } = bench.view;
	const gfns = bench.gfnsOf(lane);
	const { scale, stretches } = await laneStretches(bench, lane, { columns: PLOT_WIDTH, rows: HEIGHT });
	const most = stretches.reduce((max, { grid }) => Math.max(max, grid.max), 1);
	const counts = colourIndex(
		colours,
		most,
		stretches.map(({ grid }) => grid.cells)
	);
	const index = value === 'age' ? ageIndex(counts) : counts;
	const parts = stretches.map(async ({ piece, grid }): Promise<HeatPart> => ({
		...{ top: piece.top, height: piece.height, image: cellImage(grid, index, theme) },
		box: placeGrid(grid, { time: bench.time, gfns: piece.gfns, width: PLOT_WIDTH, height: piece.height }),
		...(await outlineOf(bench, lane, piece))
	}));
	const text = valueText(value, most, bench.clock);
	const x = scaleOf(bench.time, PLOT_WIDTH);
	const plot = { lane: lane.lane, time: bench.time, gfns, x, y: scale, height: HEIGHT };
	const drawing = drawHeat({
		parts: await Promise.all(parts),
		breaks: scale.pieces
			.filter((piece) => piece.folded)
			.map(({ top, height, gfns: gap }) => ({ top, height, label: foldLabel(gap) })),
		height: HEIGHT,
		...{ time: bench.time, clock: bench.clock, theme },
		yTicks: gfnAxisTicks(scale),
		yName: 'guest frame number (gfn)',
		legend: {
			...(value === 'age' ? { low: text, high: 'now,' } : { low: '1', high: text }),
			unit: `${valueUnit(value)} (${colours} scale)`
		},
		uncovered: uncovered(bench.session.memslots, lane.lane, bench.whole),
		lost: bench.session.losses.map((loss) => ({
			from: loss.startNs,
			to: Math.max(loss.endNs, loss.startNs + 1)
		})),
		notes: laneNotes(bench.notes.ordered, plot, bench),
		band: bandBoxes(bench.names.ranges, { gfns, at: scale.at, width: BAND_WIDTH, height: HEIGHT })
	});
	const pages = [...new Set(stretches.map(({ grid }) => grid.rowPages))].sort((a, b) => a - b);
	const conditions = [
		`gfns ${formatGfns(gfns.from, gfns.to)}, ${formatCount(gfns.to - gfns.from, 'page')}`,
		`a cell is ${pages.map(formatInt).join(' or ')} ${pages.length === 1 && pages[0] === 1 ? 'page' : 'pages'} high`,
		...filterConditions(bench.view)
	];
	const title = `${laneName(lane)} (${laneSlots(lane)}): ${valueName(value)}`;
	return pictureSvg(pictureHead(bench, { title, theme, conditions }), drawing);
}
