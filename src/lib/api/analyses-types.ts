/** Shapes of the answers about rows, analyses, differences and notes; addresses and 64-bit values are `0x…` strings. */
import type { Mode } from '../domain/kinds.ts';
import type { NamedRange } from '../domain/iomem.ts';
import type { LanePair } from '../domain/lane-pairs.ts';
import type { LineIssue } from '../domain/line-issues.ts';
import type { NamedView, Note } from '../domain/notes.ts';
import type { SymbolHit } from '../domain/symbols.ts';
import type { WireEvent } from './types.ts';

export type { NamedRange } from '../domain/iomem.ts';
export type { LanePair } from '../domain/lane-pairs.ts';
export type { LineIssue } from '../domain/line-issues.ts';
export type { NamedView, Note, NotePin } from '../domain/notes.ts';

export interface EventCount {
	/** Events that meet the filter. */
	readonly count: number;
}

/** Rows of the filtered event table, in seq order. */
export interface EventRowPage {
	/** Events that meet the filter. */
	readonly total: number;
	/** Row (from 0) of the first event; `total` if there is none. */
	readonly row: number;
	/** Event `i` is row `row + i`. */
	readonly events: readonly WireEvent[];
}

/** The event that a step leads to; null at the end. */
export interface EventStep {
	readonly event: WireEvent | null;
}

/** The events on a page right before and after a position; null where there is none. */
export interface PageNeighbours {
	readonly previous: WireEvent | null;
	readonly next: WireEvent | null;
}

