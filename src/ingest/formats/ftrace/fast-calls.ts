import { FLAG, NO_VCPU } from '#lib/domain/batch.ts';
import { GENERATION_INFO, modeOfNumber, type Generation } from '#lib/domain/generations.ts';
import { KIND_CODES, MODES } from '#lib/domain/kinds.ts';
import { ByteFields, fieldName } from './byte-fields.ts';
import { OTHER } from './context.ts';
import { bytesOf, nameHash, type Cursor } from './cursor.ts';
import type { FastHost } from './fast-line.ts';
import { NO_ARGUMENTS, NOTIFY_CALLS, TRACK_CALLS, type NotifyCall, type TrackCall } from './functions.ts';
import type { Thread } from './threads.ts';

const BLANK = 32;
const OPEN = 40;
const CLOSE = 41;
const DASH = 45;
/** Texts of calls are looked at this far only. */
const REACH = 1500;
const TEXT = {
	OURS: bytesOf('kvm_'),
	OURS_INNER: bytesOf('__kvm_'),
	OFFSET: bytesOf('+0x'),
	SIZE: bytesOf('/0x'),
	MODULE: bytesOf(' [kvm]'),
	CLOSE: bytesOf(')'),
	ARROW: bytesOf('<-')
} as const;
const FIELD = {
	GFN: fieldName('gfn'),
	MODE: fieldName('mode'),
	GPA: fieldName('gpa'),
	BYTES: fieldName('bytes'),
	LEN: fieldName('len'),
	GVA: fieldName('gva'),
	RIP: fieldName('rip')
} as const;
/** Fields that decide something here and are left to the text. */
const RARE = ['slot_id', 'id', 'as_id'].map(fieldName);
const MODE_NAMES = MODES.map(bytesOf);

interface Call {
	readonly bytes: Uint8Array;
	readonly track?: TrackCall;
	readonly notify?: NotifyCall;
}
const CALLS: ReadonlyMap<number, Call> = new Map<number, Call>([
	...[...TRACK_CALLS].map(([name, track]) => [nameHash(name), { bytes: bytesOf(name), track }] as const),
	...[...NOTIFY_CALLS].map(([name, notify]) => [nameHash(name), { bytes: bytesOf(name), notify }] as const)
]);

/** Reads calls from bytes, as `readCall` reads them from texts: probes and lines of the function tracer. */
export class FastCalls {
	readonly #host: FastHost;
	readonly #cursor: Cursor;
	readonly #fields: ByteFields;
	/** Number of a mode by what a line says, -1 for what the kernels do not agree on. */
	readonly #modes: readonly number[];
	/** The kernels know one mode only: a call need not say it. */
	readonly #oneMode: boolean;
	#end = -1;

