import type { AnalysisAnswer } from '#lib/api/analyses-client.ts';
import type { ModeCounts, OffsetMap } from '#lib/api/analyses-types.ts';
import { workingSetSeries } from '#lib/components/analyses/series.ts';
import type { Workbench } from '#lib/components/workbench/workbench.svelte.ts';
import { MODES } from '#lib/domain/kinds.ts';
import { hex } from '#lib/domain/units.ts';
import { analysisTitle } from '#lib/view/analysis-view.ts';
import { colourIndex } from '#lib/view/colour-scale.ts';
import { formatDuration, formatInt } from '#lib/view/format.ts';
import { laneName } from '#lib/view/lane-text.ts';
import type { Theme } from '#lib/view/palette.ts';
import {
	type Drawing,
	type Picture,
	pictureColour,
	type PictureColour,
	pictureSvg,
	PLOT_WIDTH
} from '#lib/view/picture.ts';
import { type BarRow, drawBars, drawSeries } from '#lib/view/picture-charts.ts';
import { drawHeat } from '#lib/view/picture-heat.ts';
import { scaleOf } from '#lib/view/range.ts';
import type { ChartSeries } from '#lib/view/series-chart.ts';
import { cellImage } from './cell-image.ts';
import { pictureHead } from './picture-head.ts';

/** Most bars of a picture. */
const BARS = 25;

/** A picture of an analysis's answer, as the panel shows it. */
export function makeAnalysisPicture(bench: Workbench, answer: AnalysisAnswer, theme: Theme): Picture {
	const { analysis, filter } = bench.view;
	const lane = bench.lanes.find((each) => each.lane === analysis.lane);
	const conditions = [
		...(lane && answer.name !== 'anomalies' ? [`memslot ${laneName(lane)}`] : []),
		...(analysis.filtered && filter.trim() ? [filter] : [])
	];
	const head = pictureHead(bench, {
		...{ title: analysisTitle(answer.name), theme, conditions },
		modal: answer.name !== 'anomalies'
	});
	return pictureSvg(head, draw(bench, answer, theme));
}

function draw(bench: Workbench, answer: AnalysisAnswer, theme: Theme): Drawing {
	const { time, clock } = bench;
	const [accent, danger] = [pictureColour(theme, 'accent'), pictureColour(theme, 'danger')];
	const bars = (rows: BarRow[], unit: string, modes = false) =>
		drawBars(rows, { unit, theme, legend: modes ? modeLegend(theme) : [] });
	switch (answer.name) {
		case 'working-set': {
			const { data } = answer;
			const series = workingSetSeries(data, bench.session.lanes).map((each) => literal(each, theme));
			return drawSeries({
				...{ time, clock, theme, most: data.peak?.pages ?? 1, panels: [{ title: '', series }] },
				place: { startNs: data.startNs, columnNs: data.windowNs, columns: data.windows },
				unit: `distinct pages in ${formatDuration(data.windowNs, clock)}`
			});
		}
		case 'vcpus': {
			const { data } = answer;
			const panels = data.vcpus.map(({ vcpuId, columns, total }) => ({
				title: `${vcpuId === null ? 'without a vCPU' : `vCPU ${vcpuId}`}: ${formatInt(total)} accesses`,
				series: [{ key: 'accesses', label: 'accesses', colour: accent, values: columns }]
			}));
			const most = Math.max(1, ...data.vcpus.map((vcpu) => Math.max(...vcpu.columns)));
			return drawSeries({ ...{ time, clock, theme, most, panels }, place: data, unit: 'accesses' });
		}
		case 'offsets':
			return drawOffsets(bench, answer.data, theme);
		case 'hot-pages': {
			const rows = answer.data.items.map((item) => modeBar(`gfn ${hex(item.gfn)}`, item.counts, theme));
			return bars(rows.slice(0, BARS), `accesses${some(answer.data.pages)}`, true);
		}
		case 'top-rips': {
			const rows = answer.data.items.map((item) => modeBar(item.symbol ?? item.rip, item.counts, theme));
			return bars(rows.slice(0, BARS), `accesses${some(answer.data.rips)}`, true);
		}
		case 'idle-ages': {
			const rows = answer.data.buckets.map(({ fromNs, toNs, pages }) =>
				bar(`${formatDuration(fromNs, clock)} – ${formatDuration(toNs, clock)}`, pages, accent)
			);
			return bars(rows, 'pages idle that long at the window’s end');
		}
		case 'written-executed': {
			const rows = answer.data.items.map((item) =>
				bar(
					`gfn ${hex(item.gfn)} #${formatInt(item.execSeq)}`,
					item.delayNs,
					accent,
					formatDuration(item.delayNs, clock)
				)
			);
			return bars(
				rows.slice(0, BARS),
				`delay from the last write to the execution (${clock})${some(answer.data.total)}`
			);
		}
		case 'retry-storms': {
			const rows = answer.data.items.map((item) =>
				bar(`${item.mode} gfn ${hex(item.gfn)} #${formatInt(item.firstSeq)}`, item.count, danger)
			);
			return bars(rows.slice(0, BARS), `notifications of the same access${some(answer.data.total)}`);
		}
		case 'anomalies':
			return bars(
				answer.data.quirks.map(({ quirk, count }) => bar(quirk, count, danger)),
				'anomalies'
			);
	}
}

