import type { WorkingSet } from '#lib/api/analyses-types.ts';
import type { LaneInfo } from '#lib/domain/session-info.ts';
import { isMode } from '#lib/view/kind-text.ts';
import { laneName } from '#lib/view/lane-text.ts';
import type { ChartSeries } from '#lib/view/series-chart.ts';

/** Colours of lines that are no mode, told apart by colour-blind eyes too; tokens of the page. */
const COLOURS = ['preread', 'prewrite', 'preexec', 'state', 'write', 'other'] as const;

/** The lines of a working set's chart; the whole first unless there is only one part. */
export function workingSetSeries(data: WorkingSet, lanes: readonly LaneInfo[]): ChartSeries[] {
	const parts = data.series.map(({ key, pages }, i) => ({
		...{ key, values: pages },
		label: isMode(key) ? key : laneLabel(key, lanes),
		colour: `var(--kind-${isMode(key) ? key : COLOURS[i % COLOURS.length]})`
	}));
	if (parts.length < 2) return parts;
	return [{ key: 'all', label: 'all together', colour: 'var(--line-strong)', values: data.pages }, ...parts];
}

function laneLabel(key: string, lanes: readonly LaneInfo[]): string {
	const lane = lanes.find((each) => String(each.lane) === key);
	return lane ? laneName(lane) : 'outside every memslot';
}
