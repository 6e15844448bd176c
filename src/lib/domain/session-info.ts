import type { JsonObject } from './events.ts';
import type { Kind } from './kinds.ts';
import type { Lane } from './state.ts';

/** A memslot's life: one row from its creation (or move) to its deletion (or next move). */
export interface MemslotInfo {
	readonly asId: number;
	readonly slotId: number;
	readonly baseGfn: number;
	readonly npages: number;
	/** As set last. */
	readonly flags: number;
	readonly name: string | null;
	readonly lane: number;
	readonly createdSeq: number;
	readonly createdNs: number;
	/** Null while it lives. */
	readonly deletedSeq: number | null;
	readonly deletedNs: number | null;
}

/** Number of the lane of accesses outside every memslot; no memslot's lane has it. */
export const OUTSIDE_LANE = 0xffff;

/** A heat-map lane with the memslots that were in it, one after another. */
export interface LaneInfo extends Lane {
	readonly lane: number;
	readonly accesses: number;
	/** Ids of the memslots in order of creation, without repeats. */
	readonly slotIds: readonly number[];
	readonly names: readonly string[];
}

/** Rejected or doubtful input, by reason; `first` are the earliest ones. */
export interface DiagnosticInfo {
	readonly reason: string;
	/**
	 * `rejected`: the line should have given an event and did not; `skipped`: a line known to carry none (a header,
	 * another tracepoint); `adjusted`: its event differs from the line; `note`: an assumption. Each line of a source
	 * is an event's, skipped or rejected, never two of them.
	 */
	readonly severity: 'rejected' | 'skipped' | 'adjusted' | 'note';
	readonly count: number;
	readonly first: readonly DiagnosticExample[];
}
/** Lines (or assumptions) with this severity. */
export const countOf = (
	diagnostics: readonly DiagnosticInfo[],
	severity: DiagnosticInfo['severity']
): number => diagnostics.reduce((n, each) => n + (each.severity === severity ? each.count : 0), 0);

export interface DiagnosticExample {
	/** From 1. */
	readonly line: number;
	/** Offset of the line's first byte in the decompressed source. */
	readonly byte: number;
	readonly message: string;
	/** The beginning of the line, control characters replaced. */
	readonly text: string;
}

export interface LossInfo {
	readonly seq: number;
	readonly startNs: number;
	readonly endNs: number;
	readonly count: number | null;
	readonly vcpuId: number | null;
}

/** A session as lists and headers show it. */
export interface SessionInfo {
	readonly id: string;
	readonly name: string;
	/** What recorded it (`qemu-tcg`, …), from the session event; null if unknown. */
	readonly source: string | null;
	/** Attributes of the session event. */
	readonly attributes: JsonObject;
	/** Number of events; the next seq. */
	readonly events: number;
	/** Events of each kind, kinds that occur only. */
	readonly kinds: Readonly<Partial<Record<Kind, number>>>;
	/** Time of the first and the last event; both 0 in an empty session. */
	readonly startNs: number;
	readonly endNs: number;
	readonly vcpus: readonly number[];
	/** What `tsNs` counts; `lines`: the source has no times, and its lines are counted. */
	readonly clock: 'ns' | 'instructions' | 'lines';
	/** Events known to be lost, and whether some loss has no number. */
	readonly lost: { readonly events: number; readonly count: number; readonly unknown: boolean };
	/** events / (events + lost); null if some loss has no number. */
	readonly coverage: number | null;
	readonly rejectedLines: number;
	/** Ranges of guest memory that memslots covered. */
	readonly laneCount: number;
	/** True once the end event was recorded. */
	readonly ended: boolean;
	/** True once nothing more is to come: it ended, or what it was loaded from was read to the end. */
	readonly complete: boolean;
	/** Words that people gave it. */
	readonly tags: readonly string[];
	/** Number of events in its notes stream. */
	readonly notes: number;
	/** Wall clock of loading, ms since 1970. */
	readonly createdMs: number;
	/** Bytes that the store holds for the session: its segments, projections, notes and files. */
	readonly sizeBytes: number;
}

/** A session with its lanes, memslots and diagnostics. */
export interface SessionDetail extends SessionInfo {
	readonly lanes: readonly LaneInfo[];
	/** Accesses whose gfn no memslot held. */
	readonly outsideAccesses: number;
	readonly memslots: readonly MemslotInfo[];
	readonly marks: readonly { readonly seq: number; readonly tsNs: number; readonly name: string }[];
	/** Stretches `[startNs, endNs]` in which events were lost; `count` null if nobody knows how many. */
	readonly losses: readonly LossInfo[];
	readonly diagnostics: readonly DiagnosticInfo[];
}

/** Where a growing session stands. */
export interface SessionProgress {
	/** Number of events; the next seq. */
	readonly next: number;
	readonly startNs: number;
	readonly endNs: number;
	/** Events of each kind, kinds that occur only. */
	readonly kinds: SessionInfo['kinds'];
	/** Number of lanes. */
	readonly lanes: number;
	readonly lost: SessionInfo['lost'];
	readonly rejectedLines: number;
	/** True once the end event was recorded. */
	readonly ended: boolean;
	/** True once nothing more is to come: it ended, or what it is loaded from was read to the end. */
	readonly complete: boolean;
}
