import { Command, CommanderError } from 'commander';
import { SimulationOptionError } from '#lib/host/simulation/options.ts';
import { NoSuchSessionError } from '#lib/server/store/store.ts';
import { captureCommand } from './capture-command.ts';
import { createCompareCommand } from './compare-command.ts';
import { packageVersion } from './context.ts';
import { formatsCommand } from './formats-command.ts';
import { heatmapCommand } from './heatmap-command.ts';
import { ingestCommand } from './ingest-command.ts';
import { serveCommand } from './serve-command.ts';
import { exportCommand, rebuildCommand, rmCommand, sessionsCommand } from './session-commands.ts';
import { createSimulateCommand } from './simulate-command.ts';
import { stateCommand } from './state-command.ts';

const program = new Command('pagetrail')
	.description('Event-sourced trace store and analytics for KVM page tracking')
	.version(packageVersion())
	.showHelpAfterError('(see --help)');
for (const command of [
	ingestCommand,
	createSimulateCommand(),
	formatsCommand,
	sessionsCommand,
	stateCommand,
	heatmapCommand,
	createCompareCommand(),
	exportCommand,
	captureCommand,
	rmCommand,
	rebuildCommand,
	serveCommand
])
	program.addCommand(command.showHelpAfterError('(see --help)').exitOverride());
program.exitOverride();

const hintFor = (error: Error): string =>
	error instanceof NoSuchSessionError ? '\nhint: pagetrail sessions lists them' : '';

/** What the system says of a file, in words. */
const SYSTEM: Readonly<Record<string, string>> = {
	ENOENT: 'there is no such file or folder',
	ENOTDIR: 'a part of the path is no folder',
	EISDIR: 'is a folder',
	EACCES: 'permission denied'
};
function messageOf(error: NodeJS.ErrnoException): string {
	const said = SYSTEM[error.code ?? ''];
	return said && error.path ? `${error.path}: ${said}` : error.message;
}

/** Exit codes: 0 done, 1 failed, 2 wrong usage, 130 interrupted. */
try {
	await program.parseAsync();
} catch (error) {
	if (error instanceof CommanderError) process.exitCode = error.exitCode === 0 ? 0 : 2;
	else if ((error as NodeJS.ErrnoException).code === 'EPIPE') process.exitCode = 0;
	else {
		process.stderr.write(`pagetrail: ${messageOf(error as Error)}${hintFor(error as Error)}\n`);
		process.exitCode = error instanceof SimulationOptionError ? 2 : 1;
	}
}
