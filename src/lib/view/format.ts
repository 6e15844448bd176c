import { PAGE_SHIFT, hex } from '#lib/domain/units.ts';

/** What a session's times count (`SessionInfo.clock`). */
export type Clock = 'ns' | 'instructions' | 'lines';

/** Narrow no-break space: keeps groups of digits and units together. */
export const THIN = '\u202f';

/** `1226396` → `1,226,396`. By hand: a browser loads for tens of ms before its first `Intl.NumberFormat`. */
export const formatInt = (value: number): string =>
	String(Math.round(value)).replace(/\B(?=(?:\d{3})+$)/g, ',');

/** A count with its unit: `1 page`, `65,280 pages`. */
export const formatCount = (value: number, one: string, many = `${one}s`): string =>
	`${formatInt(value)} ${value === 1 ? one : many}`;

/** Three significant digits, without an exponent and without trailing zeros. */
function short(value: number): string {
	if (value >= 1000) return formatInt(Math.round(value));
	return String(Number(value.toPrecision(3)));
}

const SECONDS = [
	[1e9, 's'],
	[1e6, 'ms'],
	[1e3, 'µs'],
	[1, 'ns']
] as const;
const INSTRUCTIONS = [
	[1e9, 'G insns'],
	[1e6, 'M insns'],
	[1e3, 'k insns'],
	[1, 'insns']
] as const;
const LINES = [
	[1e9, 'G lines'],
	[1e6, 'M lines'],
	[1e3, 'k lines'],
	[1, 'lines']
] as const;
const unitsOf = (clock: Clock) => ({ ns: SECONDS, instructions: INSTRUCTIONS, lines: LINES })[clock];

/** A span of time with three significant digits: `38.2 s`, `537 ms`, `6.02 G insns`. */
export function formatDuration(span: number, clock: Clock): string {
	const units = unitsOf(clock);
	const [scale, unit] = units.find(([size]) => span >= size) ?? units[3];
	return `${short(span / scale)}${THIN}${unit}`;
}

/** Digits in threes from the decimal point: `204551873` → `204 551 873`. */
export const groupFraction = (digits: string): string => digits.replace(/(\d{3})(?=\d)/g, `$1${THIN}`);

/**
 * A point in time to the given number of decimals of a second, or of 10⁹ instructions; all nine by default:
 * `12.204 551 873 s`. Exact: no digit is rounded up into the next.
 */
export function formatTime(tsNs: number, clock: Clock, decimals = 9): string {
	const unit = clock === 'ns' ? 's' : 'G';
	return `${formatPoint(tsNs, decimals)}${THIN}${unit}`;
}

/** Like `formatTime`, without the unit. */
export function formatPoint(tsNs: number, decimals = 9): string {
	const whole = Math.floor(tsNs / 1e9);
	const fraction = String(tsNs - whole * 1e9).padStart(9, '0');
	const shown = fraction.slice(0, decimals);
	return formatInt(whole) + (shown ? `.${groupFraction(shown)}` : '');
}

/** `98849243` → `94.3 MiB`. */
export function formatBytes(size: number): string {
	const power = size < 1024 ? 0 : Math.min(4, Math.floor(Math.log2(size) / 10));
	return `${short(size / 1024 ** power)}${THIN}${['B', 'KiB', 'MiB', 'GiB', 'TiB'][power]}`;
}

/** Pages as a size in bytes: `65280` → `255 MiB`. */
export const formatPages = (npages: number): string => formatBytes(npages * 2 ** PAGE_SHIFT);

/** A share as per cent; never rounds something less than all up to `100 %`. */
export function formatShare(share: number): string {
	const percent = share * 100;
	const digits = percent >= 99.95 && percent < 100 ? 99.9 : Number(percent.toPrecision(3));
	return `${percent > 0 && percent < 0.01 ? '< 0.01' : digits}${THIN}%`;
}

/** Half-open range of gfns: `[0x100, 0x10000)`. */
export const formatGfns = (startGfn: number, endGfn: number): string => `[${hex(startGfn)}, ${hex(endGfn)})`;

const STEPS = [
	[60_000, 'minute'],
	[3_600_000, 'hour'],
	[86_400_000, 'day']
] as const;

/** How long ago: `just now`, `5 minutes ago`, `3 days ago`. */
export function formatAgo(ms: number, nowMs: number): string {
	const age = nowMs - ms;
	const step = STEPS.findLast(([size]) => age >= size);
	if (!step) return 'just now';
	return `${formatCount(Math.floor(age / step[0]), step[1])} ago`;
}

/** Date and time in UTC, to the minute: `2026-11-24 00:46 UTC`. */
export const formatDate = (ms: number): string =>
	`${new Date(ms).toISOString().slice(0, 16).replace('T', ' ')} UTC`;

/** Rate of events over a span: `12.3 k/s`, `4 per M insns`. */
export function formatRate(count: number, span: number, clock: Clock): string {
	const per = clock === 'ns' ? 1e9 : 1e6;
	return `${short((count / span) * per)}${THIN}${clock === 'ns' ? '/s' : clock === 'lines' ? 'per M lines' : 'per M insns'}`;
}
