import { timeOf } from '#lib/domain/time-units.ts';
import { GFN_LIMIT, PAGE_SIZE } from '#lib/domain/units.ts';
import type { Range } from './range.ts';

/** A time, as `timeOf` reads it; null if it is none or too large. */
export function parseTime(text: string): number | null {
	const value = timeOf(text);
	return Number.isSafeInteger(value) ? value : null;
}

/** A whole number, decimal or `0x…`; null if it is none or too large. */
export function parseWhole(text: string, limit: number = Number.MAX_SAFE_INTEGER): number | null {
	if (!/^(0x[0-9a-f]+|\d+)$/i.test(text.trim())) return null;
	const value = Number(text.trim());
	return Number.isSafeInteger(value) && value < limit ? value : null;
}

/** Where "go to time" leads: an event (`#48,211`) or a time; null if it is neither. */
export type TimeTarget = { readonly seq: number } | { readonly tsNs: number };
export function parseTimeTarget(text: string): TimeTarget | null {
	const seq = /^#\s*([\d,_\s]+)$/.exec(text.trim());
	if (seq) {
		const value = parseWhole((seq[1] ?? '').replace(/[,_\s]/g, ''));
		return value === null ? null : { seq: value };
	}
	const tsNs = parseTime(text);
	return tsNs === null ? null : { tsNs };
}

/** A gfn from `0x1234`, `gfn 0x1234`, or a guest physical address `gpa 0x1234567`; null if it is neither. */
export function parsePage(text: string): number | null {
	const found = /^(?:(gfn|gpa)\s*[:=]?\s*)?(0x[0-9a-f]+|\d+)$/i.exec(text.trim());
	if (!found) return null;
	const value = parseWhole(found[2] ?? '');
	if (value === null) return null;
	const gfn = found[1]?.toLowerCase() === 'gpa' ? Math.floor(value / PAGE_SIZE) : value;
	return gfn < GFN_LIMIT ? gfn : null;
}

/** `LO..HI` (half-open) or one value, read by `parse`; null if it is no ascending range. */
export function parseRange(text: string, parse: (text: string) => number | null): Range | null {
	const [low = '', high, ...rest] = text.split('..');
	const from = parse(low);
	const to = high === undefined ? (from === null ? null : from + 1) : parse(high);
	if (rest.length || from === null || to === null || to <= from) return null;
	return { from, to };
}
