import { headOf, type TraceFormat } from './format.ts';
import { native } from './native.ts';

/** All formats, in the order in which they are asked whether a source is theirs. */
export const FORMATS: readonly TraceFormat[] = [native];

/** The format whose content `head` looks like; null if none does. */
export function detectFormat(head: Uint8Array): TraceFormat | null {
	const beginning = headOf(head);
	return FORMATS.find((format) => format.detect(beginning)) ?? null;
}

/** The format of this name. @throws {RangeError} that lists the names, if there is none */
export function formatByName(name: string): TraceFormat {
	const found = FORMATS.find((format) => format.name === name);
	if (found) return found;
	throw new RangeError(
		`there is no format ${name}; known are ${FORMATS.map((each) => each.name).join(', ')}`
	);
}