/** Gfns that were accessed or tracked in the whole session, by lane, ascending; between two ranges nothing happened. */
export interface UsedGfns {
	readonly lanes: readonly {
		readonly lane: number;
		readonly ranges: readonly { readonly gfn: number; readonly npages: number }[];
	}[];
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

/** Window `i` covers `[startNs + i * windowNs, + windowNs)`, cut at the asked range's end. */
export interface WorkingSet {
	readonly startNs: number;
	readonly windowNs: number;
	readonly windows: number;
	readonly by: 'none' | 'lane' | 'mode';
	/** Distinct gfns accessed in each window. */
	readonly pages: readonly number[];
	/** The same for each lane (its number, `none` outside every memslot) or mode that occurs. */
	readonly series: readonly { readonly key: string; readonly pages: readonly number[] }[];
	/** The window with most pages (the first of them); null if no page was accessed. */
	readonly peak: { readonly window: number; readonly pages: number; readonly tsNs: number } | null;
}

export type ModeCounts = Readonly<Record<Mode, number>>;

export interface HotPage {
	readonly gfn: number;
	/** Lane of its last access; null outside every memslot. */
	readonly lane: number | null;
	readonly total: number;
	readonly counts: ModeCounts;
	readonly firstSeq: number;
	readonly firstNs: number;
	readonly lastSeq: number;
	readonly lastNs: number;
}
export interface HotPages {
	/** Distinct gfns accessed, and accesses. */
	readonly pages: number;
	readonly accesses: number;
	/** Most accessed first; equal ones by gfn. */
	readonly items: readonly HotPage[];
}

/** How long ago pages were accessed last, seen from a time. */
export interface IdleAges {
	readonly atNs: number;
	readonly pages: number;
	/** Pages of the asked lane that were never accessed; null without a lane. */
	readonly never: number | null;
	/** Ages in `[fromNs, toNs)`, powers of two; buckets without pages are left out. */
	readonly buckets: readonly {
		readonly fromNs: number;
		readonly toNs: number;
		readonly pages: number;
		/** Last access of the bucket's longest idle page (the lowest gfn of them). */
		readonly gfn: number;
		readonly seq: number;
	}[];
}

/** Accesses by time modulo a period: column `i` is the period that begins at `startNs + i * periodNs`. */
export interface OffsetMap {
	readonly startNs: number;
	readonly periodNs: number;
	readonly columns: number;
	/** Row `j` covers `[j * rowNs, (j + 1) * rowNs)` of each period, cut at the period's end. */
	readonly rowNs: number;
	readonly rows: number;
	/** Length = columns x rows, row-major, row 0 is the period's beginning. */
	readonly cells: readonly number[];
	readonly max: number;
	readonly total: number;
}

export interface VcpuLane {
	/** Null: accesses without a vCPU. */
	readonly vcpuId: number | null;
	/** Accesses in each column. */
	readonly columns: readonly number[];
	readonly total: number;
	/** Distinct gfns. */
	readonly pages: number;
	readonly counts: ModeCounts;
	readonly firstSeq: number;
	readonly lastSeq: number;
}
export interface VcpuLanes {
	readonly startNs: number;
	readonly columnNs: number;
	readonly columns: number;
	/** By vCPU id, null last. */
	readonly vcpus: readonly VcpuLane[];
}

export interface TopRip {
	readonly rip: string;
	/** `symbol+0x…` where symbols were loaded and one fits. */
	readonly symbol: string | null;
	readonly count: number;
	/** Distinct gfns that it accessed. */
	readonly pages: number;
	readonly counts: ModeCounts;
	readonly firstSeq: number;
	readonly lastSeq: number;
}
export interface TopRips {
	readonly rips: number;
	/** Accesses with and without an instruction address. */
	readonly known: number;
	readonly unknown: number;
	/** Most accesses first; equal ones by address. */
	readonly items: readonly TopRip[];
}

/** A page that was executed after it was written: the last write before, the first execution after. */
export interface WrittenThenExecuted {
	readonly gfn: number;
	readonly writeSeq: number;
	readonly writeNs: number;
	readonly writeRip: string | null;
	readonly execSeq: number;
	readonly execNs: number;
	readonly execRip: string | null;
	readonly delayNs: number;
	/** Write notifications since the page was executed before. */
	readonly writes: number;
}
export interface WrittenThenExecutedList {
	/** All of them, and the pages they concern. */
	readonly total: number;
	readonly pages: number;
	readonly items: readonly WrittenThenExecuted[];
}

/** One access that was notified again and again: same vCPU, notifier, mode, gfn and instruction. */
export interface RetryStorm {
	readonly vcpuId: number | null;
	readonly nodeId: number | null;
	readonly mode: Mode;
	readonly gfn: number;
	readonly rip: string | null;
	readonly count: number;
	/** Notifications whose verdict was false. */
	readonly denied: number;
	readonly firstSeq: number;
	readonly firstNs: number;
	readonly lastSeq: number;
	readonly lastNs: number;
}
export interface RetryStorms {
	readonly total: number;
	/** Most notifications first; equal ones in order. */
	readonly items: readonly RetryStorm[];
}

export interface Anomalies {
	readonly total: number;
	/** By rule, most frequent first. */
	readonly quirks: readonly { readonly quirk: string; readonly count: number; readonly firstSeq: number }[];
	/** In seq order. */
	readonly items: readonly {
		readonly seq: number;
		readonly tsNs: number;
		readonly quirk: string;
		readonly text: string | null;
		readonly gfn: number | null;
		readonly vcpuId: number | null;
	}[];
	/** Pass as `from` to go on; null at the end. */
	readonly next: number | null;
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
	readonly counters: Readonly<Record<Mode, readonly CounterChange[]>>;
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

export interface NotesAnswer {
	readonly notes: readonly Note[];
	readonly views: readonly NamedView[];
}

/** What an import of a notes file did; a line that was not taken is told with its place. */
export interface NotesImportAnswer {
	readonly added: number;
	readonly known: number;
	readonly issues: readonly { readonly line: number; readonly byte: number; readonly message: string }[];
}

/** A text kept beside a session; lines that were not taken are counted, the first 20 are told. */
export interface LoadedText {
	readonly name: string;
	readonly loadedMs: number;
	/** Symbols or ranges that it gives. */
	readonly entries: number;
	readonly rejectedLines: number;
	readonly issues: readonly LineIssue[];
}
/** Symbols, with the number (decimal or `0x…`, as it was asked) that was added to each address. */
export interface LoadedSymbols extends LoadedText {
	readonly slide: string;
}
export interface SymbolLookup {
	/** In the order asked; null where no symbol holds the address. */
	readonly symbols: readonly (
		| (SymbolHit & {
				readonly rip: string;
				/** `name+0x1f [module]` */
				readonly text: string;
		  })
		| null
	)[];
}
export interface IomemAnswer extends LoadedText {
	/** In the text's order; `depth` says what lies in what. */
	readonly ranges: readonly NamedRange[];
}

/** What names a session has; null where none were loaded. */
export interface NamesAnswer {
	readonly symbols: LoadedSymbols | null;
	readonly iomem: IomemAnswer | null;
}

/** One side of a comparison: a window of a session. */
export interface ComparedWindow {
	readonly id: string;
	readonly name: string;
	readonly fromNs: number;
	readonly toNs: number;
	readonly accesses: number;
	/** Accesses by mode. */
	readonly counts: ModeCounts;
	/** Distinct gfns accessed. */
	readonly pages: number;
}
export interface GfnRun {
	readonly gfn: number;
	readonly npages: number;
}
/** Pages that both sides or only one has; runs are cut at 4,096, numbers never. */
export interface PageSets {
	readonly both: number;
	readonly gainedPages: number;
	readonly lostPages: number;
	/** In b and not in a. */
	readonly gained: readonly GfnRun[];
	/** In a and not in b. */
	readonly lost: readonly GfnRun[];
	/** In both. */
	readonly kept: readonly GfnRun[];
}
/**
 * What counts are divided by before they are compared: `none`, or `time`: the counts of the longer side are scaled down
 * to the length of the shorter one.
 */
export type Normalise = 'none' | 'time';
export interface Comparison {
	readonly a: ComparedWindow;
	readonly b: ComparedWindow;
	readonly normalise: Normalise;
	/** By address space and base. */
	readonly lanes: readonly LanePair[];
	readonly touched: PageSets;
	/** Pages tracked at the windows' ends, by address space and mode; those with none on both sides are left out. */
	readonly tracked: readonly (PageSets & { readonly asId: number; readonly mode: Mode })[];
	/** Pages whose number of accesses differs, in the order asked for; equal ones by gfn. */
	readonly movers: readonly Mover[];
	/** Number of all such pages. */
	readonly moved: number;
}
export interface Mover {
	readonly gfn: number;
	/** Accesses, never scaled. */
	readonly a: number;
	readonly b: number;
	/** b - a, after scaling. */
	readonly change: number;
	/** log2((b + 1) / (a + 1)), after scaling. */
	readonly logRatio: number;
}

/** Accesses of a lane pair on both sides, cell by cell; cells as a heat map's. */
export interface ComparedGrid {
	readonly pair: LanePair;
	readonly columns: number;
	readonly rows: number;
	readonly startGfn: number;
	readonly rowPages: number;
	/** Column `i` covers `[startNs + i * columnNs, + columnNs)` of each side, within its window. */
	readonly a: { readonly startNs: number; readonly columnNs: number; readonly cells: readonly number[] };
	readonly b: { readonly startNs: number; readonly columnNs: number; readonly cells: readonly number[] };
	/**
	 * log2((b + 1) / (a + 1)): 0 where both are alike, 1 where b + 1 is twice as much. Normalised by time the counts
	 * of the longer columns are scaled down first; `cells` never are.
	 */
	readonly logRatio: readonly number[];
	readonly max: number;
}
