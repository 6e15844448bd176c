import type { JsonObject } from '#lib/domain/events.ts';
import type { Mode } from '#lib/domain/kinds.ts';
import type { TraceFormat } from './format.ts';
import { asPlace, FieldError, hexWord } from './ftrace/fields.ts';
import { HEADER, rejected, skipped, TextScanner, TimeBase, type Outcome } from './text-scanner.ts';
import { Windows } from './windows.ts';

const LINE = /^(?:I {1,2}| [LSM] )([\da-f]{1,16}),(\d{1,6})\s*$/;
const WINDOW = 16_384;
const KINDS: Readonly<Record<string, readonly Mode[]>> = {
	I: ['preexec'],
	L: ['preread'],
	S: ['write'],
	M: ['preread', 'write']
};
const OUTPUT = skipped('program-message', "the program's own output");

/**
 * `valgrind --tool=lackey --trace-mem=yes`: each load, store, modify and instruction of a process. Its address space
 * is shown as memslots of 64 MiB; the line number is the clock. Nothing was tracked: every event is derived.
 */
export const lackey: TraceFormat = {
	name: 'lackey',
	title: 'valgrind --tool=lackey --trace-mem=yes (a process as a guest)',
	seekable: false,
	detect: ({ lines }) =>
		lines.slice(0, 200).some((line) => /^==\d+== Lackey/.test(line)) ||
		lines.slice(0, 200).filter((line) => LINE.test(line)).length >= 2,
	create: (options) => new LackeyScanner(options)
};

class LackeyScanner extends TextScanner {
	readonly #time = new TimeBase();
	readonly #windows = new Windows(WINDOW);

	protected line(text: string): Outcome {
		const found = LINE.exec(text);
		if (!found) return /^(?:==|--|\*\*)\d+(?:==|--|\*\*)/.test(text) ? HEADER : outputOrWrong(text);
		const size = Number(found[2]);
		if (size === 0 || size > 4096) return rejected('bad-value', `size ${size} is not 1 to 4096`);
		const letter = text[0] === 'I' ? 'I' : (text[1] ?? '');
		try {
			this.#access(KINDS[letter] ?? [], hexWord(found[1] ?? ''), size);
			return 'event';
		} catch (error) {
			if (error instanceof FieldError) return error.outcome;
			throw error;
		}
	}

	/** An access over a page's border is two, one for each page. */
	#access(kinds: readonly Mode[], address: bigint, size: number): void {
		const { gfn, offset } = asPlace(address);
		const inFirst = Math.min(size, 4096 - offset);
		const rest = size - inFirst;
		const next = rest ? asPlace(BigInt(gfn + 1) * 4096n).gfn : gfn;
		const tsNs = this.#time.since(0, this.lines);
		for (const slot of this.#windows.touch(tsNs, gfn, next - gfn + 1)) this.emit(slot);
		for (const kind of kinds) {
			this.emit({ kind, tsNs, gfn, offset, bytes: inFirst, derived: true });
			if (rest) this.emit({ kind, tsNs, gfn: next, offset: 0, bytes: rest, derived: true });
		}
	}

	protected attributes(): JsonObject {
		return { source: 'lackey', format: 'lackey', clock: 'lines' };
	}
}

/** A line that begins like an access and is none was damaged; anything else the traced program printed. */
const outputOrWrong = (text: string): Outcome =>
	/^(?:I {2}| [LSM] )/.test(text) ? rejected('bad-line', 'the line is no whole access') : OUTPUT;
