import { Command, InvalidArgumentError } from 'commander';
import { kindMask, type Mode, MODES } from '#lib/domain/kinds.ts';
import type { ComparedWindow, Comparison } from '#lib/api/compare-types.ts';
import type { SessionDetail } from '#lib/domain/session-info.ts';
import { hex } from '#lib/domain/units.ts';
import { compare, MOVER_ORDERS, type Side } from '#lib/server/query/compare.ts';
import type { TraceStore } from '#lib/server/store/store.ts';
import {
	count,
	databaseOption,
	duration,
	print,
	printJson,
	table,
	windowOf,
	withSessions
} from './context.ts';
import { modeList, timeNs, wholeNumber } from './arguments.ts';

type Clock = SessionDetail['clock'];
interface Options {
	db: string;
	aFrom?: number;
	aTo?: number;
	bFrom?: number;
	bTo?: number;
	modes: Mode[];
	order: (typeof MOVER_ORDERS)[number];
	limit: number;
	perTime?: boolean;
	json?: boolean;
}

function moverOrder(text: string): Options['order'] {
	const order = MOVER_ORDERS.find((each) => each === text);
	if (!order) throw new InvalidArgumentError(`it must be one of ${MOVER_ORDERS.join(', ')}.`);
	return order;
}

/** `pagetrail compare A B`: new for each call, as a command keeps options from one parse to the next. */
export const createCompareCommand = (): Command =>
	new Command('compare')
		.description('what differs between two sessions, or two windows of one')
		.argument('<a>', 'a session')
		.argument('<b>', 'another, or the same')
		.option(...databaseOption)
		.option('--a-from <time>', 'start of A’s window (12.5s, 300ms, ns)', timeNs)
		.option('--a-to <time>', 'its end, left out', timeNs)
		.option('--b-from <time>', 'start of B’s window', timeNs)
		.option('--b-to <time>', 'its end, left out', timeNs)
		.option('--modes <list>', 'modes to count', modeList, [...MODES])
		.option('--order <by>', `which pages come first: ${MOVER_ORDERS.join(', ')}`, moverOrder, 'change')
		.option('--limit <n>', 'most pages to list', wholeNumber, 20)
		.option('--per-time', 'scale the longer window down to the shorter one’s length')
		.option('--json', 'print JSON')
		.action((a: string, b: string, options: Options) =>
			withSessions(options.db, async (store) => {
				const sides = [
					await sideOf(store, a, { from: options.aFrom, to: options.aTo, modes: options.modes }),
					await sideOf(store, b, { from: options.bFrom, to: options.bTo, modes: options.modes })
				] as const;
				const found = await compare(store, ...sides, {
					...{ limit: options.limit, order: options.order, more: 'any' },
					normalise: options.perTime ? 'time' : 'none'
				});
				if (options.json) return printJson(found);
				print(describe(found, sides[0].session.clock, sides[1].session.clock));
			})
		);

interface Window {
	readonly from: number | undefined;
	readonly to: number | undefined;
	readonly modes: readonly Mode[];
}

async function sideOf(store: TraceStore, id: string, { from, to, modes }: Window): Promise<Side> {
	const session: SessionDetail = await store.getSession(id);
	const time = windowOf(id, from ?? session.startNs, to ?? session.endNs + 1);
	return { session, time, filter: { kinds: kindMask(modes) } };
}

function describe(found: Comparison, clockA: Clock, clockB: Clock): string {
	const { touched, tracked, movers, moved, normalise } = found;
	const sets = tracked.map(({ mode, asId, both, gainedPages, lostPages }) => [
		asId ? `${mode} (SMM)` : mode,
		...[both, gainedPages, lostPages].map(count)
	]);
	const rows = movers.map((page) => [
		hex(page.gfn),
		count(page.a),
		count(page.b),
		`${page.change > 0 ? '+' : ''}${count(Number(page.change.toPrecision(6)))}`,
		page.logRatio.toFixed(2)
	]);
	const order = normalise === 'time' ? ', scaled to the shorter window' : '';
	return [
		`A ${windowText(found.a, clockA)}`,
		`B ${windowText(found.b, clockB)}`,
		`pages touched in both ${count(touched.both)}, in B alone ${count(touched.gainedPages)}, in A alone ${count(touched.lostPages)}`,
		...(sets.length ? [table(['pages tracked at the ends', 'both', 'B alone', 'A alone'], sets)] : []),
		`pages whose accesses differ: ${count(moved)}${moved > movers.length ? `, the first ${count(movers.length)}` : ''}${order}`,
		...(movers.length ? [table(['gfn', 'A', 'B', 'change', 'log2 ratio'], rows)] : [])
	].join('\n');
}

const windowText = (side: ComparedWindow, clock: Clock): string =>
	`${side.name} [${duration(side.fromNs, clock)}, ${duration(side.toNs, clock)}): ${count(side.accesses)} accesses on ${count(side.pages)} pages`;
