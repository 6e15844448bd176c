import { headOf, type TraceFormat } from './format.ts';
import { bpftrace } from './bpftrace.ts';
import { csv } from './csv.ts';
import { damon, ftrace, perf } from './ftrace.ts';
import { gvtLog } from './gvt-log.ts';
import { kvmiText } from './kvmi-text.ts';
import { lackey } from './lackey.ts';
import { native } from './native.ts';
import { qemuLog } from './qemu-log.ts';

/** All formats, in the order in which they are asked whether a source is theirs. */
export const FORMATS: readonly TraceFormat[] = [
	bpftrace,
	native,
	qemuLog,
	damon,
	perf,
	ftrace,
	kvmiText,
	gvtLog,
	lackey,
	csv
];

/** The format whose content `head` looks like; null if none does. */
export function detectFormat(head: Uint8Array): TraceFormat | null {
	const beginning = headOf(head);
	return FORMATS.find((format) => format.detect(beginning)) ?? null;
}

/** The format of this name. @throws {RangeError} that lists the names, if there is none */
export function formatByName(name: string): TraceFormat {
	const found = FORMATS.find((format) => format.name === name);
	if (found) return found;
	throw new RangeError(
		`there is no format ${name}; known are ${FORMATS.map((each) => each.name).join(', ')}`
	);
}
