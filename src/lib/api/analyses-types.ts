/** Shapes of the analyses’ answers; addresses and 64-bit values are `0x…` strings. */
import type { ByMode, Mode } from '../domain/kinds.ts';

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

export type ModeCounts = ByMode<number>;

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
	/** As the notifier was registered last before the storm began; null if no event names it. */
	readonly nodeName: string | null;
	readonly mode: Mode;
	readonly gfn: number;
	readonly rip: string | null;
	readonly count: number;
	/** Notifications whose verdict was false, and those whose verdict was true; the others have none. */
	readonly denied: number;
	readonly allowed: number;
	readonly firstSeq: number;
	readonly firstNs: number;
	readonly lastSeq: number;
	readonly lastNs: number;
}
export interface RetryStorms {
	readonly total: number;
	/** Most refused notifications first, then most notifications; equal ones in order. */
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
