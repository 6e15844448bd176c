import { getTimeline } from '#lib/api/client.ts';
import type { Workbench } from '#lib/components/workbench/workbench.svelte.ts';
import { formatDuration } from '#lib/view/format.ts';
import { filterConditions, lanesFilter } from '#lib/view/lanes-filter.ts';
import { labelsThatFit } from '#lib/view/marks.ts';
import { overviewNoteBox } from '#lib/view/note-boxes.ts';
import { pinText } from '#lib/view/note-pin.ts';
import type { Theme } from '#lib/view/palette.ts';
import { type Picture, pictureSvg, PLOT_WIDTH } from '#lib/view/picture.ts';
import { drawOverview, OVERVIEW_HEIGHT } from '#lib/view/picture-overview.ts';
import { scaleOf } from '#lib/view/range.ts';
import { stackSeries } from '#lib/view/stack.ts';
import { pictureHead } from './picture-head.ts';

/** A picture of the events in the window, by kind. @throws {ApiProblem} */
export async function makeOverviewPicture(bench: Workbench, theme: Theme): Promise<Picture> {
	const { time, clock, session } = bench;
	const query = {
		from: time.from,
		to: time.to,
		columns: PLOT_WIDTH / 2,
		by: 'kind',
		q: lanesFilter(bench.view)
	};
	const { startNs, columnNs, columns, series } = await getTimeline(session.id, query);
	const x = scaleOf(time, PLOT_WIDTH);
	const marks = session.marks.filter((mark) => mark.tsNs >= time.from && mark.tsNs < time.to);
	const fits = labelsThatFit(marks.map((mark) => ({ x: x.at(mark.tsNs), width: mark.name.length * 6 })));
	const drawing = drawOverview({
		...{ layers: stackSeries(series, columns), startNs, columnNs, time, clock, theme },
		marks: marks.map((mark, i) => ({ tsNs: mark.tsNs, name: fits[i] ? mark.name : '' })),
		lost: session.losses
			.map((loss) => ({ from: Math.max(time.from, loss.startNs), to: Math.min(time.to, loss.endNs + 1) }))
			.filter((loss) => loss.from < loss.to),
		notes: bench.notes.ordered.flatMap((note) => {
			const box = overviewNoteBox(note.pin, { time, x, height: OVERVIEW_HEIGHT });
			return box ? [{ box, text: note.text, where: pinText(note.pin, clock, bench.lanes) }] : [];
		})
	});
	const conditions = [
		'events of all kinds',
		`a column is ${formatDuration(columnNs, clock)}`,
		...filterConditions(bench.view)
	];
	return pictureSvg(
		pictureHead(bench, { title: 'events by kind', theme, conditions, modal: false }),
		drawing
	);
}
