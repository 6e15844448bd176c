/** Shapes of the answers about what is used and tracked, and what differs between two positions. */
import type { ByMode, Mode } from '../domain/kinds.ts';
import type { LaneInfo } from '../domain/session-info.ts';
import type { ModeCounts } from './analyses-types.ts';
import type { WireEvent } from './types.ts';

/** Gfns that were accessed or tracked in the whole session, by lane, ascending; between two ranges nothing happened. */
export interface UsedGfns {
	readonly lanes: readonly {
		readonly lane: number;
		readonly ranges: readonly { readonly gfn: number; readonly npages: number }[];
	}[];
	/** The lane of accesses outside every memslot, among `lanes` too; null if there is none. */
	readonly outside: LaneInfo | null;
}

/** Why a page is tracked right before event `seq`. */
export interface WhyTracked {
	readonly gfn: number;
	readonly seq: number;
	/** Memslots that hold the page and track it in some mode. */
	readonly slots: readonly {
		readonly asId: number;
		readonly slotId: number;
		readonly modes: readonly {
			readonly mode: Mode;
			/** The page's counter. */
			readonly count: number;
			/** The track_add events that still count, oldest first; the newest 1,000 of them. */
			readonly adds: readonly WireEvent[];
		}[];
	}[];
	/** What a policy declares of the page; null where the source arms by no policy. */
	readonly armed: ArmedPage | null;
}

/** How a policy arms a page: by itself, without a track_add event. */
export interface ArmedPage {
	/** `rearm`: silent after a notification until the next epoch; `always`: never silent. */
	readonly policy: 'rearm' | 'always';
	/** The epoch that armed it last; null before the first, when it is armed from the session's beginning. */
	readonly epoch: { readonly epoch: number; readonly seq: number; readonly tsNs: number } | null;
	/** Memslots that hold the page. */
	readonly slots: readonly {
		readonly asId: number;
		readonly slotId: number;
		/** Modes that the policy declares for the page. */
		readonly modes: readonly {
			readonly mode: Mode;
			/** Policy `rearm`: the notification since which it is silent; null while it is armed. */
			readonly silencedBy: WireEvent | null;
		}[];
	}[];
}

/** What was tracked of `[gfn, gfn + npages)` of a lane right before the first event at or after `tsNs`. */
export interface TrackedCell {
	readonly lane: number;
	readonly tsNs: number;
	readonly gfn: number;
	readonly npages: number;
	/** Of these pages, those that a memslot of the lane held. */
	readonly pages: number;
	/** Pages with a counter above zero; null if no event before told of counters. */
	readonly tracked: ModeCounts | null;
	/** Pages that the source's policy arms; null without one. */
	readonly armed: ModeCounts | null;
	/** Policy `rearm` only: of the armed pages those notified since the epoch began, silent until the next. */
	readonly silent: ModeCounts | null;
}

/** Tracked pages over time; the geometry is a heat map's. */
export interface TrackedGrid {
	readonly lane: number;
	readonly modes: readonly Mode[];
	readonly value: 'tracked';
	readonly startNs: number;
	readonly columnNs: number;
	readonly columns: number;
	readonly startGfn: number;
	readonly rowPages: number;
	readonly rows: number;
	/** Pages of the row whose counter in one of the modes is above zero at the column's end; as a heat map's cells. */
	readonly cells: readonly number[];
	readonly max: number;
}

/** `[gfn, gfn + npages)` whose counter went from `before` to `after`. */
export interface CounterChange {
	readonly gfn: number;
	readonly npages: number;
	readonly before: number;
	readonly after: number;
}

export interface MemslotBrief {
	readonly asId: number;
	readonly slotId: number;
	readonly lane: number;
	readonly baseGfn: number;
	readonly npages: number;
	readonly flags: number;
	readonly name: string | null;
}

/** What one position has and the other has not, tracked pages by gfn. */
export interface SlotDiff {
	readonly asId: number;
	readonly slotId: number;
	readonly change: 'added' | 'removed' | 'changed';
	/** The memslot before and after; null where it is not there. A slot made anew is `changed`. */
	readonly before: MemslotBrief | null;
	readonly after: MemslotBrief | null;
	/** Fields of the memslot that differ. */
	readonly fields: readonly string[];
	/** True if it was deleted and created again in between. */
	readonly renewed: boolean;
	/** By mode: runs of pages whose counter differs, in gfn order, cut at 4,096 a mode. */
	readonly counters: ByMode<readonly CounterChange[]>;
	/** By mode, never cut: pages tracked after but not before, and the reverse. */
	readonly gained: ModeCounts;
	readonly lost: ModeCounts;
	readonly cut: boolean;
}

export interface StateDiff {
	readonly from: number;
	readonly to: number;
	/** Events between the positions, by kind. */
	readonly events: Readonly<Record<string, number>>;
	/** Memslots that differ in any way, by address space and id. */
	readonly slots: readonly SlotDiff[];
	readonly notifiers: {
		readonly added: readonly NotifierBrief[];
		readonly removed: readonly NotifierBrief[];
		/** Node ids in call order. */
		readonly before: readonly number[];
		readonly after: readonly number[];
	};
	readonly vcpusAdded: readonly number[];
	readonly epochs: { readonly before: number | null; readonly after: number | null };
	/** Events known to be lost in between; `unknown` if some loss has no number. */
	readonly lost: { readonly count: number; readonly unknown: boolean };
}
export interface NotifierBrief {
	readonly nodeId: number;
	readonly name: string | null;
	readonly registeredSeq: number;
}
