import { spawn, type ChildProcess, type StdioOptions } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import type { Socket } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { CaptureError } from './errors.ts';
import { MemoryLayout } from './memory-layout.ts';
import { QmpClient } from './qmp.ts';

/** The plugin's socket in QEMU's process. */
const PLUGIN_FD = 3;
/** The layout changes often while the firmware sets up the machine, hardly ever later. */
const POLL = { firstMs: 15_000, fastMs: 100, slowMs: 1000 };

export interface QemuCaptureOptions {
	/** QEMU and its arguments, as the user typed them. */
	readonly command: readonly string[];
	/** File of the built plugin. */
	readonly plugin: string;
	/** Arguments of the plugin besides its socket (capture/qemu/options.c). */
	readonly pluginArgs: readonly string[];
	/** Names of marks by their number. */
	readonly marks: ReadonlyMap<number, string>;
	/** Where QEMU's own standard output goes; the guest's console may be there. */
	readonly stdout: 'inherit' | 'stderr';
}

/** A running capture. */
export interface QemuCapture {
	/** Native lines as they come; whoever reads slowly slows the guest down, and nothing is lost. */
	readonly lines: AsyncIterable<Uint8Array>;
	/** Resolves when QEMU has ended: its exit code, or the signal that ended it. */
	readonly ended: Promise<number | NodeJS.Signals>;
	/** Ends the guest in an orderly way, so that the last line is written; at once if asked twice. */
	stop(): void;
	/** The same when nobody reads the lines any more: a guest that waits for its reader could not end. */
	abandon(): void;
}

const TCG_ONLY = 'the plugin sees guests under TCG only: leave KVM out (-accel tcg)';

/** @throws {CaptureError} for arguments with which nothing can be captured */
function checkCommand(command: readonly string[]): void {
	const [program, ...args] = command;
	if (program === undefined) throw new CaptureError('no command: … -- qemu-system-x86_64 -m 256 …');
	if (args.some((arg, i) => arg === '-enable-kvm' || (args[i - 1] === '-accel' && arg.startsWith('kvm'))))
		throw new CaptureError(TCG_ONLY);
	if (args.includes('-daemonize')) throw new CaptureError('QEMU must stay in the foreground: no -daemonize');
}

const escaped = (value: string) => value.replaceAll(',', ',,'); // QEMU splits its options at commas

function spawnQemu(
	{ command, plugin, pluginArgs, stdout }: QemuCaptureOptions,
	monitor: string
): ChildProcess {
	const [program = '', ...args] = command;
	const pluginSpec = [escaped(plugin), `fd=${PLUGIN_FD}`, ...pluginArgs].join(',');
	const ours = ['-S', '-qmp', `unix:${escaped(monitor)},server=on,wait=off`, '-plugin', pluginSpec];
	const stdio: StdioOptions = ['inherit', stdout === 'inherit' ? 'inherit' : 2, 'inherit', 'pipe'];
	return spawn(program, [...args, ...ours], { stdio });
}

/**
 * Starts QEMU, halted, with the plugin; tells the plugin the memory layout, lets the guest go (unless the command
 * itself has -S) and follows the layout until the end.
 * @throws {CaptureError} if QEMU cannot be started or ends before the guest began
 */
export async function startQemu(options: QemuCaptureOptions): Promise<QemuCapture> {
	checkCommand(options.command);
	const folder = await mkdtemp(path.join(tmpdir(), 'pagetrail-'));
	const monitor = path.join(folder, 'qmp');
	const child = spawnQemu(options, monitor);
	const over = new AbortController();
	const ended = new Promise<number | NodeJS.Signals>((resolve, reject) => {
		child.on('error', (error: NodeJS.ErrnoException) => {
			const reason = error.code === 'ENOENT' ? 'there is no such program' : error.message;
			reject(new CaptureError(`${options.command[0]}: ${reason}`));
		});
		child.on('exit', (code, signal) => resolve(code ?? signal ?? 1));
	}).finally(() => {
		over.abort();
		return rm(folder, { recursive: true, force: true });
	});
	const early = ended.then((code) => {
		throw new CaptureError(`QEMU ended before the guest began (${code})`);
	});
	try {
		const qmp = await Promise.race([QmpClient.connect(monitor, over.signal), early]);
		const run = new Run(qmp, child.stdio[PLUGIN_FD] as Socket); // a socket, as spawnQemu asked for a pipe
		await Promise.race([run.begin(options), early]);
		void run.follow(over.signal);
		const stop = stopper(child, qmp);
		const abandon = () => {
			run.socket.destroy();
			stop();
		};
		return { lines: run.socket, ended, stop, abandon };
	} catch (error) {
		// a QEMU that is ending by itself knows the reason better than who talked with it
		const ending = await Promise.race([early.catch((reason: unknown) => reason), sleep(1000)]);
		child.kill('SIGKILL');
		await ended.catch(() => {});
		throw ending ?? error;
	}
}

/** The guest's memory layout, carried from QEMU's monitor to the plugin. */
class Run {
	readonly #qmp: QmpClient;
	readonly #layout: MemoryLayout;
	readonly socket: Socket;

	constructor(qmp: QmpClient, socket: Socket) {
		this.#qmp = qmp;
		this.socket = socket.on('error', () => {}); // QEMU is gone, and `ended` says so
		const { major, minor } = qmp.version;
		const byGpa = major > 8 || (major === 8 && minor >= 2);
		this.#layout = new MemoryLayout((line) => qmp.monitor(line), byGpa ? 'gpa' : 'block');
	}

	#send(commands: readonly string[]): void {
		if (commands.length && this.socket.writable) this.socket.write(commands.join('\n') + '\n');
	}

	async begin({ command, marks }: QemuCaptureOptions): Promise<void> {
		const { enabled } = (await this.#qmp.execute('query-kvm')) as { enabled: boolean };
		if (enabled) throw new CaptureError(TCG_ONLY);
		this.#send([...marks].map(([n, name]) => `mark ${n} ${name}`));
		this.#send(await this.#layout.changes());
		if (!command.includes('-S')) await this.#qmp.execute('cont');
	}

	/** Polls the layout until QEMU ends. */
	async follow(over: AbortSignal): Promise<void> {
		const began = performance.now();
		while (!over.aborted) {
			await sleep(performance.now() - began < POLL.firstMs ? POLL.fastMs : POLL.slowMs, null, {
				signal: over
			}).catch(() => {});
			// a monitor that is closed: QEMU is about to end
			this.#send(await this.#layout.changes().catch(() => []));
		}
		this.#qmp.close();
	}
}

/** Asked once: QEMU quits by itself, which lets the plugin write its last line. Asked again: it is killed. */
function stopper(child: ChildProcess, qmp: QmpClient): () => void {
	let asked = false;
	return () => {
		if (asked) child.kill('SIGKILL');
		else qmp.execute('quit').catch(() => child.kill('SIGTERM'));
		asked = true;
	};
}
