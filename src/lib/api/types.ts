/** Shapes of the HTTP API's answers, shared by server and browser. Addresses and 64-bit values are `0x…` strings. */
import type { JsonObject } from '../domain/events.ts';
import type { ByMode, Kind, Mode } from '../domain/kinds.ts';
import type { DiagnosticInfo, SessionDetail, SessionInfo, SessionProgress } from '../domain/session-info.ts';

export type { DiagnosticInfo, SessionDetail, SessionInfo };

/** RFC 9457. */
export interface Problem {
	readonly type: string;
	readonly title: string;
	readonly status: number;
	readonly detail: string;
	readonly [extension: string]: unknown;
}

export interface Health {
	readonly ok: true;
	/** Version of the server's Node. */
	readonly node: string;
}

/** A session that was just made. */
export interface SessionCreated {
	readonly session: SessionInfo;
}
/** What was loaded; with live=1 the empty session. */
export type UploadAnswer = IngestSummary | SessionCreated;

export interface SessionList {
	readonly sessions: readonly SessionInfo[];
}

/** What an upload or `pagetrail ingest` did. */
export interface IngestSummary {
	readonly session: SessionInfo;
	/** True if the same content was loaded before: nothing was added. */
	readonly duplicate: boolean;
	/** True if the run was stopped before the source's end. */
	readonly interrupted: boolean;
	/** Events added by this run. */
	readonly added: number;
	/** Lines of the source: those that gave events, were skipped and were rejected. */
	readonly lines: number;
	readonly eventLines: number;
	readonly skippedLines: number;
	readonly rejectedLines: number;
	readonly bytes: number;
	readonly seconds: number;
	readonly diagnostics: readonly DiagnosticInfo[];
}

/** What a POST of lines to a live session added. */
export interface AppendReceipt {
	/** The session's id. */
	readonly session: string;
	/** The session's next seq: `expected` of the next POST. */
	readonly next: number;
	/** Events added, and lines rejected, by this request. */
	readonly added: number;
	readonly rejected: number;
	/** Lines and bytes taken in since the session was made. */
	readonly lines: number;
	readonly bytes: number;
	/** True once the trace's end event came: the session takes no more. */
	readonly ended: boolean;
	/** Of the whole session; lines are counted from its first one. */
	readonly diagnostics: readonly DiagnosticInfo[];
}

/** Where a live session stands: what a writer goes on from. */
export interface LivePosition {
	readonly next: number;
	readonly lines: number;
	readonly bytes: number;
	readonly ended: boolean;
}

/** Allowed values of a number, both ends included; `usual` is what an absent one means, null for no limit. */
export interface OptionRange {
	readonly from: number;
	readonly to: number;
	readonly usual: number | null;
}

/** What the simulated host can play (`GET /workloads`). */
export interface WorkloadList {
	readonly workloads: readonly {
		readonly name: string;
		/** One line: what happens. */
		readonly summary: string;
		/** What the heat map shows of it. */
		readonly heatMap: string;
		/** Memory in MiB, duration in simulated ns, rate in events a second. */
		readonly options: Readonly<
			Record<'seed' | 'vcpus' | 'memory' | 'events' | 'duration' | 'rate', OptionRange>
		>;
	}[];
}

/** Where a query's answer may be incomplete: `[startNs, endNs]`; count null if nobody knows how many. */
export interface LossSpan {
	readonly startNs: number;
	readonly endNs: number;
	readonly count: number | null;
	readonly vcpuId: number | null;
}

/** Column `i` covers `[startNs + i * columnNs, startNs + (i + 1) * columnNs)`. */
export interface Timeline {
	readonly startNs: number;
	readonly columnNs: number;
	readonly columns: number;
	readonly by: 'kind' | 'vcpu';
	/** `counts.length` = columns; series in code order (kind) or id order (vcpu, "none" last). */
	readonly series: readonly { readonly key: string; readonly counts: readonly number[] }[];
	readonly loss: readonly LossSpan[];
}

/**
 * What a cell says. `sum`: accesses, a ranged one once for each page; `pages`: distinct gfns accessed; `max`: most
 * accesses of one gfn; `first`: gfns whose first access of the whole session is here; `age`: ns from the row's last
 * access to the column's end, -1 if it had none so far.
 */
export type HeatValue = 'sum' | 'pages' | 'max' | 'first' | 'age';

/**
 * A heat map's geometry. Column `i` covers `[startNs + i * columnNs, + columnNs)`, row `j` the gfns
 * `[startGfn + j * rowPages, + rowPages)`; the last column and row may reach beyond the asked range, nothing
 * outside the asked range is counted.
 */
export interface HeatMapHead {
	readonly lane: number;
	readonly kinds: readonly Mode[];
	readonly value: HeatValue;
	readonly startNs: number;
	readonly columnNs: number;
	readonly columns: number;
	readonly startGfn: number;
	readonly rowPages: number;
	readonly rows: number;
	/** Largest cell, and sum of all cells (those of -1 left out). */
	readonly max: number;
	readonly total: number;
	readonly loss: readonly LossSpan[];
}
export interface HeatMap extends HeatMapHead {
	/** Length = columns x rows, row-major, row 0 is the lowest gfn. */
	readonly cells: readonly number[];
}

