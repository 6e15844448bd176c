import { createWriteStream } from 'node:fs';
import path from 'node:path';
import type { Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGzip, createZstdCompress } from 'node:zlib';
import { Command, InvalidArgumentError, Option } from 'commander';
import { buildPlugin } from '../capture/build-plugin.ts';
import { startQemu, type QemuCapture } from '../capture/qemu-capture.ts';
import { formatTrack, parseTrack, type TrackRange } from '../capture/track-spec.ts';
import { ingest } from '../ingest.ts';
import { count, databaseOption, packageRoot, withStore } from './context.ts';
import { wholeNumber } from './arguments.ts';

interface Options {
	db: string;
	name?: string;
	track: TrackRange[];
	epoch: number;
	policy: string;
	clock: string;
	mark: Map<number, string>;
	output?: string;
	plugin?: string;
}

/** An epoch must be longer than what a vCPU counts by itself (EPOCH_MIN, capture/qemu/vcpus.h). */
const EPOCH_MIN = 16_384;
/** The plugin cuts longer names (NAME_BYTES, capture/qemu/commands.c), maybe within a character. */
const MARK_NAME_BYTES = 63;

function trackRanges(text: string, former: TrackRange[]): TrackRange[] {
	try {
		return [...former, ...parseTrack(text)];
	} catch (error) {
		throw new InvalidArgumentError((error as Error).message);
	}
}

function oneOf(...allowed: string[]): (text: string) => string {
	return (text) => {
		if (allowed.includes(text)) return text;
		throw new InvalidArgumentError(`it must be ${allowed.join(' or ')}.`);
	};
}

function epochInsns(text: string): number {
	const value = wholeNumber(text);
	if (value < EPOCH_MIN) throw new InvalidArgumentError(`it must be at least ${EPOCH_MIN} instructions.`);
	return value;
}

/** `3=gzip` */
function markName(text: string, former: Map<number, string>): Map<number, string> {
	const [, number, name = ''] = /^(\d+)=(.+)$/.exec(text) ?? [];
	if (number === undefined || Number(number) > 255 || Buffer.byteLength(name) > MARK_NAME_BYTES)
		throw new InvalidArgumentError(
			`it must be N=NAME, N from 0 to 255, NAME of ${MARK_NAME_BYTES} bytes at most.`
		);
	return new Map([...former, [Number(number), name]]);
}

const say = (text: string): void => void process.stderr.write(`pagetrail: ${text}\n`);

const qemuCommand = new Command('qemu')
	.description("run a guest under QEMU's TCG emulator and record its page tracking (docs/capture-qemu.md)")
	.argument('<command...>', 'QEMU and its arguments, after --')
	.option(...databaseOption)
	.option('--name <name>', "the session's name (default: qemu and the time)")
	.option(
		'-o, --output <file>',
		'write native lines there instead (.gz and .zst compress; - standard output)'
	)
	.addOption(
		new Option(
			'--track <modes[:range]>',
			'what is tracked, repeatable: write,preexec:0x1000000-0x1ffffff, all:gfn:0x1000+16'
		)
			.argParser(trackRanges)
			.default([], 'everything')
	)
	.option(
		'--policy <policy>',
		'rearm: silent until the next epoch; always',
		oneOf('rearm', 'always'),
		'rearm'
	)
	.option('--epoch <n>', 'instructions of an epoch, all vCPUs together', epochInsns, 20_000_000)
	.option('--clock <clock>', 'host (ns) or insns', oneOf('host', 'insns'), 'host')
	.addOption(
		new Option('--mark <n=name>', 'name of the mark N that the guest sets, repeatable')
			.argParser(markName)
			.default(new Map(), '"mark N"')
	)
	.option('--plugin <file>', 'a plugin built before, instead of building it')
	.action(async (command: string[], options: Options) => {
		const capture = await startQemu({
			command,
			plugin: path.resolve(options.plugin ?? (await buildPlugin(path.join(packageRoot, 'capture', 'qemu')))),
			pluginArgs: [
				`policy=${options.policy}`,
				`epoch=${options.epoch}`,
				`clock=${options.clock}`,
				`track=${formatTrack(options.track)}`
			],
			marks: options.mark,
			stdout: options.output === '-' ? 'stderr' : 'inherit'
		});
		for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => capture.stop());
		try {
			if (options.output === undefined) await intoStore(capture, options);
			else await intoFile(capture, options.output);
		} catch (error) {
			capture.abandon();
			throw error;
		}
		const end = await capture.ended;
		if (end === 0) return;
		say(
			`QEMU ended with ${typeof end === 'number' ? `exit code ${end}` : end}; what it did until then is kept`
		);
		process.exitCode = typeof end === 'number' ? end : 1;
	});

/** `pagetrail capture` */
export const captureCommand = new Command('capture')
	.description('record a guest')
	.addCommand(qemuCommand.showHelpAfterError('(see --help)').exitOverride());

async function intoStore({ lines }: QemuCapture, { db, name }: Options): Promise<void> {
	const session = name ?? `qemu-${new Date().toISOString().slice(0, 19).replaceAll(':', '-')}`;
	say(`recording ${session} into ${db}; Ctrl-C ends the guest`);
	await withStore(db, async (store) => {
		const { session: done, added } = await ingest(store, { chunks: lines, name: session }, { name: session });
		say(`${done.id}: ${count(added)} events`);
	});
}

async function intoFile({ lines }: QemuCapture, file: string): Promise<void> {
	say(`recording into ${file === '-' ? 'standard output' : file}; Ctrl-C ends the guest`);
	const out: Writable = file === '-' ? process.stdout : createWriteStream(file);
	const packer = file.endsWith('.gz') ? createGzip() : file.endsWith('.zst') ? createZstdCompress() : null;
	await (packer ? pipeline(lines, packer, out) : pipeline(lines, out));
}
