import { createWriteStream } from 'node:fs';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGzip, createZstdCompress } from 'node:zlib';
import { Command } from 'commander';
import { linePieces } from '#lib/server/query/lines.ts';
import { notesCarrier } from '#lib/server/query/notes.ts';
import {
	count,
	databaseOption,
	duration,
	megabytes,
	print,
	printJson,
	table,
	withSessions
} from './context.ts';
import { wholeNumber } from './arguments.ts';

/** `pagetrail sessions` */
export const sessionsCommand = new Command('sessions')
	.description('list the sessions')
	.option(...databaseOption)
	.option('--json', 'print JSON')
	.action(({ db, json }: { db: string; json?: boolean }) =>
		withSessions(db, async (store) => {
			const sessions = await store.listSessions();
			if (json) return printJson(sessions);
			if (!sessions.length) return print('no sessions yet: load one with pagetrail ingest FILE');
			const rows = sessions.map((each) => [
				each.id,
				each.source ?? '?',
				count(each.events),
				duration(each.endNs - each.startNs, each.clock),
				each.coverage === null ? '?' : `${(each.coverage * 100).toFixed(1)} %`,
				megabytes(each.sizeBytes)
			]);
			print(table(['session', 'source', 'events', 'duration', 'coverage', 'size'], rows, 2));
		})
	);

const packer = (file: string) =>
	file.endsWith('.gz') ? [createGzip()] : file.endsWith('.zst') ? [createZstdCompress()] : [];

interface ExportOptions {
	db: string;
	output?: string;
	from: number;
	to?: number;
	notes: boolean;
}

/** `pagetrail export SESSION` */
export const exportCommand = new Command('export')
	.description('write a session as native lines')
	.argument('<session>')
	.option(...databaseOption)
	.option('-o, --output <file>', 'file instead of standard output (.gz and .zst compress)')
	.option('--from <seq>', 'first event', wholeNumber, 0)
	.option('--to <seq>', 'first event that is left out', wholeNumber)
	.option('--no-notes', 'leave out the notes that were added to the session')
	.action((session: string, options: ExportOptions) =>
		withSessions(options.db, async (store) => {
			const detail = await store.getSession(session);
			const { from, to = Infinity } = options;
			if (from > detail.events) throw new RangeError(`session ${session} ends at seq ${detail.events}`);
			if (from > to) throw new RangeError(`--from ${from} is beyond --to ${to}`);
			const { carry, left } = await notesCarrier(store, detail);
			if (options.notes && left) process.stderr.write(`pagetrail: without the notes: ${left}\n`);
			const range = { from, to, ...(options.notes && { carry }) };
			const written = linePieces(store, session, {}, range);
			const source = Readable.from(written, { objectMode: true, highWaterMark: 1 });
			const out = options.output === undefined ? process.stdout : createWriteStream(options.output);
			await pipeline([source, ...packer(options.output ?? ''), out]);
		})
	);

/** `pagetrail rm SESSION…` */
export const rmCommand = new Command('rm')
	.description('delete sessions with all their events')
	.argument('<session...>')
	.option(...databaseOption)
	.action((ids: string[], { db }: { db: string }) =>
		withSessions(db, async (store) => {
			for (const id of ids) {
				await store.deleteSession(id);
				print(`${id}: deleted`);
			}
		})
	);

/** `pagetrail rebuild [SESSION…]` */
export const rebuildCommand = new Command('rebuild')
	.description('make all projections anew from the events and compare')
	.argument('[session...]', 'all sessions if none is named')
	.option(...databaseOption)
	.option('--json', 'print JSON')
	.action((ids: string[], { db, json }: { db: string; json?: boolean }) =>
		withSessions(db, async (store) => {
			const wanted = ids.length ? ids : (await store.listSessions()).map((session) => session.id);
			const reports = [];
			for (const id of wanted) reports.push({ session: id, ...(await store.rebuild(id)) });
			if (json) printJson(reports);
			for (const { session, events, checked } of json ? [] : reports) {
				print(`${session}: ${count(events)} events`);
				for (const { name, equal } of checked)
					print(`  ${name}: ${equal ? 'equal' : 'DIFFERED, now repaired'}`);
			}
			if (reports.some((report) => report.checked.some((each) => !each.equal))) process.exitCode = 1;
		})
	);
