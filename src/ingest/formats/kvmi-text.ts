import type { JsonObject } from '#lib/domain/events.ts';
import type { TraceFormat } from './format.ts';
import { asPlace, asVcpu, FieldError, hexWord } from './ftrace/fields.ts';
import { modesOf, rightsOf, setAccess } from './kvmi-access.ts';
import { rejected, skipped, TextScanner, TimeBase, type Outcome } from './text-scanner.ts';

const FAULT =
	/\bPF gva (?:0x)?([\da-f]+) gpa (?:0x)?([\da-f]+) access ([r-][w-][x-]) \[0x([\da-f]+)\] \(vcpu(\d+)\)/;
const SET = /\bSet page access gpa (?:0x)?([\da-f]+) access ([r-][w-][x-]) \[0x([\da-f]+)\]/;
const NEAR = /\b(?:PF gva|Set page access)\b/;
const MESSAGE = skipped('program-message', 'a message of the program, no access or right');

/** What KVMI's introspection tools print: `PF gva … access rw- [0x3] (vcpu0)`, `Set page access gpa …`. */
export const kvmiText: TraceFormat = {
	name: 'kvmi-text',
	title: "KVMI introspection tools' text (PF gva …, Set page access gpa …)",
	seekable: false,
	detect: ({ text }) => FAULT.test(text) || SET.test(text),
	create: (options) => new KvmiTextScanner(options)
};

/** The lines carry no time: the line number is the clock. */
class KvmiTextScanner extends TextScanner {
	readonly #rights = new Map<number, number>();
	readonly #time = new TimeBase();

	protected line(text: string): Outcome {
		try {
			return this.#read(text.slice(0, 1000));
		} catch (error) {
			if (error instanceof FieldError) return error.outcome;
			throw error;
		}
	}

	#read(text: string): Outcome {
		const fault = FAULT.exec(text);
		if (fault) return this.#fault(fault);
		const set = SET.exec(text);
		if (!set) return NEAR.test(text) ? rejected('bad-line', 'the line lacks fields it should have') : MESSAGE;
		const [, gpa = '', rights = ''] = set;
		const { gfn } = asPlace(hexWord(gpa));
		const events = setAccess(this.#rights, this.#time.since(0, this.lines), gfn, rightsOf(rights) ?? 0);
		if (!Array.isArray(events)) return events;
		for (const event of events) this.emit(event);
		return 'event';
	}

	#fault([, gva = '', gpa = '', access = '', , vcpu = '']: RegExpExecArray): Outcome {
		const modes = modesOf(rightsOf(access) ?? 0);
		if (modes.length === 0) return rejected('bad-line', 'the access is none of r, w and x');
		const place = asPlace(hexWord(gpa));
		const fields = { vcpuId: asVcpu(vcpu), ...place, gva: hexWord(gva) };
		const tsNs = this.#time.since(0, this.lines);
		for (const kind of modes) this.emit({ kind, tsNs, ...fields });
		return 'event';
	}

	protected attributes(): JsonObject {
		const { generation } = this.options;
		return {
			...{ source: 'kvmi-text', format: 'kvmi-text', clock: 'lines' },
			...(generation ? { generation } : { generation_candidates: ['kvmi-v6', 'kvmi-v7', 'kvmi-v12'] })
		};
	}
}
