import { describe, expect, test } from 'vitest';
import { eventAt } from '#lib/domain/batch-events.ts';
import type { EventBatch } from '#lib/domain/batch.ts';
import type { NumberedEvent } from '#lib/domain/events.ts';
import { evolve } from '#lib/domain/evolve.ts';
import { KIND_CODES, STATE_KINDS } from '#lib/domain/kinds.ts';
import { formatLine, parseLine } from '#lib/domain/native.ts';
import { formatState, initialState, parseState } from '#lib/domain/state.ts';
import { simulationOptions, type SimulationRequest } from '#lib/host/simulation/options.ts';
import { Simulation } from '#lib/host/simulation/simulation.ts';
import { hostTracking, replayedTracking } from '#lib/host/tracking-state.ts';
import { WORKLOADS } from '#lib/host/workloads/catalog.ts';

const names = WORKLOADS.map(({ name }) => name);

function eventsOf(batches: Iterable<EventBatch>, firstSeq = 0): NumberedEvent[] {
	const events: NumberedEvent[] = [];
	for (const batch of batches)
		for (let i = 0; i < batch.length; i++) events.push(eventAt(batch, i, firstSeq + events.length));
	return events;
}

const play = (request: SimulationRequest, batchEvents = 1000): NumberedEvent[] =>
	eventsOf(new Simulation(simulationOptions(request), { batchEvents }).batches());

const text = (events: readonly NumberedEvent[]) => events.map(formatLine).join('\n');
const isState = ({ kind }: NumberedEvent) => ((STATE_KINDS >>> KIND_CODES[kind]) & 1) === 1;
type Of<K extends NumberedEvent['kind']> = NumberedEvent & { kind: K };
const only = <K extends NumberedEvent['kind']>(events: readonly NumberedEvent[], ...kinds: K[]): Of<K>[] =>
	events.filter((event): event is Of<K> => (kinds as string[]).includes(event.kind));
const quirks = (events: readonly NumberedEvent[]) =>
	new Set(only(events, 'anomaly').map(({ quirk }) => quirk));

describe.each(names)('%s', (workload) => {
	test('gives the same bytes for the same options, however they are cut, and others for another seed', () => {
		const request = { workload, seed: 7, events: 3000 };
		const once = text(play(request));
		expect(text(play(request, 77))).toBe(once);
		expect(text(play({ ...request, seed: 8 }))).not.toBe(once);
	});

	test('records events from which evolve rebuilds the host after every step, and from any snapshot', () => {
		const simulation = new Simulation(simulationOptions({ workload, seed: 3, events: 5000 }));
		const state = initialState();
		const snapshots = new Map<number, string>();
		const all: NumberedEvent[] = [];
		for (const steps = simulation.steps(); !steps.next().done;) {
			const events = eventsOf(simulation.recorder.flush(), all.length);
			for (const event of events) {
				if (event.seq % 500 === 0) snapshots.set(event.seq, formatState(state));
				evolve(state, event);
				all.push(event);
			}
			if (events.some(isState)) expect(replayedTracking(state)).toEqual(hostTracking(simulation.kvm));
		}
		expect(state.ended).toBe(true);
		expect(state.unplaced).toBe(0);
		const end = formatState(state);
		for (const [seq, snapshot] of snapshots) {
			const resumed = parseState(snapshot);
			for (const event of all.slice(seq)) evolve(resumed, parseLine(formatLine(event)));
			expect(formatState(resumed)).toBe(end);
		}
	});

	test('begins with its options, never goes back in time and ends with the step that reaches the limit', () => {
		const events = play({ workload, seed: 5, events: 2000, vcpus: 3 });
		expect(events[0]).toMatchObject({
			kind: 'session',
			attributes: {
				source: 'simulated-host',
				generation: 'rfc-v4',
				clock: 'ns',
				vcpus: 3,
				workload,
				seed: 5,
				options: { events: 2000 }
			}
		});
		expect(events.at(-1)?.kind).toBe('end');
		expect(only(events, 'vcpu', 'end').map(({ vcpuId }) => vcpuId)).toEqual([0, 1, 2, undefined]);
		expect(events.every(({ tsNs }, i) => tsNs >= (events[i - 1]?.tsNs ?? 0))).toBe(true);
		expect(events.length).toBeGreaterThanOrEqual(2000);
		const short = play({ workload, seed: 5, durationNs: 1_000_000 });
		expect(short.at(-1)?.tsNs).toBeGreaterThanOrEqual(1_000_000);
		expect(short.at(-2)?.tsNs).toBeLessThan(100_000_000);
	});
});