/** A small heat map of a session's busiest lane, a part for each stretch of gfns that is not folded. */
export interface Thumbnail {
	readonly lane: number;
	/** The lane's gfns: `[gfn, gfn + npages)`. */
	readonly gfn: number;
	readonly npages: number;
	/** Largest cell of all parts, and sum of all cells. */
	readonly max: number;
	readonly total: number;
	/** From the lowest gfns to the highest; what lies between two of them, or beyond the last, was never used. */
	readonly parts: readonly ThumbnailPart[];
}
export interface ThumbnailPart {
	readonly gfn: number;
	readonly npages: number;
	readonly columns: number;
	readonly rows: number;
	/** Length = columns x rows, row-major, row 0 is the lowest gfn. */
	readonly cells: readonly number[];
}

/** Data of a live stream's `commit` message: where the session stands. */
export type LiveCommit = SessionProgress;

/** Data of a live stream's `events` message: events `[from, next)`. */
export interface LiveEvents {
	readonly from: number;
	readonly next: number;
	/** Time of the last of them. */
	readonly endNs: number;
	readonly events: readonly WireEvent[];
}

/** An event on the wire: the native format's line with `seq` in front. */
export type WireEvent = JsonObject & { readonly seq: number; readonly t: number; readonly k: string };

export interface EventPage {
	readonly events: readonly WireEvent[];
	/** Pass as `from` to go on; null at the end. */
	readonly next: number | null;
	/** With `order=desc`, and for stepping back: pass as `from`. Null at the beginning. */
	readonly previous: number | null;
}

/** `[gfn, gfn + npages)` with counter `count` in a mode. */
export interface TrackedRun {
	readonly gfn: number;
	readonly npages: number;
	readonly count: number;
}

/** Tracking state of one memslot. */
export interface SlotView {
	readonly asId: number;
	readonly slotId: number;
	readonly lane: number;
	readonly baseGfn: number;
	readonly npages: number;
	readonly flags: number;
	readonly name: string | null;
	readonly published: boolean;
	readonly invalid: boolean;
	/** Runs of pages with equal counters, by mode, in gfn order; cut at `runLimit` runs a mode. */
	readonly runs: ByMode<readonly TrackedRun[]>;
	/** Pages with a counter above zero, by mode. */
	readonly tracked: ByMode<number>;
	/** Runs of pages whose rights are reduced; `access` like `r-x`. Cut at `runLimit`. */
	readonly access: readonly { readonly gfn: number; readonly npages: number; readonly access: string }[];
	/** 2 MiB and 1 GiB indexes where a huge mapping is forbidden. */
	readonly hugeForbidden: { readonly level2: number; readonly level3: number };
	/** Policy `rearm` only: pages that were notified in a mode since the epoch began and are silent until the next. */
	readonly silent: ByMode<readonly { readonly gfn: number; readonly npages: number }[]> | null;
	/** Number of silent pages by mode (never cut). */
	readonly silentPages: ByMode<number> | null;
	/** True if a list above was cut at `runLimit`. */
	readonly cut: boolean;
}

export interface StateView {
	/** The state holds right before event `seq`. */
	readonly seq: number;
	readonly tsNs: number;
	readonly memslots: readonly SlotView[];
	/** In call order. */
	readonly notifiers: readonly {
		readonly nodeId: number;
		readonly name: string | null;
		readonly callbacks: readonly string[] | null;
		readonly registeredSeq: number;
	}[];
	readonly vcpus: readonly number[];
	readonly epoch: { readonly epoch: number; readonly seq: number; readonly tsNs: number } | null;
	readonly mark: { readonly name: string; readonly seq: number; readonly tsNs: number } | null;
	readonly known: {
		/** `events`: counters are rebuilt from track events; `policy`: the source declares what it arms; `none`. */
		readonly tracking: 'events' | 'policy' | 'none';
		readonly memslots: boolean;
		readonly notifiers: boolean;
		/** False after a loss: counters may differ from the host's. */
		readonly complete: boolean;
		/** What cannot be said, one sentence each. */
		readonly unknown: readonly string[];
	};
	/** Policy `rearm`: what the source arms at each epoch (`track` attribute), gpa ranges half-open; null otherwise. */
	readonly armed:
		readonly { readonly mode: Mode; readonly startGfn: number; readonly endGfn: number | null }[] | null;
	readonly ended: boolean;
}

/** One page's life. */
export interface PageHistory {
	readonly gfn: number;
	readonly events: readonly WireEvent[];
	readonly next: number | null;
	/** Over the whole session. */
	readonly counts: Readonly<Partial<Record<Kind, number>>>;
	readonly firstSeq: number | null;
	readonly lastSeq: number | null;
	/** Last write or prewrite. */
	readonly lastWriter: {
		readonly seq: number;
		readonly tsNs: number;
		readonly rip: string | null;
		/** `name+0x…` where symbols were loaded and one fits. */
		readonly symbol: string | null;
	} | null;
	/** Instruction addresses that touched it most. */
	readonly topRips: readonly {
		readonly rip: string;
		readonly symbol: string | null;
		readonly count: number;
	}[];
	/** Tracking intervals by mode; `endSeq` null while tracked. */
	readonly tracked: readonly {
		readonly mode: Mode;
		readonly startSeq: number;
		readonly startNs: number;
		readonly endSeq: number | null;
		readonly endNs: number | null;
		readonly startedBy: TrackingCause;
		readonly endedBy: TrackingCause | null;
	}[];
}

/** Why a page began or ceased to be tracked: the event, and the notifier that it names. */
export interface TrackingCause {
	readonly kind: Kind;
	readonly nodeId: number | null;
	/** As registered at that moment. */
	readonly name: string | null;
}
