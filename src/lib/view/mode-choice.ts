import { MODES, type Mode } from '#lib/domain/kinds.ts';

/** Modes named in an address, in the kernel's order; all without a text. */
export const parseModes = (text: string | null): readonly Mode[] =>
	text === null ? MODES : MODES.filter((mode) => text.split(',').includes(mode));

/** The chosen modes with one more or one less. */
export const toggledModes = (chosen: readonly Mode[], mode: Mode): readonly Mode[] =>
	MODES.filter((each) => (each === mode) !== chosen.includes(each));

/** The chosen modes for an address or a query; null for all. */
export const modesText = (chosen: readonly Mode[]): string | null =>
	chosen.length === MODES.length ? null : chosen.join(',');

/** The chosen modes in words. */
export const modesLabel = (chosen: readonly Mode[]): string =>
	chosen.length === MODES.length ? 'all modes' : `modes ${chosen.join(', ') || 'none'}`;
