import { lpages } from '../lpage.ts';
import { lpageInfoOf, type KvmMemorySlot } from '../memslot.ts';
import { kvmSetMemoryRegion } from '../memory-region.ts';
import { kvmPageTrackRegisterNotifier, kvmPageTrackUnregisterNotifier } from '../notifier.ts';
import {
	kvmPageTrackFreeMemslot,
	kvmPageTrackIsActive,
	kvmSlotPageTrackAddPage,
	kvmSlotPageTrackRemovePage
} from '../page-track.ts';
import { bool, list, num, script, VectorArgError } from './args.ts';
import type { OpAnswer, OpHandler, VectorDriver } from './driver.ts';
import { scriptedNode } from './scripted-node.ts';
import type { Json, JsonObject } from './vector.ts';

/** Longer lists of counts are recorded as null. */
const LPAGE_ALL_MAX = 64;

function findSlot(driver: VectorDriver, asId: number, id: number): KvmMemorySlot | undefined {
	return driver.kvm.memslots[asId as 0 | 1]?.byId(id);
}

function slotJson({ baseGfn, npages, flags, userspaceAddr, dirtyBitmap }: KvmMemorySlot): JsonObject {
	return { base_gfn: baseGfn, npages, flags, userspace_addr: userspaceAddr, dirty_log: dirtyBitmap !== null };
}

function lpageAll(slot: KvmMemorySlot): JsonObject {
	const counts = (level: number): Json => {
		const length = lpages(slot.baseGfn, slot.npages, level);
		const info = lpageInfoOf(slot, level, slot.baseGfn);
		return length > LPAGE_ALL_MAX ? null : Array.from({ length }, (_, index) => info.get(index));
	};
	return { '2': counts(2), '3': counts(3) };
}

const setMemoryRegion: OpHandler = (driver, input) => {
	const asId = num(input, 'as_id');
	const id = num(input, 'slot');
	const ret = kvmSetMemoryRegion(driver.kvm, {
		id,
		asId,
		baseGfn: num(input, 'base_gfn'),
		npages: num(input, 'npages'),
		userspaceAddr: num(input, 'userspace_addr'),
		flags: num(input, 'flags')
	});
	const slot = findSlot(driver, asId, id);
	return {
		out: {
			ret,
			slot: slot ? slotJson(slot) : null,
			...(ret === 0 && slot && { lpage_all: lpageAll(slot) }),
			indirect_shadow_pages: driver.kvm.indirectShadowPages
		},
		gfns: scriptedGfns(input)
	};
};

/** Gfns that slot callbacks are told to change, whether they come to it or not. */
const scriptedGfns = (input: JsonObject): number[] =>
	Object.values(script(input)).flatMap((callbacks) =>
		Object.values(callbacks).flatMap((behaviour) => (behaviour.do ?? []).map(([, gfn]) => gfn))
	);

function changePage(
	driver: VectorDriver,
	input: JsonObject,
	change: typeof kvmSlotPageTrackAddPage
): OpAnswer {
	const id = num(input, 'slot');
	const slot = findSlot(driver, num(input, 'as_id'), id);
	if (!slot) throw new VectorArgError(`there is no slot ${id}`);
	const gfn = num(input, 'gfn');
	const repeat = input.repeat === undefined ? 1 : num(input, 'repeat');
	for (let n = 0; n < repeat; n++) change(driver.kvm, slot, gfn, num(input, 'mode'));
	return { gfns: [gfn], totals: input.repeat !== undefined };
}

const register: OpHandler = (driver, input) => {
	const id = num(input, 'node');
	const builtin = input.builtin !== undefined;
	if (builtin && input.builtin !== 'kvm-mmu') throw new VectorArgError('in.builtin is not kvm-mmu');
	const node = scriptedNode(id, list(input, 'callbacks'), builtin, driver);
	kvmPageTrackRegisterNotifier(driver.kvm, node);
	driver.nodes.set(id, node);
	return {};
};

const unregister: OpHandler = (driver, input) => {
	const node = driver.nodes.get(num(input, 'node'));
	if (!node) throw new VectorArgError('in.node is not registered');
	kvmPageTrackUnregisterNotifier(driver.kvm, node);
	driver.nodes.delete(num(input, 'node'));
	return {};
};

const freeMemslot: OpHandler = (_driver, input) => {
	const identities = (key: string) => list(input, key).map((id) => (id === 0 ? null : id));
	const free = identities('free');
	const freed = kvmPageTrackFreeMemslot(free, input.dont === null ? null : identities('dont'));
	return { out: { freed: freed as Json[], after: free.map((id) => (id ?? 0) as Json) } };
};

const isActive: OpHandler = ({ kvm }, input) => ({
	out: { ret: kvmPageTrackIsActive(kvm.vcpu(num(input, 'vcpu')), num(input, 'gfn'), num(input, 'mode')) }
});

const setSmm: OpHandler = ({ kvm }, input) => {
	kvm.vcpu(num(input, 'vcpu')).smm = bool(input, 'smm');
	return {};
};

const setDirectMap: OpHandler = ({ kvm }, input) => {
	kvm.vcpu(num(input, 'vcpu')).directMap = bool(input, 'direct_map');
	return {};
};

/** Operations on slots, nodes, counters and the state of vCPUs. */
export const slotOps: Readonly<Record<string, OpHandler>> = {
	register,
	unregister,
	set_memory_region: setMemoryRegion,
	add_page: (driver, input) => changePage(driver, input, kvmSlotPageTrackAddPage),
	remove_page: (driver, input) => changePage(driver, input, kvmSlotPageTrackRemovePage),
	free_memslot: freeMemslot,
	is_active: isActive,
	set_smm: setSmm,
	set_direct_map: setDirectMap
};
