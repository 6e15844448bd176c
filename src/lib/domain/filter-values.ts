import type { Span, WideSpan } from './filter-expr.ts';
import { KIND_CODES, MODES, type Kind } from './kinds.ts';
import { slotKey } from './state.ts';
import { timeOf } from './time-units.ts';
import { GFN_LIMIT, PAGE_SIZE } from './units.ts';

/** A value that a field does not take; the message says what it takes. */
export class FilterValueError extends Error {
	constructor(message: string) {
		super(message);
		this.name = 'FilterValueError';
	}
}

const fail = (message: string): never => {
	throw new FilterValueError(message);
};

/** Kinds that people name together. */
export const KIND_GROUPS: Readonly<Record<string, readonly Kind[]>> = {
	access: MODES,
	track: ['track_add', 'track_remove'],
	memslot: ['memslot_create', 'memslot_move', 'memslot_flags', 'memslot_delete'],
	notifier: ['register', 'unregister', 'create_slot', 'flush_slot']
};

export const isKindName = (name: string): boolean =>
	Object.hasOwn(KIND_CODES, name) || Object.hasOwn(KIND_GROUPS, name);

/** Bit set of a kind's or a group's codes. */
export function kindBits(name: string): number {
	const group = Object.hasOwn(KIND_GROUPS, name) ? KIND_GROUPS[name] : null;
	const kinds = group ?? (Object.hasOwn(KIND_CODES, name) ? [name as Kind] : null);
	if (!kinds) return fail(`there is no kind ${name}`);
	return kinds.reduce((bits, kind) => bits | (1 << KIND_CODES[kind]), 0);
}

/** Bit of a mode's index. */
export function modeBit(name: string): number {
	const index = MODES.findIndex((mode) => mode === name);
	return index < 0 ? fail(`there is no mode ${name}: it is one of ${MODES.join(', ')}`) : 1 << index;
}

const whole = (text: string): number => {
	const value = /^(0x[0-9a-f]+|\d[\d_]*)$/i.test(text) ? Number(text.replaceAll('_', '')) : NaN;
	return Number.isSafeInteger(value) ? value : fail(`${text} is no whole number (decimal or 0x…)`);
};

/** A time, as `timeOf` reads it. */
export function timeValue(text: string): number {
	const value = timeOf(text);
	if (Number.isNaN(value)) return fail(`${text} is no time: write 1.5s, 300ms, 20us or a number of ns`);
	return Number.isSafeInteger(value) ? value : fail(`${text} is beyond 2^53`);
}

/** `A`, `A..B`, `A..` or `..B` (half-open) of what `read` reads. */
export function spanOf(text: string, read: (text: string) => number = whole, width = 1): Span {
	const dots = text.indexOf('..');
	if (dots < 0) {
		const at = read(text);
		return { from: at, to: at + width };
	}
	const from = dots === 0 ? 0 : read(text.slice(0, dots));
	const to = dots + 2 === text.length ? Infinity : read(text.slice(dots + 2));
	if (from >= to) return fail(`${text} is empty: ranges are FROM..TO with TO left out`);
	return { from, to };
}

export function gfnSpan(text: string): Span {
	const span = spanOf(text);
	return span.from < GFN_LIMIT ? span : fail(`${text} is beyond the largest gfn (2^40)`);
}

export function gpaSpan(text: string): Span {
	const span = spanOf(text);
	return span.from < GFN_LIMIT * PAGE_SIZE ? span : fail(`${text} is beyond 52 bits`);
}

const wide = (text: string): bigint => {
	const value = /^(0x[0-9a-f]+|\d+)$/i.test(text) ? BigInt(text) : null;
	if (value === null) return fail(`${text} is no address (0x…)`);
	return value < 2n ** 64n ? value : fail(`${text} has more than 64 bits`);
};

/** Like `spanOf` for 64-bit addresses. */
export function wideSpan(text: string): WideSpan {
	const dots = text.indexOf('..');
	if (dots < 0) return { from: wide(text), to: wide(text) + 1n };
	const from = dots === 0 ? 0n : wide(text.slice(0, dots));
	const to = dots + 2 === text.length ? 2n ** 64n : wide(text.slice(dots + 2));
	if (from >= to) return fail(`${text} is empty: ranges are FROM..TO with TO left out`);
	return { from, to };
}

/** An id below 65,535, or null for `none`. */
export function idValue(text: string): number | null {
	if (text === 'none') return null;
	const value = /^\d+$/.test(text) ? Number(text) : NaN;
	return value < 0xffff ? value : fail(`${text} is no id: write a number below 65,535 or none`);
}

/** `ID` or `AS:ID` as a slot key. */
export function slotValue(text: string): number {
	const found = /^(?:([01]):)?(\d{1,5})$/.exec(text);
	if (!found || Number(found[2]) > 0x7fff) return fail(`${text} is no memslot: write ID or AS:ID`);
	return slotKey(Number(found[1] ?? 0), Number(found[2]));
}

const FACTS = new Map<string, boolean | null>([
	['true', true],
	['false', false],
	['yes', true],
	['no', false],
	['1', true],
	['0', false],
	['none', null]
]);
export function factValue(text: string): boolean | null {
	const fact = FACTS.get(text);
	return fact === undefined ? fail(`${text} is neither true, false nor none`) : fact;
}

const PROTECTS = ['read', 'write', 'exec'];
export function protectBit(text: string): number {
	const index = PROTECTS.indexOf(text);
	return index < 0 ? fail(`${text} is none of ${PROTECTS.join(', ')}`) : 1 << index;
}
