import { fractionNs } from '../text-scanner.ts';

/** The part of a trace line before its event. */
export interface LineHead {
	readonly comm: string;
	readonly pid: number;
	readonly cpu: number;
	readonly seconds: number;
	readonly ns: number;
	/** False if the stamp is a bare counter (`x86-tsc`, `counter`), taken as ns. */
	readonly timed: boolean;
	/** What follows the head's colon. */
	readonly rest: string;
}

/** A head is looked for in this many characters only. */
const REACH = 240;
const OWNER = /(?:^|\s|-)(\d{1,10})(?:\/(\d{1,10}))?\s+(?:\((?:\s*\d+|-+)\)\s+)?$/;
const STAMP = /^\](?:\s+|$)(?:([^\s\d]\S{2,7})\s+)?(\d{1,15})(?:\.(\d{1,12}))?:\s*/;
/** Console dumps and the latency format: `comm-pid 3d..1 10608102968us : event`. */
const LATENCY = /^(.{0,160}?)-(\d{1,10})\s+(\d{1,4})([^\s\d]\S{2,7})\s+(\d{1,15})us[!+#*$@]?\s*:\s*/;
const QUOTE = /^\s*(?:>\s?)+/;
const GUEST_FILE = /^\S{1,100}\.dat:\s+/;
const PRINTK = /^(?:<\d+>)?\[\s*\d+\.\d+\]\s+(?=.{0,160}us[!+#*$@]?\s*:)/;

/** The line without marks of mail quotes, guest file names and console stamps before a head. */
export function bare(line: string): string {
	let text = line;
	if (/^\s*>/.test(text)) text = text.replace(QUOTE, '');
	text = text.replace(GUEST_FILE, '');
	return text.replace(PRINTK, '');
}

/**
 * Splits a line at its head, in the shapes that the files `trace` and `trace_pipe`, trace-cmd, perf script and
 * console dumps print; null if it has none. The process name may hold anything: the pid is what stands before `[cpu]`.
 */
export function parseHead(text: string): LineHead | null {
	for (let at = text.indexOf('['); at >= 0 && at < REACH; at = text.indexOf('[', at + 1)) {
		const close = text.indexOf(']', at);
		if (close < 0 || close - at > 6) continue;
		const cpu = text.slice(at + 1, close);
		if (!/^\d{1,5}$/.test(cpu)) continue;
		const owner = OWNER.exec(text.slice(0, at));
		const stamp = STAMP.exec(text.slice(close, close + 80));
		if (!owner || !stamp) continue;
		const [whole, , seconds, fraction] = stamp;
		return {
			comm: text.slice(0, owner.index).trim(),
			pid: Number(owner[2] ?? owner[1]),
			cpu: Number(cpu),
			seconds: fraction === undefined ? 0 : Number(seconds),
			ns: fraction === undefined ? Number(seconds) : fractionNs(fraction),
			timed: fraction !== undefined,
			rest: text.slice(close + whole.length)
		};
	}
	return parseLatencyHead(text);
}

function parseLatencyHead(text: string): LineHead | null {
	const found = LATENCY.exec(text.slice(0, REACH));
	if (!found) return null;
	const [whole, comm = '', pid, cpu, , us] = found;
	return {
		comm: comm.trim(),
		pid: Number(pid),
		cpu: Number(cpu),
		seconds: Math.floor(Number(us) / 1e6),
		ns: (Number(us) % 1e6) * 1000,
		timed: true,
		rest: text.slice(whole.length)
	};
}

/** True if the text begins with a head that something cut off before its end. */
export const beginsHead = (text: string): boolean =>
	/^.{0,120}-\d{1,10}\s+(?:\(.{0,12}\)\s+)?\[\d{1,5}\](?:\s+[^\s\d]\S{2,7})?(?:\s+[\d.]+:?)?\s*$/.test(
		text.slice(0, REACH)
	) && text.length < REACH;
