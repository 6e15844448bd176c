import { HEADER, skipped, type NoEvent } from '../text-scanner.ts';

/** Events that a line says were lost; no `count`: nobody knows how many. */
export interface Lost {
	readonly cpu?: number;
	readonly count?: number;
	/** Lost before the trace's first event. */
	readonly before?: boolean;
	/** Nobody knows when: any time up to the line. */
	readonly anywhere?: boolean;
}

const ENTRIES = /^# *entries-in-buffer\/entries-written: (\d{1,15})\/(\d{1,15})/;
const LOST = /^CPU:(\d+) \[LOST (?:(\d{1,15}) )?EVENTS\]/;
/** `CPU 3: 1234 events lost`, `[1234 events lost on CPU 3]` of trace-cmd. */
const LOST_ON =
	/^(?:CPU ?(\d+): *)?\[?(\d{1,15}) (?:missed events|events lost|EVENTS DROPPED)(?: on CPU (\d+))?\]?/i;
const PERF_CHUNKS = /^Processed \d+ events and lost (\d+) chunks/;
/** Per-CPU statistics: `overrun: 12`, `commit overrun: 0`, `dropped events: 3`. */
const OVERRUN = /^\s*(?:commit overrun|overrun|dropped events): (\d{1,15})\s*$/;
const STATS_CPU = /^(?:CPU|cpu):? ?#?(\d+):?\s*$/;

const HEADERS: readonly RegExp[] = [
	/^#/,
	/^(?:cpus=\d+|version = \S+|CPU \d+ is empty|CPU:? ?#?\d+:?)\s*$/,
	/^(?:Trace for|trace for) /,
	/^\s*(?:entries|bytes|oldest event ts|now ts|read events|overrun|commit overrun|dropped events): [\d.]+\s*$/,
	/^(?:Kernel buffer statistics:|Buffer: |Note: |Tracing |plugin |Samples for |Check IO\/CPU overload)/,
	/^##### CPU \d+ buffer started ####$/,
	/^(?:\[\s*\d+\.\d+\] )?(?:Dumping ftrace buffer:|\(ftrace buffer empty\)|-{10,})\s*$/,
	/^-{3,}$/
];
const CALL_CHAIN = skipped('call-chain', 'a line of a call chain');
const CHAIN = /^\s+[\da-f]{3,16} .{0,400}\(.{0,400}\)$|^\s*=> \S|^\s*<stack trace>/;
const GRAPH = skipped('function-graph', 'a function graph says nothing about arguments');

/** Statistics name their CPU once, for the lines below. */
export class Noise {
	#cpu: number | undefined;

	/** What a line without a head says: a loss, nothing (and why), or null if it is not known. */
	read(text: string): Lost | NoEvent | null {
		const lost = this.#lost(text);
		if (lost) return lost;
		const cpu = STATS_CPU.exec(text);
		if (cpu) this.#cpu = Number(cpu[1]);
		if (HEADERS.some((pattern) => pattern.test(text))) return HEADER;
		if (CHAIN.test(text.slice(0, 1000))) return CALL_CHAIN;
		return /^\s*\d{1,4}\)\s.{0,60}\|/.test(text) ? GRAPH : null;
	}

	#lost(text: string): Lost | null {
		const entries = ENTRIES.exec(text);
		if (entries) {
			const count = Number(entries[2]) - Number(entries[1]);
			return count > 0 ? { count, before: true } : null;
		}
		const ftrace = LOST.exec(text);
		if (ftrace)
			return { cpu: Number(ftrace[1]), ...(ftrace[2] !== undefined && { count: Number(ftrace[2]) }) };
		const on = LOST_ON.exec(text);
		if (on) {
			const cpu = on[1] ?? on[3];
			return { count: Number(on[2]), ...(cpu !== undefined && { cpu: Number(cpu) }) };
		}
		const overrun = OVERRUN.exec(text);
		if (overrun && Number(overrun[1]) > 0)
			return {
				...{ count: Number(overrun[1]), before: true },
				...(this.#cpu !== undefined && { cpu: this.#cpu })
			};
		const perf = /^\s*PERF_RECORD_LOST(?:_SAMPLES)?:? lost (\d{1,15})/.exec(text);
		if (perf) return { count: Number(perf[1]) };
		const chunks = PERF_CHUNKS.exec(text);
		return chunks && Number(chunks[1]) > 0 ? { anywhere: true } : null;
	}
}
