import type { RetryStorms } from '#lib/api/analyses-types.ts';
import { FLAG, NO_NODE, NO_VCPU } from '#lib/domain/batch.ts';
import type { NumberedEvent } from '#lib/domain/events.ts';
import { FIRST_ACCESS, kindMask, MODES, type Mode } from '#lib/domain/kinds.ts';
import type { SessionDetail } from '#lib/domain/session-info.ts';
import { hex } from '#lib/domain/units.ts';
import type { StoredColumns, TraceStore } from '../../store/store.ts';
import { eventPages } from '../events.ts';
import { scanAccesses, type AccessQuery } from './scan.ts';
import { join64 } from './top-rips.ts';

export interface RetryQuery extends AccessQuery {
	/** Notifications that make a storm. */
	readonly min: number;
	/** Longest time between one notification and the next. */
	readonly withinNs: number;
	readonly limit: number;
}

type Columns = Pick<StoredColumns, 'tsNs' | 'kind' | 'vcpu' | 'node' | 'flags' | 'gfn' | 'ripLo' | 'ripHi'>;

interface Run {
	readonly kind: number;
	readonly vcpu: number;
	readonly node: number;
	readonly gfn: number;
	/** Whether the instruction is known, and its halves. */
	readonly known: boolean;
	readonly ripLo: number;
	readonly ripHi: number;
	readonly firstSeq: number;
	readonly firstNs: number;
	count: number;
	denied: number;
	allowed: number;
	lastSeq: number;
	lastNs: number;
	/** Another run of the same page and kind. */
	next: Run | undefined;
}

/**
 * Accesses notified again and again: at least `min` notifications of the same vCPU, notifier, mode, gfn and instruction,
 * each at most `withinNs` after the one before.
 */
export async function retryStorms(
	store: TraceStore,
	session: SessionDetail,
	query: RetryQuery
): Promise<RetryStorms> {
	const finder = new Finder(query);
	const names = ['tsNs', 'kind', 'vcpu', 'node', 'flags', 'gfn', 'ripLo', 'ripHi'] as const;
	await scanAccesses(store, session, query, names, (columns, hits, segment) => {
		for (const i of hits) finder.add(columns, i, segment.firstSeq + i);
	});
	const storms = finder
		.finish()
		.sort((a, b) => b.denied - a.denied || b.count - a.count || a.firstSeq - b.firstSeq);
	const nodeName = await nodeNames(store, session);
	return {
		total: storms.length,
		items: storms.slice(0, query.limit).map((run) => ({
			vcpuId: run.vcpu === NO_VCPU ? null : run.vcpu,
			nodeId: run.node === NO_NODE ? null : run.node,
			nodeName: run.node === NO_NODE ? null : nodeName(run.node, run.firstSeq),
			mode: MODES[run.kind - FIRST_ACCESS] as Mode,
			gfn: run.gfn,
			rip: run.known ? hex(join64(run.ripLo, run.ripHi)) : null,
			count: run.count,
			denied: run.denied,
			allowed: run.allowed,
			firstSeq: run.firstSeq,
			firstNs: run.firstNs,
			lastSeq: run.lastSeq,
			lastNs: run.lastNs
		}))
	};
}

/** The name under which a node was registered last before an event; null if no event says it. */
async function nodeNames(
	store: TraceStore,
	session: SessionDetail
): Promise<(nodeId: number, seq: number) => string | null> {
	const registered: RegisterEvent[] = [];
	if (session.kinds.register)
		for await (const page of eventPages(store, session.id, { kinds: kindMask(['register']) }))
			for (const event of page) if (event.kind === 'register') registered.push(event);
	return (nodeId, seq) =>
		registered.findLast((event) => event.nodeId === nodeId && event.seq < seq)?.name ?? null;
}
type RegisterEvent = Extract<NumberedEvent, { readonly kind: 'register' }>;

/** Runs by page and kind; those that differ in the rest hang together. */
class Runs {
	readonly #heads = new Map<number, Run>();

