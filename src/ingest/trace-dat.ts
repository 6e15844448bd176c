import { spawn } from 'node:child_process';
import { open } from 'node:fs/promises';

/** First bytes of trace-cmd's binary files: 0x17 0x08 0x44, then "tracing". */
const MAGIC = [0x17, 0x08, 0x44, 0x74, 0x72, 0x61, 0x63, 0x69, 0x6e, 0x67];

/** A `.dat` file that trace-cmd could not be asked to read, or could not read. */
export class TraceDatError extends Error {
	readonly file: string;
	constructor(file: string, reason: string) {
		super(reason);
		this.name = 'TraceDatError';
		this.file = file;
	}
}

/** True if these are the first bytes of a trace-cmd file. */
export const isTraceDat = (head: Uint8Array): boolean => MAGIC.every((byte, at) => head[at] === byte);

/** True if the file is a trace-cmd file. */
export async function isTraceDatFile(file: string): Promise<boolean> {
	const handle = await open(file);
	try {
		const head = new Uint8Array(MAGIC.length);
		await handle.read(head, 0, head.length, 0);
		return isTraceDat(head);
	} finally {
		await handle.close();
	}
}

/**
 * The text of a trace-cmd file: what `trace-cmd report -N -t` prints (kernel texts, stamps in ns).
 * @throws {TraceDatError} if trace-cmd is not installed, or fails
 */
export async function* traceCmdReport(file: string): AsyncGenerator<Uint8Array> {
	const child = spawn('trace-cmd', ['report', '-N', '-t', '-i', file], { stdio: ['ignore', 'pipe', 'pipe'] });
	let complaint = '';
	child.stderr.on('data', (bytes: Uint8Array) => {
		complaint = (complaint + Buffer.from(bytes).toString()).slice(-2000);
	});
	const ended = new Promise<number | NodeJS.ErrnoException>((resolve) => {
		child.once('error', resolve);
		child.once('close', (code) => resolve(code ?? 1));
	});
	try {
		for await (const chunk of child.stdout) yield chunk as Uint8Array;
		const result = await ended;
		if (result === 0) return;
		if (typeof result === 'number') {
			const last = complaint.trim().split('\n').at(-1) ?? '';
			throw new TraceDatError(file, `trace-cmd report ended with ${result}: ${last}`);
		}
		const why = result.code === 'ENOENT' ? 'trace-cmd is not installed' : result.message;
		throw new TraceDatError(
			file,
			`is a trace-cmd file, and ${why}: install it, or make a text of it with "trace-cmd report -N -t -i FILE > trace.txt"`
		);
	} finally {
		child.kill();
	}
}
