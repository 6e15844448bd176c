import type { ComparedGrid } from '#lib/api/compare-types.ts';
import { getNotes } from '#lib/api/notes-client.ts';
import type { LanePair } from '#lib/domain/lane-pairs.ts';
import { modesLabel } from '#lib/view/mode-choice.ts';
import { hex } from '#lib/domain/units.ts';
import { compareTicks } from '#lib/view/compare-ticks.ts';
import { type SideName, SIDES } from '#lib/view/compare-view.ts';
import { filledShare } from '#lib/view/compared-cells.ts';
import { formatDuration, formatGfns, formatInt, formatTime } from '#lib/view/format.ts';
import { paletteStops, type Theme } from '#lib/view/palette.ts';
import { type Drawing, type Picture, pictureSvg, PLOT_WIDTH } from '#lib/view/picture.ts';
import { gfnScale } from '#lib/view/gfn-scale.ts';
import { notesInOrder } from '#lib/view/note-pin.ts';
import { laneNotes, type PictureNote } from '#lib/view/picture-notes.ts';
import { scaleOf } from '#lib/view/range.ts';
import { drawCompared } from '#lib/view/picture-compare.ts';
import { onlyColour, ratioStops } from '#lib/view/ratio-colour.ts';
import type { Comparing } from './comparing.svelte.ts';
import { comparedImage } from './paint-compared.ts';

/** Height of a map's plot. */
const HEIGHT = 220;

/**
 * The maps of a pair of lanes as they are on the screen, one below the other, with the notes of each side's session.
 * @throws {Error} without the cells, or the notes
 */
export async function makeComparePicture(
	comparing: Comparing,
	pair: LanePair,
	theme: Theme
): Promise<Picture> {
	const grid = comparing.grids.get(pair.pair);
	if (!grid) throw new Error('the maps have not come yet');
	const { maps, modes } = comparing.view;
	const shown: readonly (SideName | 'ratio')[] = [
		...(maps === 'ratio' ? [] : SIDES),
		...(maps === 'sides' ? [] : (['ratio'] as const))
	];
	const gfns = comparing.gfnsOf(pair);
	const drawings = await Promise.all(shown.map((what) => drawMap(comparing, pair, grid, { what, theme })));
	const name = pair.names.join(', ') || hex(pair.baseGfn);
	const head = {
		...{ title: `${name}: A and B compared`, theme },
		session: SIDES.map((side) => `${side.toUpperCase()} ${comparing.session(side)?.name ?? ''}`).join(' · '),
		window: SIDES.map((side) => windowText(comparing, side)).join(' · '),
		filter: [
			modesLabel(modes),
			`gfns ${formatGfns(gfns.from, gfns.to)}`,
			comparing.align === 'time' ? 'aligned by time' : 'each window stretched',
			comparing.normalise === 'time' ? 'ratios for equal time' : 'absolute numbers'
		].join(' · ')
	};
	return pictureSvg(head, stacked(drawings));
}

function windowText(comparing: Comparing, side: SideName): string {
	const { from, to } = comparing.time(side);
	const clock = comparing.session(side)?.clock ?? 'ns';
	return `${side.toUpperCase()} [${formatTime(from, clock)}, ${formatTime(to, clock)}), ${formatDuration(to - from, clock)}`;
}

/** The notes of a side's session about what its map shows; none under the log ratio, which has neither side's time. */
async function notesOf(
	comparing: Comparing,
	pair: LanePair,
	grid: ComparedGrid,
	side: SideName
): Promise<PictureNote[]> {
	const session = comparing.session(side);
	const got = session && (await getNotes(session.id, null));
	if (!got) return [];
	const { startNs, columnNs } = grid[side];
	const gfns = comparing.gfnsOf(pair);
	const plot = {
		...{ lane: pair[side] ?? -1, time: comparing.time(side), gfns, height: HEIGHT },
		x: scaleOf({ from: startNs, to: startNs + columnNs * grid.columns }, PLOT_WIDTH),
		y: gfnScale(gfns, HEIGHT)
	};
	return laneNotes(notesInOrder(got.notes), plot, session);
}

async function drawMap(
	comparing: Comparing,
	pair: LanePair,
	grid: ComparedGrid,
	{ what, theme }: { what: SideName | 'ratio'; theme: Theme }
): Promise<Drawing> {
	const { align, ratioLimit, max } = comparing;
	const sides: readonly SideName[] = what === 'ratio' ? SIDES : [what];
	const clock = comparing.session(sides[0] ?? 'a')?.clock ?? 'ns';
	const ratio = what === 'ratio';
	return drawCompared({
		...{ theme, id: what, height: HEIGHT },
		title: ratio
			? 'log ratio log2((B + 1) / (A + 1))'
			: `${what.toUpperCase()}: ${comparing.session(what)?.name ?? ''}`,
		image: dataUrl(comparedImage(grid, what, comparing, theme)),
		filled: Math.min(
			...sides.map((side) => (pair[side] === null ? 0 : filledShare(grid, side, comparing.time(side))))
		),
		gfns: comparing.gfnsOf(pair),
		imageGfns: { from: grid.startGfn, to: grid.startGfn + grid.rows * grid.rowPages },
		ticks: compareTicks(grid, what, { align, clock, width: PLOT_WIDTH }),
		ramps: ratio ? [ratioStops(theme), ratioStops(theme, true)] : [paletteStops(theme)],
		legend: ratio
			? { low: `−${ratioLimit} more in A`, high: `+${ratioLimit} more in B` }
			: { low: '1', high: `${formatInt(max)} accesses a cell (${comparing.view.scale} scale)` },
		squares: ratio
			? [
					{ label: 'only in A', colour: onlyColour(theme, 'a') },
					{ label: 'only in B', colour: onlyColour(theme, 'b') }
				]
			: [],
		notes: ratio ? [] : await notesOf(comparing, pair, grid, what)
	});
}

function stacked(drawings: readonly Drawing[]): Drawing {
	let y = 0;
	const parts = drawings.map(({ body, height }) => {
		const part = `<g transform="translate(0,${y})">${body}</g>`;
		y += height;
		return part;
	});
	return { body: parts.join(''), height: y };
}

function dataUrl(image: ImageData): string {
	const canvas = document.createElement('canvas');
	canvas.width = image.width;
	canvas.height = image.height;
	const context = canvas.getContext('2d');
	if (!context) throw new Error('this browser offers no canvas');
	context.putImageData(image, 0, 0);
	return canvas.toDataURL('image/png');
}