	*all(): Generator<Run> {
		for (const head of this.#heads.values())
			for (let run: Run | undefined = head; run; run = run.next) yield run;
	}

	add(run: Run): void {
		const key = keyOf(run.gfn, run.kind);
		run.next = this.#heads.get(key);
		this.#heads.set(key, run);
	}

	/** The run that event `i` belongs to. */
	find(columns: Columns, i: number): Run | undefined {
		let run = this.#heads.get(keyOf(columns.gfn[i] as number, columns.kind[i] as number));
		while (run && !belongs(run, columns, i)) run = run.next;
		return run;
	}

	/** The same, taken out. */
	take(columns: Columns, i: number): Run | undefined {
		const found = this.find(columns, i);
		if (!found) return undefined;
		const key = keyOf(found.gfn, found.kind);
		const head = this.#heads.get(key);
		if (head !== found) {
			let before = head;
			while (before && before.next !== found) before = before.next;
			if (before) before.next = found.next;
		} else if (found.next) this.#heads.set(key, found.next);
		else this.#heads.delete(key);
		return found;
	}
}

const keyOf = (gfn: number, kind: number): number => gfn * 32 + kind;

const belongs = (run: Run, columns: Columns, i: number): boolean =>
	run.ripLo === columns.ripLo[i] &&
	run.ripHi === columns.ripHi[i] &&
	run.vcpu === columns.vcpu[i] &&
	run.node === columns.node[i] &&
	run.known === (((columns.flags[i] as number) & FLAG.rip) !== 0);

/**
 * Runs live in two generations of `withinNs` each: one that was not met in a whole generation is older than that and
 * can only be finished, so memory holds what happened lately.
 */
class Finder {
	readonly #query: RetryQuery;
	readonly #storms: Run[] = [];
	#older = new Runs();
	#newer = new Runs();
	#turn = -Infinity;
	constructor(query: RetryQuery) {
		this.#query = query;
	}

	add(columns: Columns, i: number, seq: number): void {
		const at = columns.tsNs[i] as number;
		if (at >= this.#turn) this.#turnTo(at);
		let run = this.#newer.find(columns, i);
		if (!run) {
			run = this.#older.take(columns, i);
			if (run) this.#newer.add(run);
		}
		if (run && at - run.lastNs > this.#query.withinNs) {
			this.#close(run);
			this.#newer.take(columns, i);
			run = undefined;
		}
		if (!run) this.#newer.add((run = newRun(columns, i, seq)));
		run.count++;
		const { verdictKnown, verdict } = FLAG;
		const said = (columns.flags[i] as number) & (verdictKnown | verdict);
		if (said === verdictKnown) run.denied++;
		else if (said) run.allowed++;
		run.lastSeq = seq;
		run.lastNs = at;
	}

	finish(): Run[] {
		for (const runs of [this.#older, this.#newer]) for (const run of runs.all()) this.#close(run);
		return this.#storms;
	}

	#close(run: Run): void {
		if (run.count >= this.#query.min) this.#storms.push(run);
	}

	#turnTo(at: number): void {
		for (const run of this.#older.all()) this.#close(run);
		this.#older = this.#newer;
		this.#newer = new Runs();
		this.#turn = at + this.#query.withinNs + 1;
	}
}

function newRun(columns: Columns, i: number, seq: number): Run {
	const tsNs = columns.tsNs[i] as number;
	return {
		kind: columns.kind[i] as number,
		vcpu: columns.vcpu[i] as number,
		node: columns.node[i] as number,
		gfn: columns.gfn[i] as number,
		known: ((columns.flags[i] as number) & FLAG.rip) !== 0,
		ripLo: columns.ripLo[i] as number,
		ripHi: columns.ripHi[i] as number,
		count: 0,
		denied: 0,
		allowed: 0,
		firstSeq: seq,
		firstNs: tsNs,
		lastSeq: seq,
		lastNs: tsNs,
		next: undefined
	};
}
