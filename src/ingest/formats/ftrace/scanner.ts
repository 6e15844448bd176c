import { faultMeaning, type FaultCode } from '#lib/domain/fault-code.ts';
import { mayHaveMode } from '#lib/domain/generations.ts';
import type { JsonObject, TraceEvent } from '#lib/domain/events.ts';
import type { Mode } from '#lib/domain/kinds.ts';
import { headOf, type ScannerOptions, type Vendor } from '../format.ts';
import { SlotBook } from '../slot-book.ts';
import { rejected, TextScanner, TimeBase, type NoEvent, type Outcome } from '../text-scanner.ts';
import { Windows } from '../windows.ts';
import { OTHER, vcpuOf, type EventLine, type TraceContext } from './context.ts';
import { guessGeneration, hasRawHex, hasRawLines, VendorGuess, type GenerationGuess } from './dialect.ts';
import { FieldError } from './fields.ts';
import { readCall } from './functions.ts';
import { HANDLERS } from './handlers.ts';
import { bare, beginsHead, parseHead, type LineHead } from './head.ts';
import { Noise, type Lost } from './noise.ts';
import { Threads, type Thread } from './threads.ts';

const DAMON_WINDOW = 262_144;
/** Lines that one record may be wrapped into. */
const WRAP_LINES = 5;
const CPUS = 8192;

const NO_LINE = rejected('unknown-line', 'the line is no event, header or loss of any known shape');
const BAD_TIME = rejected('bad-time', 'the time is out of range');
const WRAPPED: NoEvent = { severity: 'skipped', reason: 'wrapped', message: 'the rest of a wrapped line' };

const EVENT = /^(?:[A-Za-z_][\w-]*:)?([A-Za-z_][\w.]*):(?:\s+(.*))?$/s;
const KPROBE = /^\(([A-Za-z_][\w.]*)(?:\+0x[\da-f]+(?:\/0x[\da-f]+)?)?(?: \[\w+\])?( <- [^)]*)?\)\s*(.*)$/s;
/** perf names a probe's event after the function, and prints its address only; so do raw lines. */
const PERF_PROBE = /^(?:\((?:0x)?[\da-f]{6,16}\)|__probe_ip=(?:0x)?[\da-f]{1,20}\b)\s*(.*)$/s;
/** Function tracer: `kvm_page_track_write <-emulator_write_phys`, from 6.14 on with arguments in parentheses. */
const CALL = /^([A-Za-z_][\w.]*)(?:\(([^)]*)\))?\s+<--?\s*\S+/;
const PERF_LOST = /^PERF_RECORD_LOST(?:_SAMPLES)?:? lost (\d{1,15})/;
/** Notifications that the trace tells itself: none is inferred then. */
const TOLD = /\bkvm_page_track_(?:preread|prewrite|write|preexec)\b|\bkvmi_event_pf_send:/;
const PID_OF_NOBODY = -1;
const VIRTUAL_FAULT = /kvm_page_fault:\s+(?:vcpu \d+ rip 0x[\da-f]+ )?address (?:0x)?ffff[89a-f][\da-f]{11} /;

/** Reads what ftrace, trace-cmd and perf script print of KVM's events, in all their dialects. */
export class FtraceScanner extends TextScanner implements TraceContext {
	readonly slots = new SlotBook();
	readonly windows = new Windows(DAMON_WINDOW);
	readonly vendor: VendorGuess;
	readonly rights = new Map<number, number>();
	faultsFromExit: boolean;
	readonly virtualFaults: boolean;
	readonly rawHex: boolean;
	/** What raw numbers without `0x` are: nothing can show `decimal`, which is assumed; null if no line is raw. */
	readonly #rawNumbers: 'hex' | 'decimal' | null;
	protected readonly threads = new Threads();
	protected readonly time = new TimeBase();
	readonly #format: string;
	readonly #head: string;
	readonly #generation: GenerationGuess;
	readonly #told: boolean;
	readonly #noise = new Noise();
	readonly #named = new Map<string, boolean>();
	readonly #nodes = new Map<string, number>();
	readonly #vcpus = new Map<number, number>();
	/** Whether the source's lines carry times; a source without counts lines. */
	protected readonly stamped: boolean;
	#timed = true;
	protected vendorNoted = false;
	/** Time of each host CPU's last line. */
	protected readonly lastOfCpu = new Float64Array(CPUS);
	#losses: Lost[] = [];
	#pending: { text: string; lines: number; outcome: NoEvent } | null = null;
	/** The head of the line `line` (as counted by `lines`), if it was read from the bytes; its rest begins at `offset`. */
	protected ready: (Omit<LineHead, 'comm' | 'timed' | 'rest'> & { line: number; offset: number }) | null =
		null;
	/** Characters of the last raw line if it was a whole record: its rest may follow. */
	protected before = 0;

