import { eventAt } from '#lib/domain/batch-events.ts';
import type { JsonObject, NumberedEvent } from '#lib/domain/events.ts';
import { toWire } from '#lib/domain/native.ts';
import type { DiagnosticInfo } from '#lib/domain/session-info.ts';
import { Diagnostics } from '#ingest/diagnostics.ts';
import type { ScannerOptions, TraceFormat } from '#ingest/formats/format.ts';
import { detectFormat } from '#ingest/formats/registry.ts';

export interface Scanned {
	readonly format: string;
	readonly events: NumberedEvent[];
	readonly diagnostics: DiagnosticInfo[];
	readonly lines: number;
	readonly byte: number;
	readonly eventLines: number;
}
export interface ScanSettings extends Partial<ScannerOptions> {
	/** Bytes per chunk; all at once if absent. */
	readonly chunk?: number;
	readonly format?: TraceFormat;
	/** Hands out what came so far and does not end the source. */
	readonly keep?: boolean;
}

export const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text);

/** Scans a source by its content, as the ingest does, without a store. */
export function scan(source: Uint8Array, { chunk, format, keep, ...options }: ScanSettings = {}): Scanned {
	const found = format ?? detectFormat(source);
	if (!found) throw new Error('no format recognises it');
	const events: NumberedEvent[] = [];
	const diagnostics = new Diagnostics();
	const scanner = found.create({
		diagnostics,
		head: source.subarray(0, 1 << 20),
		onBytes: () => {},
		onBatch: (batch) => {
			for (let i = 0; i < batch.length; i++) events.push(eventAt(batch, i, events.length));
		},
		...options
	});
	const size = chunk ?? Math.max(1, source.length);
	for (let at = 0; at < source.length; at += size) scanner.push(source.subarray(at, at + size));
	if (keep) scanner.flush();
	else scanner.finish();
	const { lines, byte, eventLines } = scanner;
	return { format: found.name, events, diagnostics: diagnostics.list(), lines, byte, eventLines };
}

/** Lines counted with a severity. */
export const counted = ({ diagnostics }: Scanned, severity: DiagnosticInfo['severity']): number =>
	diagnostics.reduce((sum, each) => sum + (each.severity === severity ? each.count : 0), 0);

/** An event in one short line: time, kind, then the native keys as `key=value`. */
export function brief(event: NumberedEvent): string {
	const { t, k, ...rest } = toWire(event) as JsonObject & { t: number; k: string };
	const words = Object.entries(rest).map(([key, value]) =>
		value === true ? key : `${key}=${typeof value === 'object' ? JSON.stringify(value) : String(value)}`
	);
	return [t, k, ...words].join(' ');
}

/** What a sample gave, in the form of its `.expected` file. */
export function report(scanned: Scanned): string {
	const { format, lines, eventLines, diagnostics, events } = scanned;
	const sums = `${lines} lines = ${eventLines} event + ${counted(scanned, 'skipped')} skipped + ${counted(scanned, 'rejected')} rejected`;
	const notes = diagnostics
		.map(({ severity, reason, count, first }) => `${severity} ${reason} x${count} at ${first[0]?.line}`)
		.sort();
	return [format, sums, ...notes, ...events.map(brief)].join('\n') + '\n';
}
