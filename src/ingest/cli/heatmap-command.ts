import { Command, Option } from 'commander';
import { interpolateInferno, rgb } from 'd3';
import { kindMask, MODES, type Mode } from '#lib/domain/kinds.ts';
import { hex } from '#lib/domain/units.ts';
import { heatMap, type HeatGrid } from '#lib/server/query/heat-map.ts';
import { count, databaseOption, duration, print, printJson, windowOf, withSessions } from './context.ts';
import { modeList, timeNs, wholeNumber } from './arguments.ts';

interface Options {
	db: string;
	lane?: number;
	slot?: number;
	modes: Mode[];
	from?: number;
	to?: number;
	value: 'sum' | 'pages';
	json?: boolean;
}

/** `pagetrail heatmap SESSION` */
export const heatmapCommand = new Command('heatmap')
	.description('draw the heat map of a lane (default: the busiest)')
	.argument('<session>')
	.option(...databaseOption)
	.option('--lane <n>', 'lane, as listed with the session', wholeNumber)
	.addOption(
		new Option('--slot <id>', 'the lane that this memslot had last').argParser(wholeNumber).conflicts('lane')
	)
	.option('--modes <list>', 'modes to count', modeList, [...MODES])
	.option('--from <time>', 'start (12.5s, 300ms, ns)', timeNs)
	.option('--to <time>', 'end', timeNs)
	.addOption(new Option('--value <what>', 'what a cell says').choices(['sum', 'pages']).default('sum'))
	.option('--json', 'print the grid as JSON')
	.action((id: string, options: Options) =>
		withSessions(options.db, async (store) => {
			const session = await store.getSession(id);
			const busiest = [...session.lanes].sort((a, b) => b.accesses - a.accesses)[0]?.lane;
			const slot = session.memslots.findLast((each) => each.slotId === options.slot);
			if (options.slot !== undefined && !slot)
				throw new RangeError(`session ${id} never had a memslot ${options.slot}`);
			const lane = session.lanes[options.lane ?? slot?.lane ?? busiest ?? -1];
			if (!lane) throw new RangeError(`session ${id} has no such lane; it has ${session.lanes.length}`);
			const width = Math.max(20, Math.min(process.stdout.columns ?? 100, 240) - 12);
			const grid = await heatMap(store, session, {
				lane: lane.lane,
				kinds: kindMask(options.modes),
				time: windowOf(id, options.from ?? 0, options.to ?? session.endNs + 1),
				gfn: { from: lane.baseGfn, to: lane.baseGfn + lane.npages },
				columns: width,
				rows: 48,
				value: options.value
			});
			if (options.json) return printJson({ ...grid, cells: [...grid.cells] });
			print(`${session.name}, lane ${lane.lane} (${lane.names.join(', ')}): ${count(grid.total)} accesses`);
			print(draw(grid, process.stdout.isTTY && process.stdout.hasColors(2 ** 24)));
			const end = grid.startNs + grid.columns * grid.columnNs;
			print(`${' '.repeat(11)}${duration(grid.startNs, session.clock)} … ${duration(end, session.clock)}`);
		})
	);

const SHADES = ' .:-=+*#%@';

/** Two rows of cells a line, highest gfn on top; with colours as half blocks, else as characters. */
function draw(grid: HeatGrid, colours: boolean): string {
	const level = (row: number, column: number) => {
		const cell = row < grid.rows ? (grid.cells[row * grid.columns + column] ?? 0) : 0;
		return cell === 0 ? 0 : 0.15 + 0.85 * (Math.log1p(cell) / Math.log1p(grid.max));
	};
	const lines: string[] = [];
	for (let row = grid.rows - 1 + (grid.rows % 2); row > 0; row -= 2) {
		let line = hex(grid.startGfn + (row - 1) * grid.rowPages).padStart(10) + ' ';
		for (let column = 0; column < grid.columns; column++) {
			const upper = level(row, column);
			const lower = level(row - 1, column);
			line += colours
				? half(upper, lower)
				: (SHADES[Math.ceil(Math.max(upper, lower) * (SHADES.length - 1))] ?? '@');
		}
		lines.push(colours ? line + '\u001b[0m' : line.trimEnd());
	}
	return lines.join('\n');
}

function half(upper: number, lower: number): string {
	const code = (value: number, ground: number) => {
		const { r, g, b } = rgb(interpolateInferno(value));
		return `\u001b[${ground};2;${r};${g};${b}m`;
	};
	return `${code(upper, 38)}${code(lower, 48)}\u2580`;
}