	constructor(options: ScannerOptions, format: string) {
		super(options);
		const head = headOf(options.head ?? new Uint8Array(0));
		this.#format = format;
		this.#head = head.text;
		this.vendor = new VendorGuess(options, head.text);
		this.#generation = guessGeneration(head.text, options);
		this.stamped = head.lines.length < 2 || head.lines.some((line) => parseHead(bare(line)) !== null);
		this.virtualFaults = this.vendor.vendor === null && VIRTUAL_FAULT.test(head.text);
		this.#told = TOLD.test(head.text);
		this.rawHex = hasRawHex(head.text);
		this.#rawNumbers = this.rawHex ? 'hex' : hasRawLines(head.text) ? 'decimal' : null;
		this.faultsFromExit = !/kvm_page_fault:/.test(head.text);
	}

	get candidates(): GenerationGuess['candidates'] {
		return this.#generation.candidates;
	}

	/** True while a loss or a cut-off record waits for the next line. */
	protected get waiting(): boolean {
		return this.#pending !== null || this.#losses.length > 0;
	}

	override emit(event: TraceEvent): void {
		super.emit(event);
	}

	protected line(raw: string): Outcome {
		const { ready } = this;
		if (ready?.line === this.lines) {
			const rest = raw.slice(ready.offset);
			const outcome = this.#record({ ...ready, comm: '', timed: true, rest }, raw);
			this.before = outcome === 'held' ? 0 : raw.length;
			return outcome;
		}
		const text = bare(raw);
		const head = parseHead(text);
		const former = this.before;
		this.before = 0;
		if (!head) return this.#headless(text, former);
		this.#settlePending();
		const outcome = this.#record(head, text);
		if (outcome !== 'held') this.before = raw.length;
		return outcome;
	}

	protected override blank(): Outcome {
		this.#settlePending();
		return super.blank();
	}

