import cliProgress from 'cli-progress';
import { Command, Option } from 'commander';
import type { IngestSummary } from '#lib/api/types.ts';
import type { JsonObject } from '#lib/domain/events.ts';
import { GENERATION_INFO, GENERATIONS, isGeneration } from '#lib/domain/generations.ts';
import { openSqliteStore } from '#lib/server/store/sqlite/sqlite-store.ts';
import type { TraceStore } from '#lib/server/store/store.ts';
import { ingest, type IngestInput, type IngestProgress } from '../ingest.ts';
import type { SourceHints } from '../formats/format.ts';
import { FORMATS } from '../formats/registry.ts';
import { count, databaseOption, megabytes, print, printJson } from './context.ts';

interface Options {
	db: string;
	name?: string;
	strict?: boolean;
	json?: boolean;
	follow?: boolean;
	format?: string;
	generation?: SourceHints['generation'];
	vendor?: SourceHints['vendor'];
}

/** `pagetrail ingest FILE… | -` */
export const ingestCommand = new Command('ingest')
	.description('load trace files (plain, .gz, .zst) or a live stream (- for standard input)')
	.argument('<file...>', 'trace files')
	.option(...databaseOption)
	.option('--name <name>', "the session's name (default: the file's)")
	.option('--strict', 'the first bad line is an error')
	.option('-f, --follow', "wait for the file to grow, until the trace's end event or Ctrl-C")
	.addOption(
		new Option('--format <name>', 'the format, if its content does not tell (see pagetrail formats)').choices(
			FORMATS.map((format) => format.name)
		)
	)
	.addOption(
		new Option('--generation <label>', 'the kernel generation of page tracking').choices(GENERATIONS)
	)
	.addOption(
		new Option('--vendor <name>', "whose error codes: Intel's EPT or AMD's").choices([
			'intel',
			'amd',
			'arm64'
		])
	)
	.option('--json', 'print the summary as JSON')
	.action(async (files: string[], options: Options) => {
		if (options.follow && files.length > 1) ingestCommand.error('error: --follow takes one file');
		const stop = new AbortController();
		for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => stop.abort());
		const summaries: IngestSummary[] = [];
		try {
			// not awaited: the first file's thread starts while the database opens
			const opening = openSqliteStore(options.db);
			try {
				for (const file of files) {
					if (stop.signal.aborted) break;
					summaries.push(await load(opening, file, options, stop.signal));
				}
			} finally {
				await (await opening).close();
			}
		} finally {
			if (files.includes('-')) process.stdin.destroy(); // it would keep an interrupted process alive
			// a read of a named pipe that nobody writes to cannot be called off: it would hold up even process.exit
			if (stop.signal.aborted) setTimeout(() => process.kill(process.pid, 'SIGINT'), 300).unref();
		}
		if (options.json) printJson(summaries.length === 1 ? summaries[0] : summaries);
		else for (const summary of summaries) print(describe(summary));
		if (stop.signal.aborted) {
			process.stderr.write('interrupted: what was read is kept; the same command goes on from there\n');
			process.exitCode = options.follow ? 0 : 130;
		} else if (summaries.some(({ diagnostics }) => diagnostics.some((each) => isCut(each.reason))))
			process.exitCode = 1;
	});

/** Diagnostics of a followed file that is no longer what it was. */
const isCut = (reason: string): boolean => reason === 'source-truncated' || reason === 'source-replaced';

async function load(
	store: Promise<TraceStore>,
	file: string,
	{ name, strict = false, follow = false, format, generation, vendor }: Options,
	signal: AbortSignal
): Promise<IngestSummary> {
	const bar = progressBar(file);
	const input: IngestInput =
		file === '-' ? { chunks: process.stdin as AsyncIterable<Uint8Array>, name: '-' } : { path: file };
	try {
		return await ingest(store, input, {
			...(name === undefined ? {} : { name }),
			...(format !== undefined && { format }),
			hints: { ...(generation && { generation }), ...(vendor && { vendor }) },
			strict,
			follow,
			signal,
			onProgress: bar.update
		});
	} finally {
		bar.stop();
	}
}

/** A bar on stderr if that is a terminal: bytes, events a second, and for a file, whose size is known, time left. */
function progressBar(file: string) {
	if (!process.stderr.isTTY) return { update: () => {}, stop: () => {} };
	const began = performance.now();
	const known = `${file} {bar} {percentage}% | {megabytes} | {events} events, {rate}/s | {eta} s left`;
	const open = `${file} {megabytes} | {events} events, {rate}/s | {duration_formatted}`;
	let bar: cliProgress.SingleBar | null = null;
	const start = (format: string) => {
		const made = new cliProgress.SingleBar({ format, hideCursor: true, clearOnComplete: true });
		made.start(1, 0, payload(0, 0));
		return (bar = made);
	};
	const payload = (readBytes: number, events: number) => ({
		megabytes: megabytes(readBytes),
		events: count(events),
		rate: count(Math.round((events * 1000) / (performance.now() - began)))
	});
	return {
		update: ({ readBytes, sizeBytes, events }: IngestProgress) => {
			const shown = bar ?? start(sizeBytes === null ? open : known);
			shown.setTotal(sizeBytes ?? Math.max(readBytes, 1));
			shown.update(readBytes, payload(readBytes, events));
		},
		stop: () => bar?.stop()
	};
}

function describe(summary: IngestSummary): string {
	const { session, added, lines, bytes, seconds, duplicate, diagnostics } = summary;
	const { eventLines, skippedLines, rejectedLines } = summary;
	const rate = count(Math.round(added / seconds));
	const lead = duplicate
		? `${session.id}: the same content was loaded before; nothing added`
		: `${session.id}: ${count(added)} events from ${count(lines)} lines, ${megabytes(bytes)} in ${seconds.toFixed(2)} s (${rate} events/s)`;
	const notes = diagnostics.flatMap(({ severity, reason, count: n, first }) => [
		`  ${severity}: ${count(n)} × ${reason}${severity === 'skipped' ? ` (${first[0]?.message ?? ''})` : ''}`,
		...(severity === 'skipped' ? [] : first).map(
			({ line, byte, message }) => `    line ${count(line)} (byte ${count(byte)}): ${message}`
		)
	]);
	const sums =
		eventLines === lines
			? []
			: [
					`  lines: ${count(eventLines)} gave events + ${count(skippedLines)} skipped + ${count(rejectedLines)} rejected = ${count(lines)}`
				];
	return [lead, ...sums, ...known(session.attributes), ...notes].join('\n');
}

/** What was told or assumed of the source, one line each. */
function known(attributes: JsonObject): string[] {
	const { generation, generation_assumed, vendor, vendor_assumed, fault_code, raw_numbers } = attributes;
	const assumed = (flag: unknown) => (flag === true ? ' (assumed)' : '');
	const lines: string[] = [];
	if (typeof generation === 'string' && isGeneration(generation))
		lines.push(
			`  kernel generation ${generation}${assumed(generation_assumed)}: ${GENERATION_INFO[generation].kernels}`
		);
	if (typeof fault_code === 'string')
		lines.push(
			`  error codes ${fault_code}, vendor ${typeof vendor === 'string' ? vendor : 'unknown'}${assumed(vendor_assumed)}`
		);
	if (typeof raw_numbers === 'string')
		lines.push(`  raw numbers without 0x ${raw_numbers}${assumed(raw_numbers === 'decimal')}`);
	return lines;
}
