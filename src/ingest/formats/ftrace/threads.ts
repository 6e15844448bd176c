import type { Mode } from '#lib/domain/kinds.ts';

/**
 * A host thread that runs a vCPU, and the fault it is in: a fault on a page whose entry forbade the access, an
 * instruction emulated because of it, no device access: then the page was tracked and its notifiers were told.
 */
export interface Thread {
	readonly pid: number;
	/** -1 while unknown. */
	vcpuId: number;
	/** The vCPU has its event, and no other thread claimed it since. */
	announced: boolean;
	/** Kind of access of the open fault; null if there is none. */
	kind: Mode | null;
	gfn: number;
	offset: number;
	emulated: boolean;
}

const COMM = /(?:CPU |fc_vcpu |vcpu|vCPU )(\d{1,5})/;
/** Threads remembered; a trace with more forgets the oldest. */
const LIMIT = 16_384;

/** The threads of a trace, by pid. */
export class Threads {
	readonly #byPid = new Map<number, Thread>();
	#last: Thread | null = null;

	/** The thread of a pid; null if it was not seen yet. */
	find(pid: number): Thread | null {
		if (this.#last?.pid === pid) return this.#last;
		const found = this.#byPid.get(pid) ?? null;
		if (found) this.#last = found;
		return found;
	}

	/** The thread of a pid; QEMU and Firecracker say the vCPU in a new thread's name. */
	get(pid: number, comm: string): Thread {
		const known = this.find(pid);
		if (known) return known;
		if (this.#byPid.size >= LIMIT) this.#byPid.delete(this.#byPid.keys().next().value ?? 0);
		const named = COMM.exec(comm);
		const vcpuId = named ? Math.min(Number(named[1]), 0xfffe) : -1;
		const thread: Thread = { pid, vcpuId, announced: false, kind: null, gfn: 0, offset: 0, emulated: false };
		this.#byPid.set(pid, thread);
		return (this.#last = thread);
	}
}
