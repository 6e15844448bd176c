import { connect, type Socket } from 'node:net';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { CaptureError } from './errors.ts';

interface Reply {
	readonly return?: unknown;
	readonly error?: { readonly desc: string };
	readonly id?: number;
}
interface Greeting {
	readonly QMP: { readonly version: { readonly qemu: { readonly major: number; readonly minor: number } } };
}

/** QEMU's machine protocol on a unix socket: one JSON object a line, a reply for each command. */
export class QmpClient {
	readonly #socket: Socket;
	readonly #waiting = new Map<number, { resolve: (value: unknown) => void; reject: (e: Error) => void }>();
	#lastId = 0;
	#greet: (greeting: Greeting) => void = () => {};
	/** Version of QEMU, as it greeted. */
	version: { readonly major: number; readonly minor: number } = { major: 0, minor: 0 };

	private constructor(socket: Socket) {
		this.#socket = socket;
		const gone = () => {
			for (const { reject } of this.#waiting.values()) reject(new CaptureError('QEMU closed its monitor'));
			this.#waiting.clear();
		};
		socket.on('error', gone).on('close', gone);
		createInterface(socket)
			.on('line', (line) => this.#take(JSON.parse(line) as Reply & Partial<Greeting>))
			.on('error', gone); // readline passes the socket's errors on
	}

	/** Connects as soon as QEMU listens; gives up when `signal` fires (QEMU ended) or after ten seconds. */
	static async connect(path: string, signal: AbortSignal): Promise<QmpClient> {
		for (const end = performance.now() + 10_000; performance.now() < end;) {
			signal.throwIfAborted();
			const socket = await tryConnect(path);
			if (socket) {
				const client = new QmpClient(socket);
				const greeting = await new Promise<Greeting>((resolve) => (client.#greet = resolve));
				client.version = greeting.QMP.version.qemu;
				await client.execute('qmp_capabilities');
				return client;
			}
			await sleep(20, undefined, { signal });
		}
		throw new CaptureError('QEMU did not open its monitor within ten seconds');
	}

	#take(message: Reply & Partial<Greeting>): void {
		if (message.QMP) return this.#greet(message as Greeting);
		const waiting = message.id === undefined ? undefined : this.#waiting.get(message.id);
		if (!waiting || message.id === undefined) return; // an event: nobody asked
		this.#waiting.delete(message.id);
		if (message.error) waiting.reject(new CaptureError(`QEMU refused: ${message.error.desc}`));
		else waiting.resolve(message.return);
	}

	/** @throws {CaptureError} if QEMU refuses the command or is gone */
	execute(command: string, args?: object): Promise<unknown> {
		if (this.#socket.destroyed) return Promise.reject(new CaptureError('QEMU closed its monitor'));
		const id = ++this.#lastId;
		return new Promise((resolve, reject) => {
			this.#waiting.set(id, { resolve, reject });
			this.#socket.write(JSON.stringify({ execute: command, arguments: args, id }) + '\n');
		});
	}

	/** What the human monitor prints for a command, with plain line ends. */
	async monitor(line: string): Promise<string> {
		const text = await this.execute('human-monitor-command', { 'command-line': line });
		return String(text).replaceAll('\r', '');
	}

	close(): void {
		this.#socket.destroy();
	}
}

const tryConnect = (path: string): Promise<Socket | null> =>
	new Promise((resolve) => {
		const socket = connect(path, () => resolve(socket.off('error', failed)));
		const failed = () => resolve(null);
		socket.on('error', failed);
	});