	constructor(host: FastHost, candidates: readonly Generation[]) {
		this.#host = host;
		this.#cursor = host.cursor;
		this.#fields = new ByteFields(host.cursor);
		this.#modes = Array.from({ length: 8 }, (_, number) => {
			const mode = modeOfNumber(candidates, number);
			return mode ? MODES.indexOf(mode) : -1;
		});
		this.#oneMode = candidates.every((label) => GENERATION_INFO[label].modes.length < 2);
	}

	/** A kprobe's line behind its name: `(kvm_page_track_write+0x0/0x110 [kvm]) gpa=0x1234ff8 bytes=8`. */
	probe(thread: Thread): number {
		const cursor = this.#cursor;
		cursor.at++;
		const hash = cursor.identifier();
		if (hash < 0 || cursor.here(CLOSE)) return -1; // an address: perf's name of the probe counts
		if (!this.#mayBeOurs()) return this.#host.skip(OTHER);
		const call = this.#callOf(hash);
		if (!call || !this.#place()) return -1;
		cursor.blanks();
		this.#fields.read();
		this.#end = cursor.endOfLine();
		return this.#end < 0 ? -1 : this.#read(call, thread);
	}

	/** A line of the function tracer: `kvm_page_track_write(gpa=0x1010) <-emulator_write_phys`. */
	traced(thread: Thread): number {
		const cursor = this.#cursor;
		const from = cursor.at;
		const hash = cursor.identifier();
		if (hash < 0) return -1;
		const ours = this.#mayBeOurs();
		const call = ours ? this.#callOf(hash) : null;
		if (ours && !call) return -1;
		if (cursor.here(OPEN)) {
			cursor.at++;
			this.#fields.read();
			if (!cursor.take(TEXT.CLOSE)) return -1;
		} else this.#fields.clear();
		if (!cursor.here(BLANK)) return -1;
		cursor.blanks();
		if (!cursor.take(TEXT.ARROW)) return -1;
		if (cursor.here(DASH)) cursor.at++;
		cursor.blanks();
		if (!((cursor.bytes[cursor.at] as number) > BLANK) || cursor.at - from > REACH) return -1;
		if (!call) return this.#host.skip(OTHER);
		this.#end = cursor.lineEnd();
		return this.#end < 0 ? -1 : this.#read(call, thread);
	}

	/** All functions that `readCall` knows begin so. */
	#mayBeOurs(): boolean {
		return this.#cursor.nameStartsWith(TEXT.OURS) || this.#cursor.nameStartsWith(TEXT.OURS_INNER);
	}

	#callOf(hash: number): Call | null {
		const call = CALLS.get(hash);
		return call && this.#cursor.is(call.bytes) ? call : null;
	}

	/** `+0x0/0x110 [kvm])`, each part but the last one optional. */
	#place(): boolean {
		const cursor = this.#cursor;
		if (cursor.take(TEXT.OFFSET)) {
			if (!cursor.hex64() || (cursor.take(TEXT.SIZE) && !cursor.hex64())) return false;
		}
		cursor.take(TEXT.MODULE);
		return cursor.take(TEXT.CLOSE);
	}

	#read({ track, notify }: Call, thread: Thread): number {
		if (this.#fields.count === 0) return this.#host.skip(NO_ARGUMENTS);
		const inner = (track ?? notify)?.inner;
		if (inner !== undefined && this.#host.names(inner)) return -1;
		return track ? this.#track(track) : notify ? this.#notify(notify, thread) : -1;
	}

	#track({ kind, mode: fixed }: TrackCall): number {
		const fields = this.#fields;
		const cursor = this.#cursor;
		const mode = fixed ? MODES.indexOf(fixed) : this.#mode();
		if (mode < 0 || RARE.some((name) => fields.find(name) >= 0)) return -1;
		const at = fields.find(FIELD.GFN);
		if (at < 0 || !fields.number(at) || cursor.high >= 1 << 8) return -1;
		const { events } = this.#host;
		const i = this.#host.put(KIND_CODES[kind], FLAG.place);
		events.gfn[i] = cursor.high * 2 ** 32 + cursor.low;
		events.detail[i] = mode;
		return this.#end;
	}

	#mode(): number {
		const fields = this.#fields;
		const at = fields.find(FIELD.MODE);
		if (at < 0) return this.#oneMode ? MODES.indexOf('write') : -1;
		if (fields.number(at)) return this.#cursor.high ? -1 : (this.#modes[this.#cursor.low] ?? -1);
		return MODE_NAMES.findIndex((name) => fields.is(at, name));
	}

	#notify({ kind }: NotifyCall, thread: Thread): number {
		const fields = this.#fields;
		const cursor = this.#cursor;
		const gpa = fields.find(FIELD.GPA);
		if (gpa < 0 || !fields.number(gpa) || cursor.high >= 1 << 20) return -1;
		const { low, high } = cursor;
		const named = fields.find(FIELD.BYTES);
		const bytes = named < 0 ? fields.find(FIELD.LEN) : named;
		if (bytes >= 0 && (!fields.number(bytes) || cursor.high || cursor.low >= 65_536)) return -1;
		const size = bytes < 0 ? 0 : cursor.low;
		if (fields.find(FIELD.GVA) >= 0 || fields.find(FIELD.RIP) >= 0) return -1;
		const { events } = this.#host;
		const i = this.#host.put(KIND_CODES[kind], FLAG.place | FLAG.offset | (bytes < 0 ? 0 : FLAG.bytes));
		events.vcpu[i] = thread.vcpuId < 0 ? NO_VCPU : thread.vcpuId;
		events.gfn[i] = high * 2 ** 20 + (low >>> 12);
		events.offset[i] = low & 4095;
		events.bytes[i] = size;
		return this.#end;
	}
}
