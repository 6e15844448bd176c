const UNITS: Readonly<Record<string, number>> = {
	'': 1,
	ns: 1,
	us: 1e3,
	µs: 1e3,
	ms: 1e6,
	s: 1e9,
	k: 1e3,
	m: 1e6,
	g: 1e9
};

/**
 * A time in ns, or in instructions or lines, from its digits before and after the point and its unit (`ns`, `us`, `ms`,
 * `s`; `k`, `m`, `g`): digits beyond a whole one are cut off. Without a unit a whole number counts single ones, a number
 * with decimals seconds (10⁹), as all times on the screen are written. May be beyond 2^53.
 */
export function timeOf(whole: string, decimals = '', unit = decimals ? 's' : ''): number {
	const scale = UNITS[unit.toLowerCase()] ?? 1;
	const digits = decimals.slice(0, Math.round(Math.log10(scale)));
	return Number(whole) * scale + (digits ? Number(digits) * (scale / 10 ** digits.length) : 0);
}
