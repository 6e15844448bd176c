import type { Kvm } from '../kvm.ts';
import { createKvmMmuNode } from '../kvm-mmu-node.ts';
import type { KvmMemorySlot } from '../memslot.ts';
import type { NotifierNode } from '../notifier.ts';
import { kvmSlotPageTrackAddPage, kvmSlotPageTrackRemovePage } from '../page-track.ts';
import { bytesToHex, hexToBytes } from './hex.ts';
import type { Observer } from './observer.ts';
import type { CallbackScript, JsonObject, Script } from './vector.ts';

/** What a scripted node needs of the replay. */
export interface ScriptSource {
	readonly observer: Observer;
	/** Behaviours during the current operation. */
	script: Script;
}

type Callbacks = {
	-readonly [name in keyof Omit<NotifierNode, 'name'>]-?: NonNullable<NotifierNode[name]>;
};

function doPages(kvm: Kvm, slot: KvmMemorySlot, script: CallbackScript): void {
	for (const [what, gfn, mode] of script.do ?? [])
		(what === 'add' ? kvmSlotPageTrackAddPage : kvmSlotPageTrackRemovePage)(kvm, slot, gfn, mode);
}

/** All callbacks of a node: each reports itself, then behaves as the current script says. */
function callbacks(id: number, source: ScriptSource): Callbacks {
	const report = (cb: string, fields: JsonObject) =>
		source.observer.push({ e: 'cb', node: id, cb, ...fields });
	const behaviour = (cb: string): CallbackScript => source.script[id]?.[cb] ?? {};
	const slotFields = ({ id: slot, baseGfn: base_gfn, npages }: KvmMemorySlot) => ({ slot, base_gfn, npages });
	return {
		trackPreread(vcpu, gpa, buf, bytes, ready) {
			const { ret = true, data = '', ready: set = null } = behaviour('track_preread');
			const before = { buf_in: bytesToHex(buf, bytes), ready_in: ready.dataReady };
			buf.set(hexToBytes(data).subarray(0, bytes));
			if (set !== null) ready.dataReady = set;
			const after = { buf_out: bytesToHex(buf, bytes), ready_out: ready.dataReady };
			report('track_preread', { vcpu: vcpu.vcpuId, gpa, bytes, ...before, ...after, ret });
			return ret;
		},
		trackPrewrite(vcpu, gpa, data, bytes) {
			const { ret = true } = behaviour('track_prewrite');
			report('track_prewrite', { vcpu: vcpu.vcpuId, gpa, bytes, data: bytesToHex(data, bytes), ret });
			return ret;
		},
		trackWrite(vcpu, gpa, data, bytes) {
			report('track_write', { vcpu: vcpu.vcpuId, gpa, bytes, data: bytesToHex(data, bytes) });
		},
		trackPreexec(vcpu, gpa) {
			const { ret = true } = behaviour('track_preexec');
			report('track_preexec', { vcpu: vcpu.vcpuId, gpa, ret });
			return ret;
		},
		trackCreateSlot(kvm, slot) {
			const installed = kvm.memslots[slot.asId as 0 | 1].byId(slot.id) !== undefined;
			report('track_create_slot', { ...slotFields(slot), installed });
			doPages(kvm, slot, behaviour('track_create_slot'));
		},
		trackFlushSlot(kvm, slot) {
			report('track_flush_slot', { ...slotFields(slot), invalid: slot.invalid });
			doPages(kvm, slot, behaviour('track_flush_slot'));
		}
	};
}

const CALLBACK_NAMES = {
	track_preread: 'trackPreread',
	track_prewrite: 'trackPrewrite',
	track_write: 'trackWrite',
	track_preexec: 'trackPreexec',
	track_create_slot: 'trackCreateSlot',
	track_flush_slot: 'trackFlushSlot'
} as const;

/** KVM's own work behind the reports of its node. */
function addKvmMmu(all: Callbacks): Callbacks {
	const mmu = createKvmMmuNode();
	return {
		...all,
		trackWrite(vcpu, gpa, data, bytes) {
			all.trackWrite(vcpu, gpa, data, bytes);
			mmu.trackWrite?.(vcpu, gpa, data, bytes);
		},
		trackFlushSlot(kvm, slot) {
			all.trackFlushSlot(kvm, slot);
			mmu.trackFlushSlot?.(kvm, slot);
		}
	};
}

/** A node with some callbacks (kernel names); `builtin` makes it KVM's own. */
export function scriptedNode(
	id: number,
	names: readonly unknown[],
	builtin: boolean,
	source: ScriptSource
): NotifierNode {
	const all = builtin ? addKvmMmu(callbacks(id, source)) : callbacks(id, source);
	const chosen = Object.entries(CALLBACK_NAMES)
		.filter(([name]) => names.includes(name))
		.map(([, key]) => [key, all[key]] as const);
	return { name: String(id), ...Object.fromEntries(chosen) };
}
