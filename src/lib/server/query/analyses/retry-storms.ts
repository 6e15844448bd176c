import type { RetryStorms } from '#lib/api/analyses-types.ts';
import { FLAG, NO_NODE, NO_VCPU } from '#lib/domain/batch.ts';
import { FIRST_ACCESS, MODES, type Mode } from '#lib/domain/kinds.ts';
import type { SessionDetail } from '#lib/domain/session-info.ts';
import { hex } from '#lib/domain/units.ts';
import type { StoredColumns, TraceStore } from '../../store/store.ts';
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
	readonly mode: number;
	readonly vcpu: number;
	readonly node: number;
	readonly gfn: number;
	readonly rip: bigint | null;
	readonly firstSeq: number;
	readonly firstNs: number;
	count: number;
	denied: number;
	lastSeq: number;
	lastNs: number;
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
	const storms = finder.finish().sort((a, b) => b.count - a.count || a.firstSeq - b.firstSeq);
	return {
		total: storms.length,
		items: storms.slice(0, query.limit).map(({ mode, vcpu, node, rip, ...run }) => ({
			...run,
			mode: MODES[mode] as Mode,
			vcpuId: vcpu === NO_VCPU ? null : vcpu,
			nodeId: node === NO_NODE ? null : node,
			rip: rip === null ? null : hex(rip)
		}))
	};
}

/**
 * Runs live in two generations of `withinNs` each: one that was not met in a whole generation is older than that and
 * can only be finished, so memory holds what happened lately.
 */
class Finder {
	readonly #query: RetryQuery;
	readonly #storms: Run[] = [];
	#older = new Map<string, Run>();
	#newer = new Map<string, Run>();
	#turn = -Infinity;
	constructor(query: RetryQuery) {
		this.#query = query;
	}

	add(columns: Columns, i: number, seq: number): void {
		const at = columns.tsNs[i] as number;
		if (at >= this.#turn) this.#turnTo(at);
		const key = keyOf(columns, i);
		let run = this.#newer.get(key);
		if (!run) {
			run = this.#older.get(key);
			this.#older.delete(key);
			if (run) this.#newer.set(key, run);
		}
		if (run && at - run.lastNs > this.#query.withinNs) {
			this.#close(run);
			run = undefined;
		}
		if (!run) this.#newer.set(key, (run = newRun(columns, i, seq)));
		run.count++;
		const { verdictKnown, verdict } = FLAG;
		if (((columns.flags[i] as number) & (verdictKnown | verdict)) === verdictKnown) run.denied++;
		run.lastSeq = seq;
		run.lastNs = at;
	}

	finish(): Run[] {
		for (const runs of [this.#older, this.#newer]) for (const run of runs.values()) this.#close(run);
		return this.#storms;
	}

	#close(run: Run): void {
		if (run.count >= this.#query.min) this.#storms.push(run);
	}

	#turnTo(at: number): void {
		for (const run of this.#older.values()) this.#close(run);
		this.#older = this.#newer;
		this.#newer = new Map();
		this.#turn = at + this.#query.withinNs + 1;
	}
}

const keyOf = ({ kind, vcpu, node, flags, gfn, ripLo, ripHi }: Columns, i: number): string => {
	const rip = (flags[i] as number) & FLAG.rip ? `${ripHi[i]}.${ripLo[i]}` : '';
	return `${gfn[i]} ${rip} ${kind[i]} ${vcpu[i]} ${node[i]}`;
};

function newRun(columns: Columns, i: number, seq: number): Run {
	const known = (columns.flags[i] as number) & FLAG.rip;
	const tsNs = columns.tsNs[i] as number;
	return {
		mode: (columns.kind[i] as number) - FIRST_ACCESS,
		vcpu: columns.vcpu[i] as number,
		node: columns.node[i] as number,
		gfn: columns.gfn[i] as number,
		rip: known ? join64(columns.ripLo[i] as number, columns.ripHi[i] as number) : null,
		count: 0,
		denied: 0,
		firstSeq: seq,
		firstNs: tsNs,
		lastSeq: seq,
		lastNs: tsNs
	};
}
