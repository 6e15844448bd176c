import { FLAG, NO_NODE, NO_VCPU, type EventBatch } from '#lib/domain/batch.ts';
import { eventAt } from '#lib/domain/batch-events.ts';
import { isAccess, KIND_CODES, KINDS } from '#lib/domain/kinds.ts';
import { formatLine } from '#lib/domain/native.ts';

/** Fields that the short way does not write. */
const LONG_WAY = FLAG.payload | FLAG.derived | FLAG.gva;

const word = (low: number, high: number): string =>
	high === 0 ? `"0x${low.toString(16)}"` : `"0x${high.toString(16)}${low.toString(16).padStart(8, '0')}"`;

/** The line of an access or a fault, made of text alone; null if it has fields of a rarer kind. */
function shortLine(batch: EventBatch, i: number): string | null {
	const kind = batch.kind[i] ?? 0;
	const flags = batch.flags[i] ?? 0;
	const fault = kind === KIND_CODES.page_fault;
	if (!fault && !isAccess(kind)) return null;
	if (flags & LONG_WAY || batch.npages[i] !== 1 || !(flags & FLAG.offset) || (fault && !(flags & FLAG.value)))
		return null;
	let line = `{"t":${batch.tsNs[i]}`;
	if (batch.vcpu[i] !== NO_VCPU) line += `,"c":${batch.vcpu[i]}`;
	const gpa = (batch.gfn[i] ?? 0) * 4096 + (batch.offset[i] ?? 0);
	line += `,"k":"${KINDS[kind]}","a":"0x${gpa.toString(16)}"`;
	if (fault) line += `,"error":${word(batch.valueLo[i] ?? 0, batch.valueHi[i] ?? 0)}`;
	else if (flags & FLAG.bytes) line += `,"n":${batch.bytes[i]}`;
	if (flags & FLAG.rip) line += `,"ip":${word(batch.ripLo[i] ?? 0, batch.ripHi[i] ?? 0)}`;
	if (!fault) line += verdictFields(batch, i, flags);
	if (flags & FLAG.smm) line += ',"as":1';
	return line + '}\n';
}

function verdictFields(batch: EventBatch, i: number, flags: number): string {
	let fields = '';
	if (batch.node[i] !== NO_NODE) fields += `,"node":${batch.node[i]}`;
	if (flags & FLAG.verdictKnown) fields += `,"verdict":${(flags & FLAG.verdict) !== 0}`;
	if (flags & FLAG.readyKnown) fields += `,"ready":${(flags & FLAG.ready) !== 0}`;
	return fields;
}

/** A batch as native lines, each ended by a newline; the same text as `formatLine` gives event by event. */
export function formatBatch(batch: EventBatch): string {
	let text = '';
	for (let i = 0; i < batch.length; i++)
		text += shortLine(batch, i) ?? formatLine(eventAt(batch, i, 0)) + '\n';
	return text;
}
