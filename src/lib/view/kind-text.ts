import { type Kind, KIND_CODES, MODES, type Mode } from '#lib/domain/kinds.ts';

/** Kinds drawn as one colour; `state` are the events that change the tracking state, `other` all the rest. */
export type KindGroup = Mode | 'state' | 'other';
export const KIND_GROUPS: readonly KindGroup[] = [...MODES, 'state', 'other'];

const STATE: readonly Kind[] = [
	'memslot_create',
	'memslot_move',
	'memslot_flags',
	'memslot_delete',
	'register',
	'unregister',
	'track_add',
	'track_remove',
	'account_shadowed',
	'unaccount_shadowed',
	'create_slot',
	'flush_slot',
	'epoch'
];

/** True for a name of the event catalogue. */
export const isKind = (name: string): name is Kind => Object.hasOwn(KIND_CODES, name);
export const isMode = (name: string): name is Mode => (MODES as readonly string[]).includes(name);

export const kindGroup = (kind: string): KindGroup =>
	isMode(kind) ? kind : (STATE as readonly string[]).includes(kind) ? 'state' : 'other';

/** The CSS colour of a kind's group. */
export const kindColour = (kind: string): string => `var(--kind-${kindGroup(kind)})`;

/** What a mode's notification says, in words. */
export const MODE_TEXT: Readonly<Record<Mode, string>> = {
	preread: 'before a read',
	prewrite: 'before a write',
	write: 'after a write',
	preexec: 'before a fetch'
};

const SENTENCES: Readonly<Record<Kind, string>> = {
	session: 'The recording begins.',
	vcpu: 'A vCPU exists.',
	memslot_create: 'A memory slot is created.',
	memslot_move: 'A memory slot moves to another base.',
	memslot_flags: 'The flags of a memory slot change.',
	memslot_delete: 'A memory slot is deleted.',
	register: 'A notifier is registered; it is called first from now on.',
	unregister: 'A notifier is unregistered.',
	track_add: 'Pages begin to be tracked in a mode (counter + 1).',
	track_remove: 'Pages cease to be tracked in a mode (counter − 1).',
	preread: 'The guest is about to read a page.',
	prewrite: 'The guest is about to write to a page.',
	write: 'The guest wrote to a page.',
	preexec: 'The guest is about to execute from a page.',
	create_slot: 'Notifiers are told that a memory slot is being created.',
	account_shadowed: 'KVM made its own copy of a page table of the guest.',
	unaccount_shadowed: 'KVM dropped its own copy of a page table of the guest.',
	flush_slot: 'Notifiers are told that a memory slot is about to go.',
	page_fault: 'The guest faulted on a page.',
	spte_protect: 'A page-table entry lost rights.',
	tlb_flush: 'Translations were flushed.',
	anomaly: 'Something surprising happened.',
	loss: 'Events were lost.',
	epoch: 'A new epoch: every declared page is armed again.',
	mark: 'A named moment.',
	end: 'The recording ends.'
};

/** One sentence that says what an event of this kind is, whatever the state; see `eventSentence` for one event. */
export const kindSentence = (kind: string): string =>
	isKind(kind) ? SENTENCES[kind] : 'An event of a kind this version does not know.';
