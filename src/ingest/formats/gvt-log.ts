import type { JsonObject } from '#lib/domain/events.ts';
import { generationOfRelease } from '#lib/domain/generations.ts';
import { headOf, type ScannerOptions, type TraceFormat } from './format.ts';
import { asPlace, FieldError, hexWord } from './ftrace/fields.ts';
import { fractionNs, rejected, skipped, TextScanner, TimeBase, type Outcome } from './text-scanner.ts';

const STAMP = /^(?:.{0,60}?)(?:<\d+>)?\[\s*(\d{1,12})\.(\d{1,9})\]\s*(.*)$/s;
const ERROR =
	/\bgvt: (?:vgpu\(?\d+\)?:? )?guest page write error(?: -?\d+)?,(?: gfn (?:0x)?[\da-f]+,)? (?:gpa|pa) (?:0x)?([\da-f]+)/;
const LEN = /\blen (\d{1,5})\b/;
const OTHER = skipped('other-message', 'another line of the kernel log');

/** The kernel log of a host with Intel GVT-g (drivers/gpu/drm/i915/gvt): writes to tracked pages that it failed to handle. */
export const gvtLog: TraceFormat = {
	name: 'gvt-log',
	title: 'kernel log of GVT-g (gvt: guest page write error …)',
	seekable: false,
	detect: ({ text }) => /\bgvt: .{0,40}guest page write error/.test(text),
	create: (options) => new GvtLogScanner(options)
};

class GvtLogScanner extends TextScanner {
	readonly #time = new TimeBase();
	readonly #release: string | undefined;
	#stamped: boolean | null = null;

	constructor(options: ScannerOptions) {
		super(options);
		const head = headOf(options.head ?? new Uint8Array(0));
		this.#release = /Linux version (\d+\.\d+[\w.+-]*)/.exec(head.text)?.[1];
	}

	protected line(text: string): Outcome {
		const stamp = STAMP.exec(text.slice(0, 1000));
		const message = stamp?.[3] ?? text.slice(0, 1000);
		if (!/\bgvt: .{0,40}guest page write error/.test(message)) return OTHER;
		const found = ERROR.exec(message);
		if (!found) return rejected('bad-line', 'the line does not say which page');
		this.#stamped ??= stamp !== null;
		const tsNs = this.#at(stamp);
		if (Number.isNaN(tsNs)) return rejected('bad-time', 'the time is out of range');
		try {
			const place = asPlace(hexWord(found[1] ?? ''));
			const bytes = LEN.exec(message)?.[1];
			const size = bytes !== undefined && Number(bytes) < 65_536 ? { bytes: Number(bytes) } : {};
			this.emit({ kind: 'write', tsNs, ...place, ...size, extra: { handled: false } });
			return 'event';
		} catch (error) {
			if (error instanceof FieldError) return error.outcome;
			throw error;
		}
	}

	#at(stamp: RegExpExecArray | null): number {
		if (!this.#stamped) return this.#time.since(0, this.lines);
		return stamp ? this.#time.since(Number(stamp[1]), fractionNs(stamp[2] ?? '')) : this.lastNs;
	}

	protected attributes(): JsonObject {
		const { generation } = this.options;
		const mainline = this.#release === undefined ? null : generationOfRelease(this.#release);
		const label = generation ?? mainline;
		return {
			...{ source: 'gvt-log', format: 'gvt-log', vendor: 'intel' },
			clock: this.#stamped ? 'host_monotonic_ns' : 'lines',
			...(label
				? { generation: label }
				: {
						generation_candidates: [
							'mainline-write-1',
							'mainline-write-2',
							'mainline-write-3',
							'mainline-external'
						]
					}),
			...(!generation && mainline && { generation_assumed: true })
		};
	}
}
