import { eachLine, LineIssues, UnusableTextError } from './line-issues.ts';
import { PAGE_SIZE } from './units.ts';

/** A named range of a guest's physical memory, as /proc/iomem has it. */
export interface NamedRange {
	readonly name: string;
	/** 0 at the top; a range lies in the nearest one above with a smaller depth. */
	readonly depth: number;
	/** Guest-physical addresses, the end left out. */
	readonly startGpa: number;
	readonly endGpa: number;
	/** Pages that the range touches, half-open. */
	readonly startGfn: number;
	readonly endGfn: number;
}

export interface IomemMap {
	/** In the text's order. */
	readonly ranges: readonly NamedRange[];
	readonly issues: LineIssues;
}

const LINE = /^( *)([0-9a-f]{1,16})-([0-9a-f]{1,16}) : (.*\S)\s*$/;
const GPA_LIMIT = 2 ** 52;

/**
 * Reads `00100000-3fffffff : System RAM` lines, two blanks deeper for what lies inside; ends are inclusive there.
 * @throws {UnusableTextError} if no line gives a range
 */
export function parseIomem(text: string): IomemMap {
	const issues = new LineIssues();
	const ranges: NamedRange[] = [];
	let zeros = 0;
	eachLine(text, (line, number, byte) => {
		const reject = (message: string) => issues.add({ line: number, byte, text: line, message });
		const found = LINE.exec(line);
		if (!found) return reject('is no line "START-END : NAME"');
		const [startGpa, last] = [parseInt(found[2] as string, 16), parseInt(found[3] as string, 16)];
		if (startGpa === 0 && last === 0) return void zeros++;
		if (last < startGpa) return reject('its end is before its start');
		if (last >= GPA_LIMIT) return reject('its end is beyond 52 bits');
		ranges.push({
			name: found[4] as string,
			depth: Math.floor((found[1] as string).length / 2),
			startGpa,
			endGpa: last + 1,
			startGfn: Math.floor(startGpa / PAGE_SIZE),
			endGfn: Math.floor(last / PAGE_SIZE) + 1
		});
	});
	if (!ranges.length) {
		if (zeros)
			throw new UnusableTextError(`all ${zeros} ranges are 0-0: read /proc/iomem as root`, issues.first);
		throw new UnusableTextError('no line is a range: "START-END : NAME" is expected', issues.first);
	}
	return { ranges, issues };
}
