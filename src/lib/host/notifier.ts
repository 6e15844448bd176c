import { NotifierError } from './errors.ts';
import type { Kvm, KvmVcpu } from './kvm.ts';
import type { KvmMemorySlot } from './memslot.ts';
import { tellQuirk } from './quirks.ts';

/** The `bool *data_ready` of a pre-read: true once the buffer holds what the guest must see. */
export interface DataReady {
	dataReady: boolean;
}

/**
 * A registered consumer, `struct kvm_page_track_notifier_node` (arch/x86/include/asm/kvm_page_track.h, RFC v4 07/18).
 * Every callback may be absent. Buffers hold `bytes` bytes from index 0 and belong to the host.
 */
export interface NotifierNode {
	/** Shown in errors and recordings; need not be unique. */
	readonly name: string;
	/** Before a read. May fill `buf` and set or clear `ready.dataReady`. False: do not read, retry in the guest. */
	trackPreread?(vcpu: KvmVcpu, gpa: number, buf: Uint8Array, bytes: number, ready: DataReady): boolean;
	/** Before a write. False: do not write, retry in the guest. */
	trackPrewrite?(vcpu: KvmVcpu, gpa: number, data: Readonly<Uint8Array>, bytes: number): boolean;
	/** After a write. */
	trackWrite?(vcpu: KvmVcpu, gpa: number, data: Readonly<Uint8Array>, bytes: number): void;
	/** Before a fetch. False: do not fetch, retry in the guest. */
	trackPreexec?(vcpu: KvmVcpu, gpa: number): boolean;
	/** A slot is being created; it is not published yet and the object is temporary. */
	trackCreateSlot?(kvm: Kvm, slot: KvmMemorySlot, npages: number): void;
	/** A slot is being moved or deleted; `slot` is the old one, marked invalid. */
	trackFlushSlot?(kvm: Kvm, slot: KvmMemorySlot): void;
}

/** `struct kvm_page_track_notifier_head`. */
export interface NotifierHead {
	/** Newest first. Replaced, never changed, so that a running fan-out keeps its list (RCU). */
	nodes: readonly NotifierNode[];
	/** Fan-outs now running: the read side of `track_srcu`. */
	readers: number;
}

/** Which VM a node is in; a node has one list link, so it can be in one VM only. */
const owners = new WeakMap<NotifierNode, Kvm>();

/** An empty list, as `kvm_page_track_init` leaves it (arch/x86/kvm/page_track.c). */
export const kvmPageTrackInit = (): NotifierHead => ({ nodes: [], readers: 0 });

/**
 * Follows `kvm_page_track_cleanup`: tears the SRCU down and nothing else; nobody is called, the list stays. The nodes
 * may be registered in another VM from now on.
 */
export function kvmPageTrackCleanup(kvm: Kvm): void {
	kvm.track.readers = 0;
	for (const node of kvm.track.nodes) owners.delete(node);
}

/**
 * Puts a node at the head: it will be called first. Follows `kvm_page_track_register_notifier`
 * (arch/x86/kvm/page_track.c). Throws {@link NotifierError} where the kernel would corrupt its list.
 */
export function kvmPageTrackRegisterNotifier(kvm: Kvm, node: NotifierNode): void {
	const owner = owners.get(node);
	if (owner === kvm) throw new NotifierError(node.name, 'registered-twice');
	if (owner) {
		tellQuirk(kvm, 'Q18', null, null);
		throw new NotifierError(node.name, 'in-another-vm');
	}
	owners.set(node, kvm);
	kvm.track.nodes = [node, ...kvm.track.nodes];
	kvm.taps.registered?.(node);
}

/**
 * Unlinks a node; no callback of it runs afterwards. Follows `kvm_page_track_unregister_notifier`
 * (arch/x86/kvm/page_track.c). Throws {@link NotifierError} from inside a callback, where it would deadlock.
 */
export function kvmPageTrackUnregisterNotifier(kvm: Kvm, node: NotifierNode): void {
	if (owners.get(node) !== kvm) throw new NotifierError(node.name, 'not-registered');
	if (kvm.track.readers > 0) throw new NotifierError(node.name, 'inside-callback');
	owners.delete(node);
	kvm.track.nodes = kvm.track.nodes.filter((other) => other !== node);
	kvm.taps.unregistered?.(node);
}
