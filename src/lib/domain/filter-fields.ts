import type { FilterTerm, FlagField, IdField, NumberField } from './filter-expr.ts';
import { KINDS, MODES } from './kinds.ts';
import {
	factValue,
	gfnSpan,
	gpaSpan,
	idValue,
	isKindName,
	KIND_GROUPS,
	kindBits,
	modeBit,
	protectBit,
	slotValue,
	spanOf,
	timeValue,
	wideSpan
} from './filter-values.ts';

/** A field of the filter grammar. */
export interface FilterField {
	readonly name: string;
	/** One sentence for people. */
	readonly hint: string;
	readonly example: string;
	/** Values to offer; empty if any number or text may stand there. */
	readonly values: readonly string[];
	/** The condition for the values between the commas. @throws {FilterValueError} */
	readonly term: (values: readonly string[]) => FilterTerm;
}

const bits = (values: readonly string[], bit: (value: string) => number) =>
	values.reduce((all, value) => all | bit(value), 0);

const numberField = (
	field: NumberField,
	hint: string,
	example: string,
	read?: (text: string) => number
): FilterField => ({
	name: field,
	hint,
	example,
	values: [],
	term: (values) => ({ type: 'number', field, spans: values.map((value) => spanOf(value, read)) })
});

const idField = (field: IdField, hint: string, example: string): FilterField => ({
	name: field,
	hint,
	example,
	values: ['none'],
	term: (values) => {
		const ids = values.map(idValue);
		return { type: 'id', field, ids: ids.filter((id) => id !== null), none: ids.includes(null) };
	}
});

const flagField = (field: FlagField, hint: string, none: boolean): FilterField => ({
	name: field,
	hint,
	example: `${field}:true`,
	values: none ? ['true', 'false', 'none'] : ['true', 'false'],
	term: (values) => ({ type: 'flag', field, wanted: values.map(factValue) })
});

/** All fields, in the order in which they are offered. */
export const FILTER_FIELDS: readonly FilterField[] = [
	{
		name: 'mode',
		hint: 'accesses and track events of a tracking mode',
		example: 'mode:write,preexec',
		values: MODES,
		term: (values) => ({ type: 'mode', modes: bits(values, modeBit) })
	},
	{
		name: 'kind',
		hint: 'kinds of event, or a group of them',
		example: 'kind:track_add',
		values: [...Object.keys(KIND_GROUPS), ...KINDS],
		term: (values) => ({ type: 'kind', kinds: bits(values, kindBits) })
	},
	{
		name: 'gfn',
		hint: 'events whose pages touch a range, its end left out',
		example: 'gfn:0x1000..0x2000',
		values: [],
		term: (values) => ({ type: 'gfn', spans: values.map(gfnSpan) })
	},
	{
		name: 'gpa',
		hint: 'events whose bytes touch a range of guest-physical addresses',
		example: 'gpa:0x1000000..0x1000040',
		values: [],
		term: (values) => ({ type: 'gpa', spans: values.map(gpaSpan) })
	},
	idField('vcpu', 'vCPU ids; none: events without one', 'vcpu:0,1'),
	{
		name: 'rip',
		hint: 'instruction addresses or ranges of them',
		example: 'rip:0xffffffff81000000',
		values: [],
		term: (values) => ({ type: 'address', field: 'rip', spans: values.map(wideSpan) })
	},
	{
		name: 'gva',
		hint: 'guest virtual addresses or ranges of them',
		example: 'gva:0x7f0000000000..0x800000000000',
		values: [],
		term: (values) => ({ type: 'address', field: 'gva', spans: values.map(wideSpan) })
	},
	numberField('time', 'time ranges, the end left out', 'time:1.5s..2s', timeValue),
	numberField('seq', 'event numbers', 'seq:1000..2000'),
	{
		name: 'slot',
		hint: 'events that name a memslot or lie in it at that moment (ID or AS:ID)',
		example: 'slot:3',
		values: [],
		term: (values) => ({ type: 'slot', slots: values.map(slotValue) })
	},
	idField('lane', 'accesses of a heat-map lane; none: outside every memslot', 'lane:0'),
	idField('node', 'notifier node ids; none: events without one', 'node:2'),
	flagField('verdict', 'what the callback answered; none: not told', true),
	flagField('ready', 'data_ready of a preread; none: not told', true),
	flagField('derived', 'events that an importer inferred', false),
	flagField('smm', 'events of address space 1', false),
	{
		name: 'anomaly',
		hint: 'anomalies by the name of their rule',
		example: 'anomaly:Q1',
		values: [],
		term: (values) => ({ type: 'text', field: 'quirk', words: values })
	},
	{
		name: 'name',
		hint: 'marks, notifiers and memslots whose name contains a text',
		example: 'name:boot',
		values: [],
		term: (values) => ({
			type: 'text',
			field: 'name',
			words: values.map((value) => value.toLowerCase())
		})
	},
	numberField('bytes', 'size of the access in bytes', 'bytes:8..'),
	numberField('offset', 'offset of the access in its page', 'offset:0xff0..'),
	numberField('npages', 'number of pages of the event', 'npages:2..'),
	numberField('level', 'mapping level of an spte_protect (1 = 4 KiB)', 'level:2..'),
	{
		name: 'protect',
		hint: 'spte_protect events by the right that went',
		example: 'protect:write',
		values: ['read', 'write', 'exec'],
		term: (values) => ({ type: 'protect', protects: bits(values, protectBit) })
	}
];

const ALIASES: Readonly<Record<string, string>> = {
	kinds: 'kind',
	k: 'kind',
	modes: 'mode',
	t: 'time',
	ip: 'rip',
	quirk: 'anomaly',
	as: 'smm',
	cpu: 'vcpu'
};

/** The field of a name or alias; undefined if there is none. */
export const fieldNamed = (name: string): FilterField | undefined =>
	FILTER_FIELDS.find((field) => field.name === (ALIASES[name] ?? name));

/** The condition of a word without a field: a kind or a page; null if it is neither. @throws {FilterValueError} */
export function bareTerm(text: string): FilterTerm | null {
	const values = text.split(',').filter(Boolean);
	if (values[0] !== undefined && isKindName(values[0]))
		return { type: 'kind', kinds: bits(values, kindBits) };
	if (/^(0x[0-9a-f]|\d|\.\.)/i.test(text)) return { type: 'gfn', spans: values.map(gfnSpan) };
	return null;
}
