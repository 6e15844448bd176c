import fc from 'fast-check';
import type { TraceEvent } from '#lib/domain/events.ts';
import { MODES } from '#lib/domain/kinds.ts';

const u64 = fc.bigInt({ min: 0n, max: 2n ** 64n - 1n });
const vcpuId = fc.integer({ min: 0, max: 3 });
const optional = <T>(arbitrary: fc.Arbitrary<T>) => fc.option(arbitrary, { nil: undefined });
const present = <T extends object>(event: T): T => {
	for (const key of Object.keys(event) as (keyof T)[]) if (event[key] === undefined) delete event[key];
	return event;
};
const asId = optional(fc.constant(1));
const derived = optional(fc.constant(true as const));
const extra = optional(fc.record({ zz_note: fc.string(), zz_list: fc.array(fc.integer()) }));
const common = { vcpuId: optional(vcpuId), asId, derived, extra };
const smallGfn = fc.integer({ min: 0, max: 2100 });
const gfn = fc.oneof({ weight: 8, arbitrary: smallGfn }, fc.integer({ min: 0, max: 2 ** 40 - 1 }));
const offset = optional(fc.integer({ min: 0, max: 4095 }));
const slot = {
	slotId: fc.integer({ min: 0, max: 5 }),
	baseGfn: fc.integer({ min: 0, max: 1600 }),
	npages: fc.integer({ min: 1, max: 1500 }),
	flags: optional(fc.integer({ min: 0, max: 3 })),
	name: optional(fc.string()),
	userspaceAddr: optional(fc.bigInt({ min: 0n, max: 2n ** 52n - 1n }).map((page) => page << 12n)),
	...common
};
const npages = optional(fc.integer({ min: 2, max: 700 }));
const nodeId = fc.integer({ min: 0, max: 4 });
const of = <K extends string>(kind: K) => ({ kind: fc.constant(kind), tsNs: fc.constant(0) });

const access = fc.oneof(
	...MODES.map((mode) =>
		fc.record({
			...of(mode),
			...common,
			gfn,
			offset,
			npages: optional(fc.integer({ min: 2, max: 5 })),
			bytes: optional(fc.integer({ min: 0, max: 4096 })),
			rip: optional(u64),
			gva: optional(u64),
			nodeId: optional(nodeId),
			verdict: optional(fc.boolean()),
			dataReady: optional(fc.boolean())
		})
	)
);
const track = (kind: 'track_add' | 'track_remove') =>
	fc.record({
		...of(kind),
		...common,
		mode: fc.constantFrom(...MODES),
		gfn: smallGfn,
		npages,
		slotId: optional(fc.integer({ min: 0, max: 5 })),
		nodeId: optional(nodeId)
	});
const others = [
	fc.record({ ...of('session'), attributes: fc.constant({ version: 1, source: 'test', policy: 'rearm' }) }),
	fc.record({ ...of('vcpu'), vcpuId, asId, derived, extra }),
	fc.record({ ...of('memslot_create'), ...slot }),
	fc.record({ ...of('memslot_create'), ...slot }),
	fc.record({ ...of('memslot_move'), ...slot }),
	fc.record({ ...of('memslot_flags'), ...slot }),
	fc.record({ ...of('memslot_delete'), ...slot }),
	fc.record({ ...of('create_slot'), ...slot, nodeId }),
	fc.record({ ...of('flush_slot'), ...slot, nodeId }),
	fc.record({
		...of('register'),
		...common,
		nodeId,
		name: optional(fc.string()),
		callbacks: optional(fc.array(fc.constantFrom('track_write', 'track_preexec')))
	}),
	fc.record({ ...of('unregister'), ...common, nodeId }),
	fc.record({
		...of('page_fault'),
		...common,
		gfn,
		offset,
		npages,
		errorCode: u64,
		rip: optional(u64),
		gva: optional(u64)
	}),
	fc.record({
		...of('spte_protect'),
		...common,
		gfn,
		npages,
		protect: fc.constantFrom('read' as const, 'write' as const, 'exec' as const),
		level: optional(fc.integer({ min: 1, max: 3 })),
		spte: optional(u64),
		flush: optional(fc.boolean())
	}),
	...(['account_shadowed', 'unaccount_shadowed'] as const).map((kind) =>
		fc.record({
			...of(kind),
			...common,
			gfn: smallGfn,
			npages,
			level: fc.integer({ min: 1, max: 4 }),
			slotId: optional(fc.integer({ min: 0, max: 5 }))
		})
	),
	fc.record({ ...of('tlb_flush'), ...common }),
	fc.record({
		...of('anomaly'),
		...common,
		quirk: fc.constantFrom('Q1', 'Q7'),
		text: optional(fc.string()),
		gfn: optional(gfn)
	}),
	fc.record({ ...of('loss'), ...common, count: optional(fc.nat()), startNs: optional(fc.nat()) }),
	fc.record({ ...of('epoch'), ...common, epoch: fc.nat() }),
	fc.record({ ...of('mark'), ...common, name: fc.string(), phase: optional(fc.nat()) }),
	fc.record({ ...of('end'), ...common })
];

/** Any event of any kind. */
export const anyEvent: fc.Arbitrary<TraceEvent> = fc
	.oneof(
		{ weight: 12, arbitrary: access },
		{ weight: 5, arbitrary: track('track_add') },
		track('track_remove'),
		...others
	)
	.map((event) => present(event) as unknown as TraceEvent);

/** A session's events: times never go backwards, now and then they stand still. */
export const anySession = (maxLength: number): fc.Arbitrary<TraceEvent[]> =>
	fc
		.array(fc.tuple(anyEvent, fc.oneof(fc.constant(0), fc.nat(50), fc.nat(1_000_000_000))), {
			minLength: 1,
			maxLength,
			size: 'max'
		})
		.map((pairs) => {
			let tsNs = 0;
			return pairs.map(([event, step]) => ({ ...event, tsNs: (tsNs += step) }));
		});

/** A half-open range of at most 1,000 that begins below `limit`. */
export const anyRange = (limit: number) =>
	fc.tuple(fc.nat(limit - 1), fc.integer({ min: 1, max: 1000 })).map(([from, n]) => ({ from, to: from + n }));
