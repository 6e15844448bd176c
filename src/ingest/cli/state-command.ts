import { Command, Option } from 'commander';
import type { SlotView, StateView } from '#lib/api/types.ts';
import { MODES } from '#lib/domain/kinds.ts';
import { hex } from '#lib/domain/units.ts';
import { seqAtTime } from '#lib/server/query/events.ts';
import { stateView } from '#lib/server/query/state-view.ts';
import { count, databaseOption, duration, print, printJson, table, withSessions } from './context.ts';
import { timeNs, wholeNumber } from './arguments.ts';

/** `pagetrail state SESSION --seq N | --time T` */
export const stateCommand = new Command('state')
	.description('the tracking state at a position')
	.argument('<session>')
	.option(...databaseOption)
	.addOption(new Option('--seq <n>', 'right before this event').argParser(wholeNumber).conflicts('time'))
	.option('--time <t>', 'right after this time (12.5s, 300ms, ns)', timeNs)
	.option('--json', 'print JSON')
	.action((id: string, options: { db: string; seq?: number; time?: number; json?: boolean }) =>
		withSessions(options.db, async (store) => {
			const session = await store.getSession(id);
			const byTime = options.time === undefined ? undefined : await seqAtTime(store, id, options.time + 1);
			const seq = options.seq ?? byTime ?? session.events;
			if (seq > session.events) throw new RangeError(`session ${id} ends at seq ${session.events}`);
			const view = await stateView(store, id, seq);
			if (options.json) return printJson(view);
			print(describe(view, session.clock));
		})
	);

function describe(view: StateView, clock: 'ns' | 'instructions' | 'lines'): string {
	const rows = view.memslots.map((slot) => [
		`${slot.asId ? `${slot.asId}:` : ''}${slot.slotId}`,
		slot.name ?? '',
		hex(slot.baseGfn),
		count(slot.npages),
		...MODES.map((_, mode) => pages(slot, mode))
	]);
	const silent = view.memslots.some((slot) => slot.silentPages);
	const heading = silent ? 'pages silent until the next epoch, by mode' : 'pages tracked, by mode';
	return [
		`at seq ${count(view.seq)}, ${duration(view.tsNs, clock)}${view.mark ? `, in "${view.mark.name}"` : ''}`,
		`notifiers in call order: ${view.notifiers.map((node) => node.name ?? node.nodeId).join(', ') || 'none known'}`,
		`memslots and ${heading}:`,
		table(['slot', 'name', 'base gfn', 'pages', ...MODES], rows, 2),
		...view.known.unknown.map((sentence) => `unknown: ${sentence}`)
	].join('\n');
}

const pages = (slot: SlotView, mode: number): string => {
	const name = MODES[mode] ?? 'write';
	return count(slot.silentPages ? slot.silentPages[name] : slot.tracked[name]);
};
