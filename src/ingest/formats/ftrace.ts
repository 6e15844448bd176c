import type { Head, TraceFormat } from './format.ts';
import { HANDLERS } from './ftrace/handlers.ts';
import { bare, parseHead } from './ftrace/head.ts';
import { FastFtraceScanner } from './ftrace/fast-scanner.ts';

const KNOWN = new RegExp(`(?:^|[\\s:])(?:${[...HANDLERS.keys()].join('|')}|\\w*kvm\\w*): `);
const LOOK = 200;

/** True if `text` has lines with a head and an event of ours, or such events without a head. */
function looksLike({ lines, text }: Head): boolean {
	if (/^# tracer: /m.test(text) || /^CPU:\d+ \[LOST /m.test(text)) return true;
	if (lines.slice(0, LOOK).some((line) => parseHead(bare(line)) !== null)) return true;
	return lines.slice(0, LOOK).some((line) => KNOWN.test(line.slice(0, 400)));
}

const isPerf = ({ lines }: Head) =>
	lines
		.slice(0, LOOK)
		.some((line) => /^\s*\S.{0,40}?\s\d+(?:\/\d+)?\s+\[\d{3,5}\]\s+\d+\.\d{6,9}:\s/.test(line));

/** perf script: process and pid apart, event with its group. */
export const perf: TraceFormat = {
	name: 'perf',
	title: 'perf script of kvm, kvmmmu and probe events',
	seekable: false,
	detect: (head) => isPerf(head) && !/^# tracer: /m.test(head.text),
	create: (options) => new FastFtraceScanner(options, 'perf')
};

/** DAMON's regions, as perf script or ftrace print them. */
export const damon: TraceFormat = {
	name: 'damon',
	title: 'DAMON regions (perf script or ftrace of damon:damon_aggregated)',
	seekable: false,
	detect: ({ text }) => /\bdamon_aggregated: /.test(text),
	create: (options) => new FastFtraceScanner(options, 'damon')
};

/** The files trace and trace_pipe, trace-cmd report in each of its dialects, console dumps. */
export const ftrace: TraceFormat = {
	name: 'ftrace',
	title:
		'ftrace (trace, trace_pipe), trace-cmd report, console dumps: kvm, kvmmmu, kprobe and function lines',
	seekable: false,
	detect: looksLike,
	create: (options) => new FastFtraceScanner(options, 'ftrace')
};