describe('a workload does what it says', () => {
	test('introspection forges reads and refuses a write three times before it lets it pass', () => {
		const events = play({ workload: 'introspection', events: 60_000 });
		expect(only(events, 'preread').every(({ dataReady, verdict }) => dataReady && verdict)).toBe(true);
		expect(only(events, 'preread').length).toBeGreaterThan(1000);
		const agent = only(events, 'register').find(({ name }) => name === 'introspection-agent')?.nodeId;
		const refused = only(events, 'prewrite').filter(({ verdict }) => verdict === false);
		expect(refused.length).toBeGreaterThan(0);
		const [first] = refused;
		const attack = only(events, 'prewrite', 'write').filter(
			({ gfn, offset, seq }) =>
				gfn === first?.gfn && offset === first.offset && seq >= first.seq && seq < first.seq + 40
		);
		expect(attack.slice(0, 5).map(({ kind, nodeId, verdict }) => [kind, nodeId === agent, verdict])).toEqual([
			['prewrite', true, false],
			['prewrite', true, false],
			['prewrite', true, false],
			['prewrite', true, true],
			['write', true, undefined]
		]);
		expect(only(events, 'preexec').some(({ gfn }) => gfn >= 0x2008 && gfn < 0x2028)).toBe(true);
		expect(quirks(events)).toContain('Q20');
	});

	test('the unpacker executes pages only after it wrote them', () => {
		const events = play({ workload: 'unpacker', events: 30_000 });
		const [stubStart] = only(events, 'preexec').map(({ gfn }) => gfn);
		const written = new Set<number>();
		let executedAfterWrite = 0;
		for (const event of only(events, 'write', 'preexec')) {
			if (event.kind === 'write') written.add(event.gfn);
			else if (written.has(event.gfn)) executedAfterWrite++;
			else expect(Math.abs(event.gfn - (stubStart ?? 0))).toBeLessThan(4);
		}
		expect(executedAfterWrite).toBeGreaterThan(50);
	});

	test('shadow-fork tracks both write modes of a table above the leaves while it is shadowed', () => {
		const events = play({ workload: 'shadow-fork', events: 20_000 });
		const upper = only(events, 'account_shadowed').filter(({ level }) => level > 1);
		expect(upper.length).toBeGreaterThan(100);
		for (const { seq, gfn } of upper.slice(0, 20))
			expect(events.slice(seq + 1, seq + 5).filter((event) => event.kind === 'track_add')).toMatchObject([
				{ gfn, mode: 'prewrite' },
				{ gfn, mode: 'write' }
			]);
		const shadowed = new Map<number, number>();
		for (const event of only(events, 'account_shadowed', 'unaccount_shadowed', 'write')) {
			const count = shadowed.get(event.gfn) ?? 0;
			if (event.kind === 'write') expect(count).toBeGreaterThan(0);
			else shadowed.set(event.gfn, count + (event.kind === 'account_shadowed' ? 1 : -1));
		}
	});

	test('hotplug creates, moves and deletes modules, arms them before they exist, and shows Q12 and Q13', () => {
		const events = play({ workload: 'hotplug', events: 60_000 });
		for (const kind of ['memslot_create', 'memslot_move', 'memslot_delete'] as const)
			expect(only(events, kind).filter(({ slotId }) => slotId >= 16).length).toBeGreaterThan(2);
		const told = only(events, 'create_slot')[0];
		expect(events[(told?.seq ?? 0) + 1]).toMatchObject({ kind: 'track_add', nodeId: told?.nodeId });
		expect(quirks(events)).toEqual(new Set(['Q8', 'Q12', 'Q13']));
		expect(only(events, 'memslot_create').map(({ name }) => name)).toContain('dimm0');
	});

	test('migration logs in rounds and write-tracks what stays dirty, until it ends', () => {
		const events = play({ workload: 'migration', events: 60_000 });
		const flags = only(events, 'memslot_flags').map((event) => event.flags);
		expect(flags.slice(0, 4)).toEqual([1, 1, 0, 0]);
		expect(only(events, 'spte_protect').some(({ npages }) => npages === 131_072 - 256)).toBe(true);
		const tracked = new Set<number>();
		for (const event of only(events, 'track_add', 'track_remove', 'write'))
			if (event.kind === 'track_add') tracked.add(event.gfn);
			else if (event.kind === 'track_remove') tracked.delete(event.gfn);
			else expect(tracked).toContain(event.gfn);
		expect(only(events, 'mark').map(({ name }) => name)).toContain('migration ends');
	});

	test('smm is told of address space 1, and of accesses that find no memory in address space 0', () => {
		const events = play({ workload: 'smm', events: 10_000 });
		expect(only(events, 'memslot_create').filter(({ asId }) => asId === 1)).toMatchObject([
			{ name: 'smram', baseGfn: 0xa0, npages: 32 }
		]);
		const normal = only(events, 'prewrite', 'write').filter(({ asId }) => asId !== 1);
		expect(normal.length).toBeGreaterThan(100);
		// nothing can be stored there, so nobody is told of a write that happened
		expect(new Set(normal.map(({ kind }) => kind))).toEqual(new Set(['prewrite']));
		expect(only(events, 'preexec').some(({ asId, rip }) => asId === 1 && (rip ?? 0n) < 0xb0000n)).toBe(true);
	});

	test('vgpu writes to tracked tables in frames, and every write has one listener more than KVM', () => {
		const events = play({ workload: 'vgpu', events: 20_000 });
		const tracked = new Set(only(events, 'track_add').map(({ gfn }) => gfn));
		const writes = only(events, 'write');
		expect(writes.every(({ gfn }) => tracked.has(gfn))).toBe(true);
		expect(new Set(writes.map(({ nodeId }) => nodeId)).size).toBe(2);
		expect(events.at(-1)?.tsNs).toBeGreaterThan(1e9);
	});

	test('a retry storm never writes to a page while it is locked', () => {
		const events = play({ workload: 'retry-storm', events: 20_000 });
		const locked = new Set<number>();
		for (const event of only(events, 'track_add', 'track_remove', 'write'))
			if (event.kind === 'track_add') locked.add(event.gfn);
			else if (event.kind === 'track_remove') locked.delete(event.gfn);
			else expect(locked).not.toContain(event.gfn);
		const verdicts = only(events, 'prewrite').map(({ verdict }) => verdict);
		expect(verdicts.filter((verdict) => verdict === false).length).toBe(verdicts.length / 2);
		expect(quirks(events)).toContain('Q20');
	});

	test('mixed has the consumers of all its parts', () => {
		const events = play({ workload: 'mixed', events: 30_000 });
		expect(
			only(events, 'register')
				.map(({ name }) => name)
				.sort()
		).toEqual([
			'introspection-agent',
			'kvm-mmu',
			'kvmgt',
			'module-guard',
			'pagetrail',
			'smm-guard',
			'unpack-detector'
		]);
	});
});

