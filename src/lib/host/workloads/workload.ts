import type { KvmOptions } from '../kvm.ts';
import type { Guest } from '../simulation/guest.ts';

/** Something that happens on the simulated host, again and again until the session is long enough. */
export interface Workload {
	/** As the command line takes it. */
	readonly name: string;
	/** One line: what happens. */
	readonly summary: string;
	/** What the heat map shows of it. */
	readonly heatMap: string;
	/** Memory of the guest in MiB. */
	readonly memoryMiB: { readonly least: number; readonly usual: number };
	readonly vcpus: { readonly usual: number };
	/** What the host's CPU can do, where it matters. */
	readonly host?: Pick<KvmOptions, 'paging' | 'execOnly' | 'adBits' | 'directMap' | 'prefetch'>;
	/**
	 * Does the next thing each time it is asked, and yields often (after some dozen events), so that batches go out.
	 * KVM's own node is registered and the memory of a PC exists when it begins.
	 */
	run(guest: Guest): Generator<void, void>;
}
