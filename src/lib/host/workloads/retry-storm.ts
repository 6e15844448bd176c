import type { NotifierNode } from '../notifier.ts';
import { userCode } from '../simulation/guest.ts';
import { KVM_PAGE_TRACK_PREWRITE } from '../track-mode.ts';
import type { Workload } from './workload.ts';

const PAGES = 64;
const LOCKED = 4;
/** Rounds of the guest against a locked page before the lock moves on (16 re-executions each). */
const PATIENCE = 12;

/**
 * A broken agent refuses every write to some pages and never steps the instruction over: the guest re-executes it, is
 * refused again, and makes no progress (Q20), while all nodes are told in every round. After a while the agent lets the
 * pages go and locks others.
 */
export const retryStorm: Workload = {
	name: 'retry-storm',
	summary: 'an agent refuses writes for ever: vCPUs are live-locked on a few pages',
	heatMap:
		'few pages, extremely hot, each for a while and then dark at once; pre-writes only, no writes: nothing was ever written. In the event table verdict false in one unbroken row',
	memoryMiB: { least: 64, usual: 128 },
	vcpus: { usual: 2 },
	*run(guest) {
		const locked = new Set<number>();
		const agent: NotifierNode = {
			name: 'stubborn-agent',
			trackPrewrite: (_vcpu, gpa) => !locked.has(Math.floor(gpa / 4096))
		};
		const witness: NotifierNode = { name: 'witness', trackPrewrite: () => true, trackWrite: () => {} };
		guest.register(witness);
		guest.register(agent);
		const first = guest.allocate(PAGES + 1);
		const data = new Uint8Array(8);
		for (;;) {
			while (locked.size < LOCKED) {
				const gfn = first + guest.random.below(PAGES);
				if (locked.has(gfn)) continue;
				locked.add(gfn);
				guest.track(agent, gfn, KVM_PAGE_TRACK_PREWRITE);
			}
			const pages = [...locked];
			for (let patience = 0; patience < PATIENCE; patience++)
				for (const vcpu of guest.kvm.vcpus) {
					const gfn = pages[vcpu.vcpuId % LOCKED] ?? first;
					guest.at(userCode(first + PAGES), 16 * vcpu.vcpuId);
					guest.write(vcpu, gfn * 4096 + 8 * vcpu.vcpuId, data);
					guest.think(15_000);
					yield;
				}
			const [free = first] = locked;
			locked.delete(free);
			guest.untrack(agent, free, KVM_PAGE_TRACK_PREWRITE);
			guest.mark('a page is let go');
			guest.write(guest.anyVcpu(), free * 4096, data);
			guest.think(2_000_000);
		}
	}
};
