/** Shapes of the answers about comparisons. */
import type { Mode } from '../domain/kinds.ts';
import type { LanePair } from '../domain/lane-pairs.ts';
import type { ModeCounts } from './analyses-types.ts';

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
