import { HostBug } from '../errors.ts';
import { Kvm } from '../kvm.ts';
import type { NotifierNode } from '../notifier.ts';
import type { KvmMmuPage } from '../shadow-page.ts';
import { list, script, VectorArgError } from './args.ts';
import { Observer, pageState } from './observer.ts';
import { accessOps } from './ops-access.ts';
import { mmuOps } from './ops-mmu.ts';
import { slotOps } from './ops-slot.ts';
import type { ScriptSource } from './scripted-node.ts';
import type { JsonObject, Script, VectorOp, VectorVm } from './vector.ts';

const VCPUS = 4;

/** The part of `out` an operation answers by itself, and how the rest is collected. */
export interface OpAnswer {
	readonly out?: JsonObject;
	/** Gfns named in the arguments whose counters are part of `out`. */
	readonly gfns?: readonly number[];
	/** Report only how often things happened. */
	readonly totals?: boolean;
	/** `out.spte` is the operation's own. */
	readonly ownSpte?: boolean;
}

export type OpHandler = (driver: VectorDriver, input: JsonObject) => OpAnswer;

const OPS: Readonly<Record<string, OpHandler>> = { ...slotOps, ...accessOps, ...mmuOps };

/** One VM that a sequence is played on: feeds each operation to the model and collects what it does. */
export class VectorDriver implements ScriptSource {
	readonly kvm: Kvm;
	readonly observer = new Observer();
	readonly nodes = new Map<number, NotifierNode>();
	readonly pages = new Map<number, KvmMmuPage>();
	script: Script = {};
	#protectReturns: unknown[] = [];
	#failAlloc: unknown = null;

	constructor(vm: VectorVm) {
		this.kvm = new Kvm({
			vcpus: VCPUS,
			execOnly: vm.exec_only,
			adBits: vm.ad_bits,
			directMap: vm.direct_map,
			protect: vm.protect === 'scripted' ? () => this.#protectReturns.shift() === true : undefined,
			allocFails: (what) => what === this.#failAlloc,
			taps: this.observer.taps
		});
	}

	/** Runs one operation and returns its `out`; a host that dies is `{ bug }`. */
	run({ op, in: input }: VectorOp): JsonObject {
		const handler = OPS[op];
		if (!handler) throw new VectorArgError(`unknown operation ${op}`);
		this.script = script(input);
		this.#protectReturns = [...list(input, 'protect_returns')];
		this.#failAlloc = input.fail_alloc ?? null;
		this.observer.begin();
		try {
			return this.#collect(handler(this, input));
		} catch (error) {
			if (error instanceof HostBug) return { bug: error.reason };
			throw error;
		}
	}

	#collect({ out = {}, gfns = [], totals = false, ownSpte = false }: OpAnswer): JsonObject {
		const { events } = this.observer;
		const count = (kind: string) => events.filter(({ e }) => e === kind).length;
		const happened: JsonObject = totals
			? { totals: { warn: count('warn'), flush: count('flush'), protect: count('protect') } }
			: { events: [...events] };
		const { track, lpage } = pageState(this.kvm, [...gfns, ...this.observer.gfns()]);
		const spte = ownSpte ? [] : this.observer.changedSptes();
		return {
			...out,
			...happened,
			...(track.length > 0 && { track }),
			...(lpage.length > 0 && { lpage }),
			...(spte.length > 0 && { spte })
		};
	}
}
