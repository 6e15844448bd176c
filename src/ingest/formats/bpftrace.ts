import type { JsonObject, TraceEvent } from '#lib/domain/events.ts';
import { NativeError, parseLine } from '#lib/domain/native.ts';
import type { TraceFormat } from './format.ts';
import {
	HEADER,
	rejected,
	skipped,
	TextScanner,
	TimeBase,
	type NoEvent,
	type Outcome
} from './text-scanner.ts';

/** A line of `-f json`: its type comes first. Objects further inside, as in notes that a trace carries, have types too. */
const WRAPPER =
	/^\s*\{\s*"type"\s*:\s*"(?:printf|attached_probes|lost_events|helper_error|time|cat|join|value|map|hist|stats)"/m;
const HELPER = skipped('helper-error', 'a BPF helper failed: what it should have read is missing');
const OTHER_TYPE = skipped('other-type', 'output of another kind than printf');
/** Notifiers told apart; all further ones share a number. */
const NODES = 65_534;
const TEXT_LOST = /^(?:WARNING: )?Lost (\d{1,15}) events/i;

/**
 * What `bpftrace -f json` prints of our script: native lines wrapped one by one (`{"type":"printf","data":"{…}\n"}`),
 * or bare without `-f json`, and its own reports of what was lost.
 */
export const bpftrace: TraceFormat = {
	name: 'bpftrace',
	title: 'output of the bpftrace script (-f json, or plain)',
	seekable: false,
	detect: ({ lines, text }) => {
		const first = lines.find((line) => line.trim() !== '') ?? '';
		if (/^Attaching \d+ probes?\.{3}/.test(first)) return /"k"\s*:/.test(text);
		return first.trimStart().startsWith('{') && WRAPPER.test(text);
	},
	create: (options) => new BpftraceScanner(options)
};

class BpftraceScanner extends TextScanner {
	readonly #time = new TimeBase();
	readonly #nodes = new Map<string, number>();
	/** Losses whose time is that of the next event; null: nobody knows how many. */
	#losses: (number | null)[] = [];

	protected line(text: string): Outcome {
		if (!text.trimStart().startsWith('{')) return this.#message(text);
		try {
			return this.#object(text);
		} catch (error) {
			if (error instanceof NativeError) return rejected(error.reason, error.message);
			throw error;
		}
	}

	#message(text: string): Outcome {
		const lost = TEXT_LOST.exec(text);
		if (lost) return this.#lost(Number(lost[1]));
		if (/^(?:Attaching|Attached) \d+ probes?/.test(text)) return HEADER;
		return /^(?:WARNING|ERROR|stdin|\S+\.bt):?/.test(text)
			? skipped('program-message', 'a message of bpftrace')
			: rejected('not-json', 'the line is no JSON');
	}

	#object(text: string): Outcome {
		if (!WRAPPER.test(text.slice(0, 200))) return this.#native(text);
		let value: { type?: unknown; data?: unknown; count?: unknown };
		try {
			value = JSON.parse(text) as typeof value;
		} catch {
			return rejected('not-json', 'the line is no JSON');
		}
		switch (value.type) {
			case 'printf':
				return typeof value.data === 'string'
					? this.#printed(value.data)
					: rejected('bad-value', 'data is no text');
			case 'attached_probes':
				return HEADER;
			case 'lost_events':
				return this.#lost(countOf(value));
			case 'helper_error':
				return HELPER;
			default:
				return OTHER_TYPE;
		}
	}

	/** What one printf wrote: usually one line, several if the script wrote several. */
	#printed(data: string): Outcome {
		const lines = data.split('\n').filter((line) => line.trim() !== '');
		if (lines.length === 0) return skipped('blank', 'a blank line');
		let worst: NoEvent | null = null;
		for (const line of lines) {
			const outcome = line.trimStart().startsWith('{')
				? this.#native(line)
				: rejected('not-json', 'what was printed is no JSON');
			if (outcome !== 'event' && outcome !== 'held') worst = outcome;
		}
		return worst ?? 'event';
	}

	#native(text: string): Outcome {
		const event = this.#rebased(parseLine(this.#withNodes(text)));
		this.#settleLosses(event.tsNs);
		if (event.kind === 'session')
			this.beginWith({ ...event, attributes: { ...event.attributes, ...this.#own() } });
		else this.emit(event);
		return 'event';
	}

	/** The script knows notifiers by their pointer; here they get small numbers. */
	#withNodes(text: string): string {
		return text.replace(/("node"\s*:\s*)"(0x[\da-f]+)"/i, (_, key: string, pointer: string) => {
			let id = this.#nodes.get(pointer);
			if (id === undefined) {
				id = Math.min(this.#nodes.size + 1, NODES);
				if (id < NODES) this.#nodes.set(pointer, id);
			}
			return `${key}${id}`;
		});
	}

	#rebased(event: TraceEvent): TraceEvent {
		return { ...event, tsNs: this.#time.since(0, event.tsNs) };
	}

	#lost(count: number | null): 'event' {
		this.#losses.push(count);
		return 'event';
	}

	#settleLosses(tsNs: number): void {
		const losses = this.#losses;
		this.#losses = [];
		const startNs = this.lastNs;
		const at = Math.max(tsNs, startNs);
		for (const count of losses)
			this.emit({ kind: 'loss', tsNs: at, startNs, ...(count !== null && { count }) });
	}

	protected override settle(): void {
		this.#settleLosses(this.lastNs);
	}

	#own(): JsonObject {
		const { generation } = this.options;
		return { format: 'bpftrace', ...(generation && { generation }) };
	}

	protected attributes(): JsonObject {
		return { source: 'bpftrace', clock: 'host_monotonic_ns', ...this.#own() };
	}
}

/** `{"data":{"events":N}}`, `{"data":N}`, `{"count":N}`; null if it says no number. */
function countOf({ data, count }: { data?: unknown; count?: unknown }): number | null {
	const inner: unknown[] = typeof data === 'object' && data !== null ? Object.values(data) : [data];
	for (const value of [count, ...inner])
		if (typeof value === 'number' && Number.isSafeInteger(value) && value >= 0) return value;
	return null;
}
