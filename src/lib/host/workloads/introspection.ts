import type { NotifierNode } from '../notifier.ts';
import { KERNEL_CODE, KERNEL_TEXT_GFN, userCode, type Guest } from '../simulation/guest.ts';
import {
	KVM_PAGE_TRACK_PREEXEC,
	KVM_PAGE_TRACK_PREREAD,
	KVM_PAGE_TRACK_PREWRITE,
	KVM_PAGE_TRACK_WRITE
} from '../track-mode.ts';
import type { Workload } from './workload.ts';

/** Offsets of guest kernel functions in its text. */
const SET_PTE = 0x6e3a0;
const COPY_TO_USER = 0x41c2f0;
const TEXT_POKE = 0x2ba10;
const ROOTKIT = 0xa10440;

const TEXT_PAGES = 1024;
const WATCHED_PAGES = 32;
const SECRET_PAGES = 8;
const FORGED = Uint8Array.of(0x66, 0x6f, 0x72, 0x67, 0x65, 0x64, 0x21, 0);
/** Times the agent refuses a rootkit's write before it lets it pass and writes it down. */
const REFUSALS = 3;
/** Steps after which the agent watches another region of code. */
const WATCH_STEPS = 4000;

/** An introspection agent: what it guards, and the verdicts it gives. */
class Agent {
	readonly tables: number[];
	readonly secret: number;
	watched: number;
	readonly node: NotifierNode = {
		name: 'introspection-agent',
		trackPrewrite: (_vcpu, gpa) => this.#allowsWrite(gpa),
		trackWrite: () => {},
		trackPreread: (_vcpu, gpa, buf, bytes, ready) => {
			const gfn = Math.floor(gpa / 4096);
			if (gfn < this.secret || gfn >= this.secret + SECRET_PAGES) return true;
			for (let i = 0; i < bytes; i++) buf[i] = FORGED[i % FORGED.length] ?? 0;
			ready.dataReady = true;
			return true;
		},
		trackPreexec: () => true
	};
	readonly #guest: Guest;
	/** The rootkit's write that is being refused, and how often it was. */
	#attackedGpa = -1;
	#refused = 0;

	constructor(guest: Guest) {
		this.#guest = guest;
		this.secret = guest.allocate(SECRET_PAGES);
		this.watched = guest.allocate(WATCHED_PAGES);
		this.tables = guest.scatter(1024);
	}

	/** The next write to this address is not the kernel's own. */
	expectAttack(gpa: number): void {
		this.#attackedGpa = gpa;
		this.#refused = 0;
	}

	#allowsWrite(gpa: number): boolean {
		if (gpa !== this.#attackedGpa) return true;
		if (this.#refused++ < REFUSALS) return false;
		this.#attackedGpa = -1;
		return true;
	}

	/** Pre-write on kernel text and page tables, pre-read and pre-write on secrets, pre-exec on the watched code. */
	arm(): void {
		const guest = this.#guest;
		for (let page = 0; page < TEXT_PAGES; page++)
			guest.track(this.node, KERNEL_TEXT_GFN + page, KVM_PAGE_TRACK_PREWRITE);
		for (const gfn of this.tables) {
			guest.track(this.node, gfn, KVM_PAGE_TRACK_PREWRITE);
			guest.track(this.node, gfn, KVM_PAGE_TRACK_WRITE);
		}
		for (let page = 0; page < SECRET_PAGES; page++) {
			// read protection alone would leave entries that the CPU takes for misconfigured (Q3)
			guest.track(this.node, this.secret + page, KVM_PAGE_TRACK_PREWRITE);
			guest.track(this.node, this.secret + page, KVM_PAGE_TRACK_PREREAD);
		}
		this.watch(this.watched);
	}

	/** Moves the watched region. */
	watch(gfn: number): void {
		for (let page = 0; page < WATCHED_PAGES; page++) {
			if (gfn !== this.watched) this.#guest.untrack(this.node, this.watched + page, KVM_PAGE_TRACK_PREEXEC);
			this.#guest.track(this.node, gfn + page, KVM_PAGE_TRACK_PREEXEC);
		}
		this.watched = gfn;
	}
}

/** One thing the guest does that the agent hears of; every access is one more round through the host. */
function step(guest: Guest, agent: Agent, entry: Uint8Array): void {
	const { random } = guest;
	const vcpu = guest.anyVcpu();
	const dice = random.unit();
	if (dice < 0.7) {
		guest.at(KERNEL_CODE, SET_PTE);
		const table = agent.tables[random.skewed(agent.tables.length)] ?? agent.secret;
		guest.write(vcpu, table * 4096 + random.below(512) * 8, entry);
	} else if (dice < 0.85) {
		guest.at(KERNEL_CODE, COPY_TO_USER);
		guest.read(vcpu, (agent.secret + random.skewed(SECRET_PAGES)) * 4096 + random.below(500) * 8, entry);
	} else if (dice < 0.999) {
		guest.at(userCode(agent.watched), random.skewed(WATCHED_PAGES * 4096));
		guest.execute(vcpu);
	} else {
		const gpa = (KERNEL_TEXT_GFN + random.below(TEXT_PAGES)) * 4096 + random.below(4088);
		const attack = random.chance(0.3);
		if (attack) agent.expectAttack(gpa);
		guest.at(KERNEL_CODE, attack ? ROOTKIT : TEXT_POKE);
		guest.write(vcpu, gpa, entry);
	}
	guest.think(6000);
}

/**
 * An introspection agent guards a Linux guest: pre-write on 4 MiB of kernel text and on 1,024 page tables all over the
 * memory, pre-read with forged answers on eight pages of secrets, pre-exec on a window of 32 pages of a process that it
 * moves from time to time. A rootkit's write to kernel text is refused three times, and re-executed as often, before it
 * is let pass.
 */
export const introspection: Workload = {
	name: 'introspection',
	summary: 'an agent guards kernel text, page tables and secrets, and watches code of a process',
	heatMap:
		'thin horizontal lines of pre-writes and writes at the page tables, the low ones hottest; a bright line of forged pre-reads; a band of pre-execs that jumps when the watch moves; pre-execs at two places of the kernel text, whose instructions are emulated',
	memoryMiB: { least: 64, usual: 512 },
	vcpus: { usual: 2 },
	*run(guest) {
		const agent = new Agent(guest);
		const regions = [agent.watched, guest.allocate(WATCHED_PAGES), guest.allocate(WATCHED_PAGES)];
		guest.register(agent.node);
		guest.mark('agent registered');
		agent.arm();
		guest.mark('armed');
		yield;
		const entry = new Uint8Array(8);
		for (let steps = 1; ; steps++) {
			step(guest, agent, entry);
			if (steps % WATCH_STEPS === 0) {
				agent.watch(regions[(steps / WATCH_STEPS) % regions.length] ?? agent.watched);
				guest.mark('watch moved');
			}
			if (steps % 4 === 0) yield;
		}
	}
};
