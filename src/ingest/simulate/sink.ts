import { createWriteStream } from 'node:fs';
import path from 'node:path';
import type { Writable } from 'node:stream';
import { finished } from 'node:stream/promises';
import { createGzip, createZstdCompress } from 'node:zlib';
import type { EventBatch } from '#lib/domain/batch.ts';
import type { TraceStore } from '#lib/server/store/store.ts';
import { formatBatch } from '../native-text.ts';

/** Where a simulation's events go, batch after batch. */
export interface SimulationSink {
	/** Where they are then: a session's id, a file, an address. */
	readonly where: string;
	/** Takes a batch's events; the batch may be used again once that is done. */
	write(batch: EventBatch): Promise<void>;
	/** After the last batch. */
	end(): Promise<void>;
}

/** A new session of a store; each batch commits by itself. */
export async function storeSink(store: TraceStore, name: string): Promise<SimulationSink> {
	const { id } = await store.createSession({ name, createdMs: Date.now() });
	let seq = 0;
	return {
		where: id,
		write: async (batch) => void (seq = await store.append(id, seq, batch)),
		end: async () => {}
	};
}

/** The streams that a trace is written through, the first one takes the text. */
function outputs(file: string): Writable[] {
	if (file === '-') return [process.stdout];
	const out = createWriteStream(file);
	const packer = file.endsWith('.gz') ? createGzip() : file.endsWith('.zst') ? createZstdCompress() : null;
	if (!packer) return [out];
	packer.pipe(out);
	return [packer, out];
}

/** Resolves when a stream takes more, or never will. */
const drained = (stream: Writable): Promise<void> =>
	new Promise((resolve) => {
		const done = () => {
			stream.off('drain', done).off('close', done);
			resolve();
		};
		stream.on('drain', done).on('close', done);
	});

/** A native trace file (packed if its name ends in .gz or .zst), `-` for standard output. */
export function fileSink(file: string): SimulationSink {
	const streams = outputs(file);
	const [first] = streams as [Writable]; // there is always one
	let failure: Error | null = null;
	// kept for the next write: without a listener an error would end the process with a stack trace
	for (const stream of streams) stream.on('error', (error) => (failure ??= error));
	const check = () => {
		if (failure) throw failure;
	};
	return {
		where: file === '-' ? 'standard output' : path.basename(file),
		write: async (batch) => {
			check();
			if (!first.write(formatBatch(batch))) await drained(first);
			check();
		},
		end: async () => {
			check();
			if (file === '-') return;
			const done = Promise.all(streams.map((stream) => finished(stream)));
			first.end();
			await done;
		}
	};
}
