import type { OptionRange, WorkloadList } from '#lib/api/types.ts';
import { formatDuration, formatInt } from './format.ts';
import { parseTime, parseWhole } from './parse-input.ts';

export type Workload = WorkloadList['workloads'][number];

/** Fields of the start form, in order; each is an option of `POST /simulations`. */
export const SIMULATION_FIELDS = ['seed', 'vcpus', 'memory', 'events', 'duration', 'rate'] as const;
export type SimulationField = (typeof SIMULATION_FIELDS)[number];

/** What was typed; an empty text leaves the option at its usual value. */
export type SimulationTexts = Readonly<Record<SimulationField, string>>;
export type FieldErrors = Readonly<Partial<Record<SimulationField, string>>>;
export const NO_TEXTS: SimulationTexts = {
	seed: '',
	vcpus: '',
	memory: '',
	events: '',
	duration: '',
	rate: ''
};

/** Options ready to send (memory in MiB, duration in ns), and what is wrong, by field. */
export interface ReadForm {
	readonly options: Readonly<Partial<Record<SimulationField, number>>>;
	readonly errors: FieldErrors;
}

const valueText = (field: SimulationField, value: number): string =>
	field === 'duration' ? formatDuration(value, 'ns') : formatInt(value);

/** `1 to 256`: the allowed values of a field. */
export const rangeOf = (field: SimulationField, { from, to }: OptionRange): string =>
	`${valueText(field, from)} to ${valueText(field, to)}`;

/** What an empty field means. */
export const usualOf = (field: SimulationField, { usual }: OptionRange): string =>
	usual === null ? (field === 'rate' ? 'as fast as it goes' : 'no limit') : valueText(field, usual);

function numberOf(field: SimulationField, text: string): number | null {
	// a bare number in the duration's field is seconds, as the label says
	if (field === 'duration') return parseTime(/[a-zµ]\s*$/i.test(text) ? text : `${text}s`);
	return parseWhole(text.replace(/[,_\s]/g, ''));
}

/** Reads what was typed against a workload's ranges; values out of range stay out of `options`. */
export function readForm(texts: SimulationTexts, ranges: Workload['options']): ReadForm {
	const options: Partial<Record<SimulationField, number>> = {};
	const errors: Partial<Record<SimulationField, string>> = {};
	for (const field of SIMULATION_FIELDS) {
		const text = texts[field].trim();
		if (!text) continue;
		const value = numberOf(field, text);
		const range = ranges[field];
		if (value === null || value < range.from || value > range.to)
			errors[field] = `${field === 'duration' ? 'A time' : 'A whole number'}, ${rangeOf(field, range)}.`;
		else options[field] = value;
	}
	return { options, errors };
}
