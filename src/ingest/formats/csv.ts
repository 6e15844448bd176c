import type { JsonObject, JsonValue } from '#lib/domain/events.ts';
import { fromWire, NativeError } from '#lib/domain/native.ts';
import { headOf, type Head, type ScannerOptions, type TraceFormat } from './format.ts';
import { fractionNs, HEADER, rejected, TextScanner, TimeBase, type Outcome } from './text-scanner.ts';

/** Column names and the native keys they stand for, besides the keys themselves. */
const NAMES: Readonly<Record<string, string>> = {
	...{ time: 't', ts: 't', tsns: 't', time_ns: 't', timestamp: 't', seconds: 'seconds', time_s: 'seconds' },
	...{ kind: 'k', event: 'k', vcpu: 'c', vcpuid: 'c', cpu: 'c', gpa: 'a', address: 'a', gfn: 'g' },
	...{ bytes: 'n', size: 'n', rip: 'ip', slot: 'id', slotid: 'id', asid: 'as', nodeid: 'node' },
	...{ errorcode: 'error', error_code: 'error', userspaceaddr: 'ua', epoch: 'e', startns: 'from' },
	...{ dataready: 'ready' }
};
const NUMBERS = new Set([
	't',
	'c',
	'n',
	'npages',
	'id',
	'as',
	'node',
	'flags',
	'level',
	'count',
	'from',
	'e',
	'phase'
]);
const FLAGS = new Set(['verdict', 'ready', 'flush', 'derived']);

const keyOf = (name: string): string => NAMES[name.trim().toLowerCase()] ?? name.trim();

/** A row's fields; `"` quotes, doubled inside; null if a quote is never closed. */
export function splitRow(row: string, separator: string): string[] | null {
	const fields: string[] = [];
	let at = 0;
	for (;;) {
		if (row[at] === '"') {
			let field = '';
			for (;;) {
				const end = row.indexOf('"', at + 1);
				if (end < 0) return null;
				field += row.slice(at + 1, end);
				at = end;
				if (row[at + 1] !== '"') break;
				field += '"';
				at++;
			}
			fields.push(field);
			at++;
			if (at < row.length && row[at] !== separator) return null;
		} else {
			const end = row.indexOf(separator, at);
			fields.push(row.slice(at, end < 0 ? undefined : end));
			at = end < 0 ? row.length : end;
		}
		if (at >= row.length) return fields;
		at++;
		if (at === row.length) return [...fields, ''];
	}
}

interface Columns {
	readonly separator: string;
	readonly keys: readonly string[];
}

/** The columns of a header row; null if it does not name a time and a kind. */
function columnsOf(row: string): Columns | null {
	for (const separator of [',', ';', '\t']) {
		const keys = splitRow(row.slice(0, 8192), separator)?.map(keyOf);
		if (keys?.includes('k') && (keys.includes('t') || keys.includes('seconds'))) return { separator, keys };
	}
	return null;
}

const headerRow = ({ lines }: Head): string =>
	(lines.find((line) => line.trim() !== '' && !line.startsWith('#')) ?? '').replace(/^\ufeff/, '');

/** Comma-, semicolon- or tab-separated rows under a header that names our fields (docs/format.md). */
export const csv: TraceFormat = {
	name: 'csv',
	title: 'CSV whose header names our fields (t,k,c,a,n,ip,… or tsNs,kind,vcpuId,gfn,…)',
	seekable: false,
	detect: (head) => columnsOf(headerRow(head)) !== null,
	create: (options) => new CsvScanner(options)
};

class CsvScanner extends TextScanner {
	#columns: Columns | null;
	#headerSeen = false;
	readonly #time = new TimeBase();
	readonly #seconds: boolean;

	constructor(options: ScannerOptions) {
		super(options);
		this.#columns = columnsOf(headerRow(headOf(options.head ?? new Uint8Array(0))));
		this.#seconds = this.#columns?.keys.includes('seconds') ?? false;
	}

	protected line(text: string): Outcome {
		if (text.startsWith('#')) return HEADER;
		if (!this.#headerSeen) {
			this.#headerSeen = true;
			this.#columns ??= columnsOf(text);
			return this.#columns ? HEADER : rejected('no-header', 'the first row names no time and kind columns');
		}
		if (!this.#columns) return rejected('no-header', 'no header row named the columns');
		const { separator, keys } = this.#columns;
		const values = splitRow(text, separator);
		if (!values) return rejected('bad-row', 'a quote is not closed');
		if (values.length !== keys.length)
			return rejected('bad-row', `the row has ${values.length} fields, the header ${keys.length}`);
		try {
			return this.#row(keys, values);
		} catch (error) {
			if (error instanceof NativeError) return rejected(error.reason, error.message);
			throw error;
		}
	}

	#row(keys: readonly string[], values: readonly string[]): Outcome {
		const wire: Record<string, JsonValue> = {};
		for (const [i, key] of keys.entries()) {
			const value = values[i]?.trim() ?? '';
			if (value !== '') wire[key] = cell(key, value);
		}
		const { seconds } = wire;
		if (this.#seconds && wire.t === undefined && seconds !== undefined) {
			const found = /^(\d{1,15})(?:\.(\d+))?$/.exec(typeof seconds === 'string' ? seconds : '');
			if (!found) return rejected('bad-value', `seconds ${JSON.stringify(seconds).slice(0, 40)} is no time`);
			const t = this.#time.since(Number(found[1]), fractionNs(found[2] ?? ''));
			wire.t = Math.max(0, t);
			delete wire.seconds;
		}
		const event = fromWire(wire);
		const base = this.#seconds ? 0 : this.#time.since(0, event.tsNs) - event.tsNs;
		const tsNs = event.tsNs + base;
		if (event.kind === 'session') this.beginWith({ ...event, tsNs });
		else this.emit({ ...event, tsNs });
		return 'event';
	}

	protected attributes(): JsonObject {
		const { generation } = this.options;
		return {
			...{ source: 'csv', format: 'csv', clock: 'host_monotonic_ns' },
			...(generation && { generation })
		};
	}
}

/** A cell as the native line would have it. */
function cell(key: string, value: string): JsonValue {
	if (NUMBERS.has(key) && /^\d{1,15}$/.test(value)) return Number(value);
	if (NUMBERS.has(key) && /^0x[\da-f]{1,13}$/i.test(value)) return Number(value);
	if (FLAGS.has(key) && /^(?:true|false|0|1)$/i.test(value)) return /^(?:true|1)$/i.test(value);
	return value;
}
