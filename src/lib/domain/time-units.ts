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

const TIME = /^(\d[\d,_\s]*)(?:\.([\d\s]+))?\s*(ns|us|µs|ms|s|k|m|g)?$/i;

/**
 * A time as people write it, in ns, or in instructions or lines: `12.5s`, `300 ms`, `1.2G`, `48,211`. Without a unit a
 * whole number counts single ones, a number with decimals seconds (10⁹), as all times on the screen are written. Blanks
 * and commas between digits are ignored, digits beyond a whole one are cut off. NaN if it is no time; may be beyond 2^53.
 */
export function timeOf(text: string): number {
	const found = TIME.exec(text.trim());
	if (!found) return NaN;
	const whole = (found[1] ?? '').replace(/[,_\s]/g, '');
	const decimals = (found[2] ?? '').replace(/\s/g, '');
	const scale = UNITS[(found[3] ?? (decimals && 's')).toLowerCase()] ?? 1;
	const digits = decimals.slice(0, Math.round(Math.log10(scale)));
	return Number(whole) * scale + (digits ? Number(digits) * (scale / 10 ** digits.length) : 0);
}
