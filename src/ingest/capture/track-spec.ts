import { MODES, type Mode } from '#lib/domain/kinds.ts';

/** Guest-physical addresses below this can be tracked (GFN_LIMIT, capture/qemu/pages.h). */
export const GPA_LIMIT = 2n ** 38n;

/** What is tracked: guest-physical bytes `lo`..`hi`, both inclusive; a page counts whole. */
export interface TrackRange {
	readonly mode: Mode;
	readonly lo: bigint;
	readonly hi: bigint;
}

const NUMBER = '(0x[0-9a-f]+|\\d+)';
const SPEC = new RegExp(`^([a-z,]+)(?::(?:${NUMBER}-${NUMBER}|gfn:${NUMBER}\\+${NUMBER}))?$`, 'i');

function modesOf(text: string): readonly Mode[] {
	if (text === 'all') return MODES;
	return text.split(',').map((name) => {
		const mode = MODES.find((each) => each === name);
		if (mode) return mode;
		throw new RangeError(`${name} is no mode: there are ${MODES.join(', ')} and all`);
	});
}

/**
 * Reads one `--track`: `MODE[,MODE…]`, then nothing (all of memory), `:LO-HI` (gpas, both inclusive) or
 * `:gfn:BASE+NPAGES`. One range a mode, in the order given.
 * @throws {RangeError} saying what is wrong
 */
export function parseTrack(text: string): TrackRange[] {
	const found = SPEC.exec(text);
	if (!found)
		throw new RangeError(
			`${text} is no MODE[,MODE…][:RANGE]; a range is 0x1000000-0x1ffffff or gfn:0x1000+4096`
		);
	const [, modes = '', lowest, highest, baseGfn, npages] = found;
	let [lo, hi] = [BigInt(lowest ?? 0), highest === undefined ? GPA_LIMIT - 1n : BigInt(highest)];
	if (baseGfn !== undefined) {
		lo = BigInt(baseGfn) << 12n;
		hi = lo + (BigInt(npages ?? 0) << 12n) - 1n;
	}
	if (hi < lo) throw new RangeError(`${text} holds no page`);
	if (hi >= GPA_LIMIT) throw new RangeError(`${text} goes beyond 256 GiB (${'0x' + GPA_LIMIT.toString(16)})`);
	return modesOf(modes).map((mode) => ({ mode, lo, hi }));
}

/** The ranges as the session's `track` attribute has them: `MODE:LO-HI` joined by `+`; `all` for none. */
export function formatTrack(ranges: readonly TrackRange[]): string {
	const hex = (value: bigint) => '0x' + value.toString(16);
	return ranges.map(({ mode, lo, hi }) => `${mode}:${hex(lo)}-${hex(hi)}`).join('+') || 'all';
}
