import type { JsonObject } from '#lib/domain/events.ts';
import type { TraceFormat } from './format.ts';
import { SlotBook, splitSlot } from './slot-book.ts';
import { fractionNs, rejected, skipped, TextScanner, TimeBase, type Outcome } from './text-scanner.ts';

const EVENT = /\bkvm_set_user_memory /;
const STAMP = /^(\d+)@(\d+)\.(\d{1,9}):(\w+)/;
const FIELDS =
	/(?:AddrSpace#(\d+) )?Slot#(\d+) flags=(0x[\da-f]+) gpa=(0x[\da-f]+) size=(0x[\da-f]+) ua=(0x[\da-f]+)(?: guest_memfd=(-?\d+) guest_memfd_offset=(0x[\da-f]+))? ret=(-?\d+)/i;
const MESSAGE = skipped('program-message', 'a message of the program, no trace event');

/** `kvm_set_user_memory` lines of `qemu-system-… -trace kvm_set_user_memory` (accel/kvm/trace-events), old and new. */
export const qemuLog: TraceFormat = {
	name: 'qemu-log',
	title: "QEMU's trace log: memory slots (-trace kvm_set_user_memory)",
	seekable: false,
	detect: ({ text }) => /(^|[\n:])\s*kvm_set_user_memory (AddrSpace#\d+ )?Slot#/.test(text),
	create: (options) => new QemuLogScanner(options)
};

class QemuLogScanner extends TextScanner {
	readonly #slots = new SlotBook();
	readonly #time = new TimeBase();
	/** Whether lines carry a time; the first event decides. */
	#stamped: boolean | null = null;

	protected line(text: string): Outcome {
		const stamp = STAMP.exec(text);
		if (!EVENT.test(text)) return stamp ? skipped('other-event', 'another trace event of QEMU') : MESSAGE;
		const found = FIELDS.exec(text.slice(0, 1000));
		if (!found) return rejected('bad-line', 'kvm_set_user_memory without the fields it should have');
		const [, space, slot, flags, gpa, size, ua, , , ret] = found;
		const change = {
			...(space === undefined
				? splitSlot(Number(slot))
				: { asId: Number(space), slotId: Number(slot) % 65536 }),
			...{ flags: Number(flags), gpa: BigInt(gpa ?? 0), size: BigInt(size ?? 0) },
			userspaceAddr: BigInt(ua ?? 0)
		};
		if (change.userspaceAddr >> 64n) return rejected('bad-value', `ua ${ua} has more than 64 bits`);
		if (Number(ret) !== 0) return skipped('failed-change', `the host refused the change: ret=${ret}`);
		this.#stamped ??= stamp !== null;
		const tsNs = this.#at(stamp);
		if (Number.isNaN(tsNs)) return rejected('bad-time', 'the time is out of range');
		const events = this.#slots.change(tsNs, change);
		if (!Array.isArray(events)) return events;
		for (const event of events) this.emit(event);
		return 'event';
	}

	#at(stamp: RegExpExecArray | null): number {
		if (!this.#stamped) return this.#time.since(0, this.lines);
		return stamp ? this.#time.since(Number(stamp[2]), fractionNs(stamp[3] ?? '')) : this.lastNs;
	}

	protected attributes(): JsonObject {
		const { first } = this.#time;
		const wall = this.#stamped && first ? Math.floor(first.seconds * 1000 + first.ns / 1e6) : null;
		return {
			...{ source: 'qemu-log', format: 'qemu-log' },
			clock: this.#stamped ? 'host_monotonic_ns' : 'lines',
			...(Number.isSafeInteger(wall) && { unix_ms: wall })
		};
	}
}