	#headless(text: string, former: number): Outcome {
		if (this.#pending) {
			const joined = this.#join(text);
			if (joined) return joined;
		}
		const noise = this.#noise.read(text);
		if (noise) {
			this.#settlePending();
			if ('reason' in noise) return noise;
			this.#losses.push(noise);
			return 'event';
		}
		this.#settlePending();
		if (beginsHead(text)) return this.#hold(text, NO_LINE);
		const event = EVENT.exec(text.trim());
		if (event && (HANDLERS.has(event[1] ?? '') || KPROBE.test(event[2] ?? ''))) {
			const tsNs = this.stamped ? this.lastNs : this.time.since(0, this.lines);
			return this.#event(text, text.trim(), tsNs, this.threads.get(PID_OF_NOBODY, ''), PID_OF_NOBODY);
		}
		// mail programs wrap at 72 to 80 columns; quote marks come on top
		return former >= 60 && former <= 90 ? WRAPPED : NO_LINE;
	}

	/** Joins a line to the record that waits; null if they give nothing together. */
	#join(text: string): Outcome | null {
		const pending = this.#pending;
		if (!pending || pending.lines >= WRAP_LINES) return null;
		const joined = `${pending.text.trimEnd()} ${text.trim()}`;
		const head = parseHead(joined);
		const noise = this.#noise.read(text);
		if (noise || (!head && !beginsHead(joined))) return null;
		this.#pending = null;
		const outcome = head ? this.#record(head, joined) : this.#hold(joined, NO_LINE);
		if (outcome === 'held') {
			if (this.#pending) this.#pending = { ...(this.#pending as object), lines: pending.lines + 1 } as never;
			return outcome;
		}
		this.conclude(outcome);
		this.before = 70;
		return outcome;
	}

	#hold(text: string, outcome: NoEvent): 'held' {
		this.#pending = { text, lines: 1, outcome };
		return 'held';
	}

	#settlePending(): void {
		if (!this.#pending) return;
		this.conclude(this.#pending.outcome);
		this.#pending = null;
	}

	protected override settle(): void {
		this.#settlePending();
		this.#settleLosses(this.lastNs);
	}

	#record(head: LineHead, text: string): Outcome {
		const tsNs = this.stamped ? this.time.since(head.seconds, head.ns) : this.time.since(0, this.lines);
		if (Number.isNaN(tsNs)) return BAD_TIME;
		if (!head.timed) this.#timed = false;
		this.#settleLosses(tsNs);
		const outcome = this.#event(text, head.rest, tsNs, this.threads.get(head.pid, head.comm), head.cpu);
		if (head.cpu < CPUS) this.lastOfCpu[head.cpu] = tsNs;
		return outcome;
	}

	/** Reads what follows a head; a text that no dialect knows may be cut off and is held. */
	#event(text: string, rest: string, tsNs: number, thread: Thread, cpu: number): Outcome {
		const lost = PERF_LOST.exec(rest);
		if (lost) {
			this.#lose({ cpu, count: Number(lost[1]) }, tsNs, this.lastNs);
			return 'event';
		}
		try {
			const outcome = this.#dispatch(rest, tsNs, thread);
			return outcome ?? this.#hold(text, this.#unread(rest));
		} catch (error) {
			if (error instanceof FieldError) return error.outcome;
			throw error;
		}
	}

	#unread(rest: string): NoEvent {
		const name = EVENT.exec(rest)?.[1];
		if (name === undefined) return NO_LINE;
		return rejected('unknown-text', `the text of ${name.slice(0, 40)} is of no known dialect`);
	}

	#dispatch(rest: string, tsNs: number, thread: Thread): Outcome | null {
		const found = EVENT.exec(rest);
		if (found) {
			const [, name = '', body = ''] = found;
			const line: EventLine = { tsNs, name, body: body.trimEnd(), thread };
			const handler = HANDLERS.get(name);
			if (handler) return handler(line, this);
			const perf = PERF_PROBE.exec(body);
			if (perf) return readCall(name.replace(/_\d+$/, ''), perf[1] ?? '', line, this) ?? OTHER;
			const probe = KPROBE.exec(body);
			if (probe?.[1] !== undefined && probe[2] === undefined)
				return readCall(probe[1], probe[3] ?? '', line, this) ?? OTHER;
			const call = name === 'function' || name === 'funcgraph_entry' ? this.#call(body, line) : null;
			return call ?? OTHER;
		}
		return this.#call(rest, { tsNs, name: '', body: rest, thread });
	}

	#call(text: string, line: EventLine): Outcome | null {
		const call = CALL.exec(text.slice(0, 2000));
		return call ? (readCall(call[1] ?? '', call[2] ?? '', line, this) ?? OTHER) : null;
	}

	#settleLosses(tsNs: number): void {
		const losses = this.#losses;
		if (losses.length === 0) return;
		this.#losses = [];
		const lastNs = this.lastNs;
		for (const lost of losses) this.#lose(lost, tsNs, lastNs);
	}

	/** Events were lost between the CPU's last line (or the trace's, or its beginning) and `tsNs`. */
	#lose({ cpu, count, before, anywhere }: Lost, tsNs: number, lastNs: number): void {
		const at = Math.max(tsNs, this.lastNs);
		const known = cpu !== undefined && cpu >= 0 && cpu < CPUS ? (this.lastOfCpu[cpu] as number) : lastNs;
		const startNs = (before ?? anywhere) ? 0 : Math.min(Math.max(0, known), at);
		this.emit({
			...{ kind: 'loss', tsNs: at, startNs },
			...(count !== undefined && { count }),
			...(cpu !== undefined && cpu >= 0 && { extra: { cpu } })
		});
	}

	names(text: string): boolean {
		let named = this.#named.get(text);
		if (named === undefined) this.#named.set(text, (named = this.#head.includes(text)));
		return named;
	}

	runs(thread: Thread, vcpuId: number, tsNs: number, derived = false): boolean {
		const owner = this.#vcpus.get(vcpuId);
		thread.vcpuId = vcpuId;
		thread.announced = true;
		if (owner === thread.pid) return false;
		const other = owner === undefined ? null : this.threads.find(owner);
		if (other) other.announced = false;
		if (owner !== undefined && owner >= 0 && thread.pid >= 0)
			this.note(
				'several-vms',
				`threads ${owner} and ${thread.pid} both run vCPU ${vcpuId}: the trace is of more than one VM`
			);
		this.#vcpus.set(vcpuId, thread.pid);
		if (owner !== undefined) return false;
		this.emit({ kind: 'vcpu', tsNs, vcpuId, ...(derived && { derived }) });
		return true;
	}

	openFault(
		thread: Thread,
		code: bigint,
		{ gfn, offset }: { gfn: number; offset: number },
		meaning?: FaultCode
	): void {
		if (!meaning && this.vendor.assume(code)) this.amend(this.lastNs);
		if (!meaning && this.vendor.assumed) this.#noteVendor();
		const { write, fetch, present } = faultMeaning(code, meaning ?? this.vendor.faultCode ?? 'pferr');
		const kind = write ? 'write' : fetch ? 'preexec' : 'preread';
		thread.kind = present && this.mayFollow(kind) ? kind : null;
		thread.gfn = gfn;
		thread.offset = offset;
		thread.emulated = false;
	}

	/** Whether a notification may follow from a fault: the kernel may track it, and the trace does not tell it itself. */
	protected mayFollow(kind: Mode): boolean {
		return !this.#told && mayHaveMode(this.candidates, kind);
	}

	closeFault(thread: Thread, tsNs: number): boolean {
		const { kind, emulated, gfn, offset } = thread;
		thread.kind = null;
		if (kind === null || !emulated) return false;
		this.emit({ kind: kind as 'write', tsNs, ...vcpuOf(thread), gfn, offset, derived: true });
		return true;
	}

	exitOf(vendor: Vendor, tsNs: number): void {
		if (this.vendor.learn(vendor)) this.amend(Math.max(tsNs, this.lastNs));
	}

	#noteVendor(): void {
		if (this.vendorNoted) return;
		this.vendorNoted = true;
		const { faultCode } = this.vendor;
		this.note(
			'vendor-assumed',
			faultCode === 'ept'
				? "error codes are read as Intel's EPT exit qualifications, by their bits 7 and 8; no exit says the vendor (--vendor amd reads PFERR codes)"
				: 'error codes are read as PFERR codes (AMD, or shadow paging); no exit says the vendor (--vendor intel reads EPT exit qualifications)'
		);
	}

	nodeOf(pointer: string): number {
		let id = this.#nodes.get(pointer);
		if (id === undefined && this.#nodes.size < 65_534) this.#nodes.set(pointer, (id = this.#nodes.size + 1));
		if (id === undefined) throw new FieldError('bad-value', 'the trace names more than 65,534 notifiers');
		return id;
	}

	protected attributes(): JsonObject {
		const { candidates, from } = this.#generation;
		const { vendor, faultCode, assumed } = this.vendor;
		const { first } = this.time;
		const only = candidates.length === 1 ? candidates[0] : undefined;
		const unknown = candidates.length > 7; // no line spoke for or against any
		const stamp = (at: { seconds: number; ns: number }) =>
			this.#timed ? `${at.seconds}.${String(at.ns).padStart(9, '0')}` : String(at.ns);
		return {
			...{ source: this.#format, format: this.#format },
			clock: !this.stamped ? 'lines' : this.#timed ? 'host_monotonic_ns' : 'host_ticks',
			...(this.stamped && first && { first_stamp: stamp(first) }),
			...(vendor !== 'arm64' &&
				!unknown &&
				(only ? { generation: only } : { generation_candidates: [...candidates] })),
			...(from === 'release' && { generation_assumed: true }),
			...(vendor && { vendor }),
			...(assumed && { vendor_assumed: true }),
			...(faultCode && { fault_code: faultCode }),
			...(this.#rawNumbers && { raw_numbers: this.#rawNumbers })
		};
	}
}
