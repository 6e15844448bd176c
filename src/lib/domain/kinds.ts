/**
 * The event catalogue: every kind with its stable numeric code. Codes are written to disk: never renumber,
 * only add.
 */
export const KIND_CODES = {
	session: 0,
	vcpu: 1,
	memslot_create: 2,
	memslot_move: 3,
	memslot_flags: 4,
	memslot_delete: 5,
	register: 6,
	unregister: 7,
	track_add: 8,
	track_remove: 9,
	preread: 10,
	prewrite: 11,
	write: 12,
	preexec: 13,
	create_slot: 14,
	flush_slot: 15,
	page_fault: 16,
	spte_protect: 17,
	tlb_flush: 18,
	anomaly: 19,
	loss: 20,
	epoch: 21,
	mark: 22,
	end: 23,
	account_shadowed: 24,
	unaccount_shadowed: 25
} as const;

export type Kind = keyof typeof KIND_CODES;

/** Kind names by code. */
export const KINDS = Object.keys(KIND_CODES) as readonly Kind[];

/** Tracking modes in the kernel's enum order (RFC v4 07/18, enum kvm_page_track_mode). */
export const MODES = ['preread', 'prewrite', 'write', 'preexec'] as const;
export type Mode = (typeof MODES)[number];

/** Something for each mode. */
export type ByMode<T> = Readonly<Record<Mode, T>>;
/** What `of` gives for each mode; `index` is the mode's place in MODES. */
export const byMode = <T>(of: (index: number, mode: Mode) => T): ByMode<T> =>
	Object.fromEntries(MODES.map((mode, index) => [mode, of(index, mode)])) as ByMode<T>;

/** First and last code of the four access notifications; `code - FIRST_ACCESS` is the mode's index. */
export const FIRST_ACCESS = KIND_CODES.preread;
export const LAST_ACCESS = KIND_CODES.preexec;

/** True for preread, prewrite, write and preexec: what a heat map counts. */
export const isAccess = (code: number): boolean => code >= FIRST_ACCESS && code <= LAST_ACCESS;

const bit = (...kinds: Kind[]) => kinds.reduce((mask, kind) => mask | (1 << KIND_CODES[kind]), 0);

/** Bit set (1 << code) of the kinds that `evolve` reacts to; all others leave the tracking state as it is. */
export const STATE_KINDS = bit(
	'session',
	'vcpu',
	'memslot_create',
	'memslot_move',
	'memslot_flags',
	'memslot_delete',
	'register',
	'unregister',
	'track_add',
	'track_remove',
	'create_slot',
	'flush_slot',
	'loss',
	'epoch',
	'mark',
	'end',
	'account_shadowed',
	'unaccount_shadowed'
);
/** Whether `evolve` reacts to the kind with this code. */
export const changesState = (code: number): boolean => ((STATE_KINDS >>> code) & 1) === 1;
export const ACCESS_KINDS = bit(...MODES);
/** Kinds that carry a whole memslot: its own events, and what notifiers are told of it. */
export const SLOT_KINDS = bit(
	'memslot_create',
	'memslot_move',
	'memslot_flags',
	'memslot_delete',
	'create_slot',
	'flush_slot'
);
export const TRACK_KINDS = bit('track_add', 'track_remove');
export const SHADOW_KINDS = bit('account_shadowed', 'unaccount_shadowed');

/** Kinds that are about a page; memslot events merely contain it. */
export const PAGE_KINDS = ACCESS_KINDS | TRACK_KINDS | bit('page_fault', 'spte_protect', 'anomaly');

/** Bit set of the named kinds. */
export const kindMask = (kinds: readonly Kind[]): number => bit(...kinds);
/** The kinds of a bit set, in code order. */
export const maskKinds = (mask: number): Kind[] => KINDS.filter((_, code) => mask & (1 << code));