describe('options', () => {
	test.each([
		[{ workload: 'quake' }, /^workload quake: must be one of introspection, .*mixed$/],
		[{ workload: 'smm', seed: NaN }, 'seed NaN: must be a whole number from 0 to 9007199254740991'],
		[{ workload: 'smm', vcpus: 0 }, 'vcpus 0: must be a whole number from 1 to 256'],
		[{ workload: 'smm', events: 1.5 }, 'events 1.5: must be a whole number from 100 to 1000000000'],
		[{ workload: 'smm', durationNs: 5 }, /^duration 5: must be a whole number from 1000000 /],
		[{ workload: 'mixed', memoryMiB: 64 }, 'memory 64 MiB: does not fit the slots: mixed takes 128 MiB to'],
		[{ workload: 'mixed', memoryMiB: 2 ** 23 }, /to 4194304 MiB \(4 TiB\)$/]
	])('%j is refused in one line that tells what is allowed', (request, message) => {
		expect(() => simulationOptions(request)).toThrow(message);
	});

	test.each(names)('%s runs with as little memory as it says, and with 4 TiB', (workload) => {
		const { least } = WORKLOADS.find(({ name }) => name === workload)?.memoryMiB ?? { least: 0 };
		for (const memoryMiB of [least, 4 * 1024 * 1024]) {
			const events = play({ workload, memoryMiB, events: 4000, vcpus: 1 });
			expect(events.at(-1)?.kind).toBe('end');
			expect(only(events, 'mark').filter(({ name }) => name.startsWith('host BUG'))).toEqual([]);
		}
	});
});
