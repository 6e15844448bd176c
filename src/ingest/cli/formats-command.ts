import { Command } from 'commander';
import { GENERATION_INFO, GENERATIONS } from '#lib/domain/generations.ts';
import { FORMATS } from '../formats/registry.ts';
import { print, printJson, table } from './context.ts';

/** `pagetrail formats` */
export const formatsCommand = new Command('formats')
	.description('list the trace formats and kernel generations that ingest knows')
	.option('--json', 'print JSON')
	.action(({ json }: { json?: boolean }) => {
		const formats = FORMATS.map(({ name, title }) => ({ name, title }));
		const generations = GENERATIONS.map((label) => ({ label, ...GENERATION_INFO[label] }));
		if (json) return printJson({ formats, generations });
		print(
			table(
				['format', 'what it is'],
				formats.map(({ name, title }) => [name, title]),
				2
			)
		);
		print('\ntrace-cmd .dat files are read through an installed trace-cmd.\n');
		print(
			table(
				['generation', 'kernels'],
				generations.map(({ label, kernels }) => [label, kernels]),
				2
			)
		);
	});
