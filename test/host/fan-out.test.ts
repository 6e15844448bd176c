import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { NotifierError } from '#lib/host/errors.ts';
import {
	kvmPageTrackPreexec,
	kvmPageTrackPreread,
	kvmPageTrackPrewrite,
	kvmPageTrackWrite
} from '#lib/host/fan-out.ts';
import {
	kvmPageTrackRegisterNotifier,
	kvmPageTrackUnregisterNotifier,
	type NotifierNode
} from '#lib/host/notifier.ts';
import { machine, register } from './machine.ts';

const DATA = Uint8Array.of(1, 2, 3, 4);

describe('a fan-out', () => {
	test('calls every node newest first and ANDs the verdicts', () => {
		fc.assert(
			fc.property(fc.array(fc.option(fc.boolean()), { maxLength: 8 }), (verdicts) => {
				const { kvm } = machine();
				const called: number[] = [];
				verdicts.forEach((verdict, i) =>
					register(kvm, verdict === null ? {} : { trackPrewrite: () => (called.push(i), verdict) })
				);
				const having = verdicts.flatMap((verdict, i) => (verdict === null ? [] : [i]));
				const ret = kvmPageTrackPrewrite(kvm.vcpu(0), 0, DATA, 4);
				expect(called).toEqual(having.reverse());
				expect(ret).toBe(!verdicts.includes(false));
			})
		);
	});

	test('fires for an address without a slot: nodes filter for themselves', () => {
		const { kvm } = machine();
		const gpas: number[] = [];
		register(kvm, {
			trackPreexec: (_vcpu, gpa) => gpas.push(gpa) > 0,
			trackWrite: (_vcpu, gpa) => void gpas.push(gpa)
		});
		expect(kvmPageTrackPreexec(kvm.vcpu(0), 5)).toBe(true);
		kvmPageTrackWrite(kvm.vcpu(0), 2 ** 45, DATA, 4);
		expect(gpas).toEqual([5, 2 ** 45]);
	});

	test('lets the oldest pre-read node win over the data and the flag of the newer ones', () => {
		const { kvm } = machine();
		const fill = (value: number): Partial<NotifierNode> => ({
			trackPreread: (_vcpu, _gpa, buf, _bytes, ready) => {
				buf[0] = value;
				ready.dataReady = value !== 1;
				return true;
			}
		});
		for (const value of [1, 2, 3]) register(kvm, fill(value));
		const buf = new Uint8Array(1);
		const ready = { dataReady: true };
		expect(kvmPageTrackPreread(kvm.vcpu(0), 0, buf, 1, ready)).toBe(true);
		expect([buf[0], ready.dataReady]).toEqual([1, false]);
	});

	test('clears data_ready even with no nodes', () => {
		const ready = { dataReady: true };
		kvmPageTrackPreread(machine().kvm.vcpu(0), 0, new Uint8Array(1), 1, ready);
		expect(ready.dataReady).toBe(false);
	});

	test('tells the tap each verdict with the data the node left', () => {
		const told: unknown[] = [];
		const { kvm } = machine({
			taps: {
				preread: (node, vcpu, gpa, buf, bytes, verdict, dataReady) =>
					told.push([node.name, vcpu.vcpuId, gpa, buf[0], bytes, verdict, dataReady])
			}
		});
		register(kvm, { name: 'old', trackPreread: () => false });
		register(kvm, {
			name: 'new',
			trackPreread: (_vcpu, _gpa, buf, _bytes, ready) => {
				buf[0] = 9;
				return (ready.dataReady = true);
			}
		});
		kvmPageTrackPreread(kvm.vcpu(0), 7, new Uint8Array(2), 2, { dataReady: false });
		expect(told).toEqual([
			['new', 0, 7, 9, 2, true, true],
			['old', 0, 7, 9, 2, false, true]
		]);
	});

	test('releases its read side when a callback throws', () => {
		const { kvm } = machine();
		const node = register(kvm, {
			trackPreexec: () => {
				throw new Error('bad consumer');
			}
		});
		expect(() => kvmPageTrackPreexec(kvm.vcpu(0), 0)).toThrow('bad consumer');
		expect(() => kvmPageTrackUnregisterNotifier(kvm, node)).not.toThrow();
	});
});

describe('the notifier list', () => {
	test('moves a node that registers again to the front', () => {
		const { kvm } = machine();
		const order: string[] = [];
		const [a, b] = ['a', 'b'].map((name) =>
			register(kvm, { name, trackPreexec: () => order.push(name) > 0 })
		) as [NotifierNode, NotifierNode];
		kvmPageTrackPreexec(kvm.vcpu(0), 0);
		kvmPageTrackUnregisterNotifier(kvm, a);
		kvmPageTrackRegisterNotifier(kvm, a);
		kvmPageTrackPreexec(kvm.vcpu(0), 0);
		expect(order).toEqual(['b', 'a', 'a', 'b']);
		expect(kvm.track.nodes).toEqual([a, b]);
	});

	test('does not call a node registered from inside a callback in the same round', () => {
		const { kvm } = machine();
		let late = 0;
		const inner: NotifierNode = { name: 'inner', trackPreexec: () => ++late > 0 };
		register(kvm, { trackPreexec: () => (kvmPageTrackRegisterNotifier(kvm, inner), true) });
		kvmPageTrackPreexec(kvm.vcpu(0), 0);
		expect(late).toBe(0);
	});

	test('refuses what would corrupt it, with the node and the misuse', () => {
		const { kvm } = machine();
		const node = register(kvm, { name: 'guard' });
		expect(() => kvmPageTrackRegisterNotifier(kvm, node)).toThrow(
			expect.objectContaining({ nodeName: 'guard', misuse: 'registered-twice' })
		);
		expect(() => kvmPageTrackUnregisterNotifier(machine().kvm, node)).toThrow(
			expect.objectContaining({ misuse: 'not-registered' })
		);
	});

	test('refuses an unregister from inside a callback, which would deadlock', () => {
		const { kvm } = machine();
		const node: NotifierNode = register(kvm, {
			trackWrite: () => kvmPageTrackUnregisterNotifier(kvm, node)
		});
		expect(() => kvmPageTrackWrite(kvm.vcpu(0), 0, DATA, 4)).toThrow(NotifierError);
		expect(kvm.track.nodes).toEqual([node]);
	});
});
