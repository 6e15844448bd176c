/** Base of all errors the simulated host throws: something a caller must not do, or a host that died. */
export class HostError extends Error {
	override name = 'HostError';
}

/** An argument no kernel interface could carry. */
export class HostInputError extends HostError {
	override name = 'HostInputError';
	readonly field: string;
	readonly value: unknown;

	constructor(field: string, value: unknown, reason: string) {
		super(`${field} ${reason}: ${String(value)}`);
		this.field = field;
		this.value = value;
	}
}

/** Why the notifier list refused a node; in the kernel each of these corrupts the list or deadlocks. */
export type NotifierMisuse = 'registered-twice' | 'in-another-vm' | 'not-registered' | 'inside-callback';

const MISUSE_TEXT: Record<NotifierMisuse, string> = {
	'registered-twice': 'is already registered in this VM',
	'in-another-vm': 'is registered in another VM',
	'not-registered': 'is not registered in this VM',
	'inside-callback': 'cannot be unregistered from inside a callback: synchronize_srcu would wait for itself'
};

/** A register or unregister that would corrupt the kernel's list, or deadlock. */
export class NotifierError extends HostError {
	override name = 'NotifierError';
	readonly nodeName: string;
	readonly misuse: NotifierMisuse;

	constructor(nodeName: string, misuse: NotifierMisuse) {
		super(`notifier node ${nodeName} ${MISUSE_TEXT[misuse]}`);
		this.nodeName = nodeName;
		this.misuse = misuse;
	}
}

/** A gfn outside the slot it was used with; the kernel would write past the end of `gfn_track`. */
export class GfnOutsideSlotError extends HostError {
	override name = 'GfnOutsideSlotError';
	readonly slotId: number;
	readonly gfn: number;
	readonly baseGfn: number;
	readonly npages: number;

	constructor(slot: { id: number; baseGfn: number; npages: number }, gfn: number) {
		super(
			`gfn ${gfn} is outside memslot ${slot.id}, which holds [${slot.baseGfn}, ${slot.baseGfn + slot.npages})`
		);
		this.slotId = slot.id;
		this.gfn = gfn;
		this.baseGfn = slot.baseGfn;
		this.npages = slot.npages;
	}
}

/**
 * Where the host dies: `rmap-spte-not-present` and `rmap-spte-missing` are BUG()s of the rmap walk and of
 * pte_list_remove (arch/x86/kvm/mmu.c), the others a null pointer.
 */
export type HostBugReason = 'rmap-spte-not-present' | 'rmap-spte-missing' | 'no-memslot' | 'freed-memslot';

/** The kernel's BUG() or an oops: the simulated host is dead, its state must not be used any more. */
export class HostBug extends HostError {
	override name = 'HostBug';
	readonly reason: HostBugReason;
	readonly gfn: number;

	constructor(reason: HostBugReason, gfn: number) {
		super(`host BUG ${reason} at gfn ${gfn}`);
		this.reason = reason;
		this.gfn = gfn;
	}
}
