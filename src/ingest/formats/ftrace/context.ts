import type { TraceEvent } from '#lib/domain/events.ts';
import type { FaultCode } from '#lib/domain/fault-code.ts';
import type { Generation } from '#lib/domain/generations.ts';
import type { Vendor } from '../format.ts';
import type { SlotBook } from '../slot-book.ts';
import type { Outcome } from '../text-scanner.ts';
import { skipped } from '../text-scanner.ts';
import type { Windows } from '../windows.ts';
import type { VendorGuess } from './dialect.ts';
import type { Thread } from './threads.ts';

/** A line with a known event, its head taken off. */
export interface EventLine {
	readonly tsNs: number;
	/** Event name without its group. */
	readonly name: string;
	/** Everything after the event's name. */
	readonly body: string;
	readonly thread: Thread;
}

/** What the handlers of single events may use and do. */
export interface TraceContext {
	readonly slots: SlotBook;
	readonly vendor: VendorGuess;
	/** The kernel generations that the trace may come from. */
	readonly candidates: readonly Generation[];
	/** True while no line of the trace is a kvm_page_fault: then faults are read from exits. */
	faultsFromExit: boolean;
	/** True if the trace's page faults are at kernel virtual addresses: it is of shadow paging. */
	readonly virtualFaults: boolean;
	/** True if raw lines have the numbers without `0x` that the kernel's texts have so: in hexadecimal. */
	readonly rawHex: boolean;
	/** True if the trace names this function. */
	names(text: string): boolean;
	emit(event: TraceEvent): void;
	/** A line (`derived`: its thread's name) says that `thread` runs this vCPU: true if that was news and became an event. */
	runs(thread: Thread, vcpuId: number, tsNs: number, derived?: boolean): boolean;
	/** An exit's reason spoke for a vendor. */
	exitOf(vendor: Vendor, tsNs: number): void;
	/** Opens a page fault: `pageFault` of faults.ts, and what may follow from it. */
	openFault(thread: Thread, code: bigint, place: { gfn: number; offset: number }, meaning?: FaultCode): void;
	/** Ends the thread's open fault; true if a notification followed from it and became an event. */
	closeFault(thread: Thread, tsNs: number): boolean;
	/** A small number for a notifier's pointer. */
	nodeOf(pointer: string): number;
	/** Memslots for events that know addresses only. */
	readonly windows: Windows;
	/** Access rights that KVMI's tools gave a page last; `rwx` = 7 at first. */
	readonly rights: Map<number, number>;
}

/** Reads one event's line; null if its text is of no dialect (it may be cut off). */
export type Handler = (line: EventLine, context: TraceContext) => Outcome | null;

/** The outcome of lines that say nothing about page tracking. */
export const OTHER = skipped('other-event', 'this event says nothing about page tracking');

/** The vCPU of a thread as a field, if it is known. */
export const vcpuOf = (thread: Thread): { vcpuId?: number } =>
	thread.vcpuId < 0 ? {} : { vcpuId: thread.vcpuId };
