import type { StateView } from '#lib/api/types.ts';
import { type EventLine, eventGfn, eventKind } from '#lib/domain/event-line.ts';
import type { Mode } from '#lib/domain/kinds.ts';
import { isMode, kindSentence } from './kind-text.ts';

/**
 * What a state says of one page in one mode: its counter is above zero (`tracked`) or zero (`untracked`), the source's
 * policy declares it and it is not silent (`armed`), no memslot holds it (`outside`), or the state cannot say (`unknown`).
 */
export type PageTracking = 'tracked' | 'armed' | 'untracked' | 'outside' | 'unknown';

interface Place {
	readonly asId: number;
	readonly gfn: number;
	readonly mode: Mode;
}
type Known = Pick<StateView, 'memslots' | 'armed' | 'known'>;

/** Whether a page is tracked in a mode, as far as the state knows. */
export function pageTracking({ memslots, armed, known }: Known, { asId, gfn, mode }: Place): PageTracking {
	const holds = (run: { readonly gfn: number; readonly npages: number }) =>
		gfn >= run.gfn && gfn < run.gfn + run.npages;
	const slot = memslots.find(
		(each) => each.asId === asId && each.published && holds({ gfn: each.baseGfn, npages: each.npages })
	);
	if (slot?.runs[mode].some(holds)) return 'tracked';
	if (known.tracking === 'policy') {
		const declared = armed?.some(
			(set) => set.mode === mode && gfn >= set.startGfn && (set.endGfn === null || gfn < set.endGfn)
		);
		return declared && !slot?.cut && !slot?.silent?.[mode].some(holds) ? 'armed' : 'unknown';
	}
	if (known.tracking === 'none' || !known.complete || slot?.cut) return 'unknown';
	if (!slot) return known.memslots ? 'outside' : 'unknown';
	return 'untracked';
}

const WHAT: Readonly<Record<Mode, string>> = {
	preread: 'The guest is about to read',
	prewrite: 'The guest is about to write to',
	write: 'The guest wrote to',
	preexec: 'The guest is about to execute from'
};
const EMULATED = 'KVM’s emulator reports every access that it makes';

/** One sentence that says what an event is; of an access also whether its page is tracked right before it. */
export function eventSentence(event: EventLine, before: Known | null): string {
	const kind = eventKind(event);
	const gfn = eventGfn(event);
	if (!isMode(kind) || gfn === null) return kindSentence(kind);
	const asId = typeof event.as === 'number' ? event.as : 0;
	const tracking =
		before && event.npages === undefined ? pageTracking(before, { asId, gfn, mode: kind }) : 'unknown';
	switch (tracking) {
		case 'tracked':
			return `${WHAT[kind]} a page that is tracked in this mode.`;
		case 'armed':
			return `${WHAT[kind]} a page that is armed in this mode.`;
		case 'untracked':
			return `${WHAT[kind]} a page that is not tracked in this mode: ${EMULATED}, tracked or not.`;
		case 'outside':
			return `${WHAT[kind]} a page that no memslot holds: ${EMULATED}, also outside guest memory.`;
		case 'unknown':
			return kindSentence(kind);
		default:
			return tracking satisfies never;
	}
}