/** Says that there are more than the picture has room for. */
const some = (total: number): string => (total > BARS ? `; the first ${BARS} of ${formatInt(total)}` : '');

const bar = (label: string, value: number, colour: string, text = formatInt(value)): BarRow => ({
	...{ label, text },
	parts: [{ value, colour }]
});

const modeBar = (label: string, counts: ModeCounts, theme: Theme): BarRow => ({
	label,
	text: formatInt(MODES.reduce((sum, mode) => sum + counts[mode], 0)),
	parts: MODES.map((mode) => ({ value: counts[mode], colour: pictureColour(theme, mode) }))
});

const modeLegend = (theme: Theme) =>
	MODES.map((mode) => ({ label: mode, colour: pictureColour(theme, mode) }));

const TOKENS: Readonly<Record<string, PictureColour>> = {
	'var(--accent)': 'accent',
	'var(--line-strong)': 'axis'
};

/** A series whose colour needs no style sheet. */
function literal(series: ChartSeries, theme: Theme): ChartSeries {
	const kind = /^var\(--kind-(\w+)\)$/.exec(series.colour)?.[1] as PictureColour | undefined; // tokens of app.css
	return { ...series, colour: pictureColour(theme, kind ?? TOKENS[series.colour] ?? 'other') };
}

function drawOffsets(bench: Workbench, data: OffsetMap, theme: Theme): Drawing {
	const height = 384;
	const { scale } = bench.view;
	const { clock } = bench;
	const time = { from: data.startNs, to: data.startNs + data.columns * data.periodNs };
	const index = colourIndex(scale, Math.max(1, data.max), [data.cells]);
	const y = scaleOf({ from: 0, to: data.periodNs }, height);
	const share = (data.rows * data.rowNs) / data.periodNs;
	return drawHeat({
		parts: [
			{
				...{ top: 0, height, image: cellImage(data, index, theme) },
				// the last row may reach beyond the period
				box: { x: 0, y: height * (1 - share), width: PLOT_WIDTH, height: height * share }
			}
		],
		...{ height, time, clock, theme, uncovered: [], lost: [] },
		yTicks: [0, 0.25, 0.5, 0.75, 1].map((part) => ({
			at: height - y.at(part * data.periodNs),
			label: part ? formatDuration(part * data.periodNs, clock) : '0'
		})),
		yName: `offset in a period of ${formatDuration(data.periodNs, clock)}`,
		legend: { low: '1', high: formatInt(data.max), unit: `accesses a cell (${scale} scale)` }
	});
}
