import cliProgress from 'cli-progress';
import { Command } from 'commander';
import type { IngestSummary } from '#lib/api/types.ts';
import { ingest, type IngestInput } from '../ingest.ts';
import { count, databaseOption, megabytes, print, printJson, withStore } from './context.ts';

interface Options {
	db: string;
	name?: string;
	strict?: boolean;
	json?: boolean;
}

/** `pagetrail ingest FILE… | -` */
export const ingestCommand = new Command('ingest')
	.description('load trace files (plain, .gz, .zst; - for standard input)')
	.argument('<file...>', 'trace files')
	.option(...databaseOption)
	.option('--name <name>', "the session's name (default: the file's)")
	.option('--strict', 'the first bad line is an error')
	.option('--json', 'print the summary as JSON')
	.action(async (files: string[], options: Options) => {
		const stop = new AbortController();
		process.once('SIGINT', () => stop.abort());
		try {
			await withStore(options.db, async (store) => {
				const summaries: IngestSummary[] = [];
				for (const file of files) {
					const bar = progressBar(file);
					try {
						const input: IngestInput =
							file === '-'
								? { chunks: process.stdin as AsyncIterable<Uint8Array>, name: '-' }
								: { path: file };
						summaries.push(
							await ingest(store, input, {
								...(options.name === undefined ? {} : { name: options.name }),
								strict: options.strict ?? false,
								signal: stop.signal,
								onProgress: bar.update
							})
						);
					} finally {
						bar.stop();
					}
				}
				if (options.json) printJson(summaries.length === 1 ? summaries[0] : summaries);
				else for (const summary of summaries) print(describe(summary));
			});
		} catch (error) {
			if (!stop.signal.aborted) throw error;
			process.stderr.write('interrupted: what was read is kept; the same command goes on from there\n');
			process.exitCode = 130;
		}
	});

/** A bar on stderr if that is a terminal: bytes, events a second, time left. */
function progressBar(file: string) {
	if (!process.stderr.isTTY) return { update: () => {}, stop: () => {} };
	const began = performance.now();
	const bar = new cliProgress.SingleBar({
		format: `${file} {bar} {percentage}% | {megabytes} | {events} events, {rate}/s | {eta} s left`,
		hideCursor: true,
		clearOnComplete: true
	});
	const payload = (readBytes: number, events: number) => ({
		megabytes: megabytes(readBytes),
		events: count(events),
		rate: count(Math.round((events * 1000) / (performance.now() - began)))
	});
	bar.start(1, 0, payload(0, 0));
	return {
		update: (progress: { readBytes: number; sizeBytes: number | null; events: number }) => {
			bar.setTotal(progress.sizeBytes ?? Math.max(progress.readBytes, 1));
			bar.update(progress.readBytes, payload(progress.readBytes, progress.events));
		},
		stop: () => bar.stop()
	};
}

function describe(summary: IngestSummary): string {
	const { session, added, lines, bytes, seconds, duplicate, diagnostics } = summary;
	const rate = count(Math.round(added / seconds));
	const lead = duplicate
		? `${session.id}: the same content was loaded before; nothing added`
		: `${session.id}: ${count(added)} events from ${count(lines)} lines, ${megabytes(bytes)} in ${seconds.toFixed(2)} s (${rate} events/s)`;
	const notes = diagnostics.flatMap(({ severity, reason, count: n, first }) => [
		`  ${severity}: ${count(n)} × ${reason}`,
		...first.map(({ line, byte, message }) => `    line ${count(line)} (byte ${count(byte)}): ${message}`)
	]);
	return [lead, ...notes].join('\n');
}
