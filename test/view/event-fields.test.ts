import { describe, expect, test } from 'vitest';
import { hvaOf, readEvent } from '#lib/view/event-fields.ts';
import { eventKind, type EventLine } from '#lib/domain/event-line.ts';

const context = {
	clock: 'ns' as const,
	session: {},
	nodeName: (nodeId: number) => (nodeId === 2 ? 'kvmi' : null)
};
const read = (event: EventLine, session = {}) => readEvent(event, { ...context, session });
const field = (event: EventLine, label: string, session = {}) =>
	read(event, session).fields.find((each) => each.label === label);

describe('an event in words', () => {
	const access = { seq: 7, t: 1500, c: 1, k: 'preread', a: '0x1234008', n: 8, ip: '0xffffffff81000000' };

	test('addresses are copied as hex, the rip without losing a bit', () => {
		expect(field(access, 'gfn')?.copy).toBe('0x1234');
		expect(field(access, 'guest physical address (gpa)')?.copy).toBe('0x1234008');
		expect(field(access, 'instruction (rip)')?.copy).toBe('0xffffffff81000000');
		expect(field(access, 'offset in page')?.value).toBe('0x8 (byte 8)');
	});
	test('a refused read whose data was offered says that the refusal wins', () => {
		const event = { ...access, verdict: false, ready: true };
		expect(field(event, 'verdict')?.note).toContain('nothing is read');
		expect(field(event, 'data ready')?.note).toContain('Q16');
	});
	test('a notifier is named where its name is known', () => {
		expect(field({ ...access, node: 2 }, 'notifier node')?.value).toBe('2 (kvmi)');
		expect(field({ ...access, node: 3 }, 'notifier node')?.value).toBe('3');
	});
	test('fields that nobody named are kept as text, numbers as they were', () => {
		const { others } = read({ ...access, cpu: 12345, odd: { a: [1] } });
		expect(others).toEqual([
			{ label: 'cpu', value: '12345' },
			{ label: 'odd', value: '{"a":[1]}' }
		]);
	});
	test('a quirk is explained, an unknown one is called so', () => {
		const anomaly = { seq: 1, t: 0, k: 'anomaly', quirk: 'Q7', g: '0x10' };
		expect(field(anomaly, 'quirk')?.note).toContain('loops');
		expect(field({ ...anomaly, quirk: 'Q99' }, 'quirk')?.note).toContain('no words');
	});
	test('a slot’s own event is told from the notification about it', () => {
		const slot = { seq: 1, t: 0, k: 'flush_slot', id: 3, a: '0x0', npages: 16 };
		expect(eventKind(slot)).toBe('memslot_delete');
		expect(eventKind({ ...slot, node: 1 })).toBe('flush_slot');
		expect(eventKind({ ...slot, k: 'move_slot' })).toBe('memslot_move');
	});
	test('an inferred event is called so', () => {
		expect(field({ ...access, derived: true }, 'inferred')?.note).toContain('concluded');
	});
});

describe('hardware words', () => {
	const fault = { seq: 1, t: 0, k: 'page_fault', a: '0x1000', error: '0x182' };
	const names = (session: object) => field(fault, 'error code', session)?.bits?.map((bit) => bit.name);

	test('an error code is read as the session stores it, and the assumption is told', () => {
		const intel = { fault_code: 'ept', vendor: 'intel', vendor_assumed: true };
		expect(names(intel)).toContain('linear address valid');
		expect(field(fault, 'error code', intel)?.note).toContain('assumed');
		expect(field(fault, 'error code', { ...intel, vendor_assumed: false })?.note).toContain('vendor intel');
		expect(names({})).toContain('PRESENT');
	});
	test('a fault and an entry of the simulated host are read for the same hardware', () => {
		const simulated = { source: 'simulated-host' };
		expect(field(fault, 'error code', simulated)?.note).toBe(
			'KVM’s PFERR code; the simulated host has EPT and makes the code from the violation, as KVM does on Intel'
		);
		const entry = { seq: 1, t: 0, k: 'spte_protect', g: '0x10', protect: 'write', spte: '0x35', level: 1 };
		expect(field(entry, 'page-table entry', simulated)?.note).toContain('the simulated host has EPT');
	});
	test('what the event says of its own code wins', () => {
		const own = { ...fault, fault_code: 'pferr' };
		expect(field(own, 'error code', { fault_code: 'ept' })?.note).toContain('this event says so');
	});
	test('an entry is read by the vendor, and not at all for arm64', () => {
		const entry = {
			seq: 1,
			t: 0,
			k: 'spte_protect',
			g: '0x10',
			protect: 'write',
			spte: '0x1234d75',
			level: 2
		};
		expect(field(entry, 'page-table entry', { vendor: 'amd' })?.bits?.[0]?.name).toBe('P');
		expect(field(entry, 'page-table entry', {})?.bits?.[0]?.name).toBe('R');
		expect(field(entry, 'page-table entry', { vendor: 'arm64' })?.bits).toBeUndefined();
		expect(field(entry, 'mapping level')?.value).toBe('2 (2\u202fMiB)');
	});
});

test('the host finds a byte at its slot’s address plus its place in the slot', () => {
	const event = { seq: 1, t: 0, k: 'write', a: '0x100010' };
	// page 0x100 is 0x40 pages into a slot from 0xc0
	expect(hvaOf('0xffff800000000000', 0xc0, event)).toBe('0xffff800000040010');
	expect(hvaOf('0x0', 0, { seq: 2, t: 0, k: 'mark' })).toBeNull();
});
